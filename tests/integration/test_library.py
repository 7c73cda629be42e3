"""Files to documents to answers, through the real parser, SQLite, Chroma and embeddings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.errors import DocumentNotFound, EmptyQuestion
from rag.services import Services, build_services

OWNER = "local"
LIGHTHOUSE = """# El faro de Punta Serena

El faro de Punta Serena se encendió por primera vez el 3 de marzo de 1907. Mide 32 metros.

# Visitas

La entrada cuesta cuatro euros. El lunes está cerrado.
"""
GARDEN = """# Harbour Lane garden

The garden has 41 plots. The annual fee is 25 pounds. Compost is turned every Thursday.
"""


@pytest.fixture
def services(settings) -> Iterator[Services]:
    from rag.embeddings import embedding_spec

    built = build_services(settings)
    built.library.start()
    name = settings.embedding
    built.dense.load(built.catalogue.path(name), embedding_spec(built.catalogue, name))
    yield built
    built.close()


def write(folder: Path, name: str, content: str) -> tuple[Path, str]:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return path, name


def add(services: Services, *uploads: tuple[Path, str], owner: str = OWNER) -> list:
    ids = services.library.add(owner, uploads)
    return list(services.library.wait(owner, ids))[-1]


def vector_ids(services: Services) -> set[int]:
    loaded = services.dense.get()
    assert loaded is not None
    return loaded[1].ids()


def test_files_become_documents_that_can_be_searched(services, tmp_path):
    jobs = add(services, write(tmp_path, "faro.md", LIGHTHOUSE), write(tmp_path, "garden.md", GARDEN))
    assert [(job.stage, job.status, job.language) for job in jobs] == [("done", "ready", "es"), ("done", "ready", "en")]
    assert [job.unit for job in jobs] == ["section", "section"]
    assert services.database is not None
    assert vector_ids(services) == set(services.retriever._store.ids())
    best = services.retriever.search(OWNER, "¿Cuánto cuesta la entrada?", k=3)[0]
    assert best.name == "faro.md"
    assert "cuatro euros" in best.text
    page = services.library.page_text(OWNER, best.document, best.page)
    assert page[best.start : best.end] == best.text
    garden = next(job.document for job in jobs if job.name == "garden.md")
    only = services.retriever.search(OWNER, "¿Cuánto cuesta la entrada?", k=3, documents=[garden])
    assert {passage.document for passage in only} == {garden}


def test_the_same_bytes_are_one_document_under_any_name(services, tmp_path):
    (first,) = add(services, write(tmp_path, "faro.md", LIGHTHOUSE))
    (again,) = add(services, write(tmp_path, "copia.md", LIGHTHOUSE))
    assert again.status == "duplicate"
    assert again.document == first.document
    assert len(services.library.documents(OWNER)) == 1


def test_bad_files_get_their_own_row_and_the_others_go_on(services, tmp_path):
    empty = tmp_path / "vacío.pdf"
    empty.write_bytes(b"")
    broken = tmp_path / "roto.pdf"
    broken.write_bytes(b"%PDF-1.7\nnot really")
    odd = tmp_path / "film.mp4"
    odd.write_bytes(b"\0\0\0\x18ftypmp42")
    jobs = add(
        services,
        (empty, "vacío.pdf"),
        (broken, "roto.pdf"),
        (odd, "film.mp4"),
        (tmp_path / "gone.txt", "gone.txt"),
        write(tmp_path, "garden.md", GARDEN),
    )
    assert [job.status for job in jobs] == ["failed", "failed", "failed", "failed", "ready"]
    for job in jobs[:4]:
        assert job.name in job.message("es")
        assert job.message("es") != job.message("en")
    # What could not be read stays, with its reason: it can be tried again, or removed.
    held = {document.name: document for document in services.library.documents(OWNER)}
    assert {name: document.status for name, document in held.items()} == {"garden.md": "ready", "roto.pdf": "failed"}
    assert held["roto.pdf"].message("es") == jobs[1].message("es")
    services.library.delete(OWNER, held["roto.pdf"].id)
    assert list(services.settings.work_dir.iterdir()) == []


def test_deleting_takes_file_rows_and_vectors(services, tmp_path):
    (job,) = add(services, write(tmp_path, "faro.md", LIGHTHOUSE))
    assert (services.settings.files_dir / job.document).exists()
    services.library.delete(OWNER, job.document)
    assert services.library.documents(OWNER) == []
    assert not (services.settings.files_dir / job.document).exists()
    assert vector_ids(services) == set()
    assert services.retriever.search(OWNER, "faro") == []
    with pytest.raises(DocumentNotFound):
        services.library.delete(OWNER, job.document)


def test_owners_share_bytes_but_not_sight(services, tmp_path):
    (job,) = add(services, write(tmp_path, "faro.md", LIGHTHOUSE))
    assert services.retriever.search("berta", "faro") == []
    for call in (
        lambda: services.library.delete("berta", job.document),
        lambda: services.library.page_text("berta", job.document, 1),
        lambda: services.retriever.search("berta", "faro", documents=[job.document]),
    ):
        with pytest.raises(DocumentNotFound):
            call()
    assert services.library.jobs("berta") == []
    (hers,) = add(services, write(tmp_path, "mío.md", LIGHTHOUSE), owner="berta")
    assert hers.status == "ready"
    services.library.delete(OWNER, job.document)
    assert services.retriever.search("berta", "faro")[0].name == "mío.md"
    with pytest.raises(EmptyQuestion):
        services.retriever.search("berta", "  ")


def test_cancelling_leaves_nothing_behind(services, tmp_path):
    text = "\n\n".join(f"# Parte {i}\n\nEl faro número {i} mide {i} metros y es rojo." for i in range(3_000))
    path = write(tmp_path, "largo.md", text)
    (key,) = services.library.add(OWNER, [path])
    for (job,) in services.library.wait(OWNER, [key]):
        if job.chunks and not job.ended:  # some of it can be searched already
            assert services.retriever.search(OWNER, "faro")
            services.library.cancel("berta", key)  # another's cancel does nothing
            services.library.cancel(OWNER, key)
    assert job.status == "cancelled"
    assert services.retriever._store.ids() == {}
    assert services.library.documents(OWNER) == []
    assert vector_ids(services) == set()
    assert list(services.settings.files_dir.iterdir()) == []


def test_chroma_is_put_right_from_sqlite(services, tmp_path):
    (job,) = add(services, write(tmp_path, "faro.md", LIGHTHOUSE))
    embedder, vectors = services.dense.get()
    wanted = vectors.ids()
    vectors.remove_chunks([min(wanted)])
    vectors.add([999_999], ["x" * 64], embedder.encode_passages(["huérfano"]))
    services.dense.catch_up()
    assert vectors.ids() == wanted
    assert services.retriever.search(OWNER, "faro")[0].document == job.document


def test_what_a_crash_left_is_swept_away_at_start(services, tmp_path):
    from rag.chunking import Span
    from rag.loaders import PageText
    from rag.store import Facts, Store

    store = Store(services.database)
    store.save(Facts("c" * 64, ".txt", 1, "", "section", "", "ready"), [PageText(1, "media", "text")], [Span(1, 0, 5)])
    (services.settings.files_dir / ("c" * 64)).write_text("media")
    (services.settings.work_dir / "half").write_text("media")
    services.library.stop()
    services.library._begun = False  # as in a new process
    services.library.start()
    assert store.ids() == {}
    assert list(services.settings.files_dir.iterdir()) == []
    assert list(services.settings.work_dir.iterdir()) == []


def test_without_an_embedding_model_words_still_find(settings, tmp_path):
    from rag.errors import ModelNotInstalled

    built = build_services(settings)
    built.library.start()
    built.dense.fail(ModelNotInstalled(name="e5"))
    assert built.dense.get() is None
    (job,) = add(built, write(tmp_path, "faro.md", LIGHTHOUSE))
    assert job.status == "ready"
    assert "1907" in built.retriever.search(OWNER, "¿Cuándo se encendió el faro?", cancel=threading.Event())[0].text
    # The model comes after all: what words alone could find gets its vectors.
    from rag.embeddings import embedding_spec

    built.dense.load(built.catalogue.path(settings.embedding), embedding_spec(built.catalogue, settings.embedding))
    assert vector_ids(built) == set(built.retriever._store.ids())
    assert built.retriever.search(OWNER, "light tower opening day")[0].dense > 0
    built.close()


def test_evidence_tells_what_the_documents_are_about(services, tmp_path):
    from rag.evidence import Judge

    add(services, write(tmp_path, "garden.md", GARDEN), write(tmp_path, "faro.md", LIGHTHOUSE))
    judge = Judge(services.retriever._store, services.dense)

    def weighed(question, language):
        return judge.weigh(question, language, services.retriever.search(OWNER, question))

    plots = weighed("How many plots does the garden have?", "en")
    price = weighed("¿Cuánto cuesta la entrada del faro?", "es")
    foreign = weighed("Who won the football world cup in 1998?", "en")
    assert min(plots.coverage, price.coverage) > 0.5 > foreign.coverage
    assert min(plots.passage, plots.sentence) > max(foreign.passage, foreign.sentence)
    assert judge.weigh("How many plots does the garden have?", "en", []).coverage == 0.0
