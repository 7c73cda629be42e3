"""A document cut anew, and why a question finds what it finds, through real SQLite, Chroma and embeddings."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE, LARGEST, SMALLEST, Cut
from rag.errors import BadCut, DocumentNotFound, DocumentShared, EmptyQuestion, NothingToCut
from rag.jobs import Job
from rag.retrieval import SENTENCE_SHARE
from rag.services import Services, build_services

OWNER = "local"
SMALL = 60  # tokens
TOPICS = ("el faro", "la biblioteca", "el mercado", "la estación", "el jardín", "la plaza", "el puente", "la escuela")
TOWN = "\n\n".join(
    f"En el capítulo {n} se habla de {topic} del pueblo. Lo visitan cada año {n * 100} personas, sobre todo en verano, "
    f"y cuesta {n} euros la entrada. Las canciones que se cantan allí las escribió una maestra hace {n + 40} años."
    for n, topic in enumerate(TOPICS, start=1)
)


@pytest.fixture
def services(settings) -> Iterator[Services]:
    from rag.embeddings import embedding_spec

    built = build_services(settings)
    built.library.start()
    name = settings.embedding
    built.dense.load(built.catalogue.path(name), embedding_spec(built.catalogue, name))
    yield built
    built.close()


def add(services: Services, folder: Path, text: str = TOWN, owner: str = OWNER, name: str = "pueblo.txt") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    (key,) = services.library.add(owner, [(path, name)])
    (job,) = list(services.library.wait(owner, [key]))[-1]
    assert job.document
    return str(job.document)


def recut(services: Services, document: str, size: int, overlap: int) -> Job:
    key = services.library.rechunk(OWNER, document, size, overlap)
    (job,) = list(services.library.wait(OWNER, [key]))[-1]
    return job


def vector_ids(services: Services) -> set[int]:
    loaded = services.dense.get()
    assert loaded is not None
    return loaded[1].ids()


def test_smaller_chunks_take_the_place_of_the_old_ones(services, tmp_path):
    document = add(services, tmp_path)
    store = services.retriever._store
    before, old = services.library.document(OWNER, document), set(store.ids())
    assert (before.chunk_size, before.chunk_overlap) == (CHUNK_SIZE, CHUNK_OVERLAP)
    job = recut(services, document, SMALL, 0)
    after, new = services.library.document(OWNER, document), set(store.ids())
    assert (job.kind, job.stage, job.before, job.chunks) == ("cut", "done", before.chunks, after.chunks)
    assert after.chunks > before.chunks
    assert (after.chunk_size, after.chunk_overlap) == (SMALL, 0)
    assert not old & new
    assert vector_ids(services) == new
    best = services.retriever.search(OWNER, "¿Cuánto cuesta la entrada de la biblioteca?", k=1)[0]
    assert services.dense.tokens().count(best.text) <= SMALL
    assert "biblioteca" in best.text
    assert best.dense > 0 < best.lexical
    assert services.library.page_text(OWNER, document, 1)[best.start : best.end] == best.text
    # Back again, and the next upload is given ids that nothing has had.
    assert recut(services, document, CHUNK_SIZE, CHUNK_OVERLAP).chunks == before.chunks
    add(services, tmp_path, "Otra cosa.", name="otra.txt")
    assert min(store.ids()) > max(new)
    assert vector_ids(services) == set(store.ids())


def test_cancelling_leaves_the_old_chunks(services, tmp_path):
    document = add(services, tmp_path, "\n\n".join(f"{TOWN} Parte {n}." for n in range(40)))
    old = services.retriever._store.ids()
    key = services.library.rechunk(OWNER, document, SMALL, 0)
    for (job,) in services.library.wait(OWNER, [key]):
        if job.stage == "embedding" and job.done:
            assert services.retriever._store.ids() == old  # these answer meanwhile
            assert services.retriever.search(OWNER, "biblioteca")
            services.library.cancel("berta", key)  # another's cancel does nothing
            services.library.cancel(OWNER, key)
    assert job.status == "cancelled"
    assert services.retriever._store.ids() == old
    assert vector_ids(services) == set(old)
    assert services.library.document(OWNER, document).chunk_size == CHUNK_SIZE


def test_anothers_and_a_shared_document_are_refused(services, tmp_path):
    document = add(services, tmp_path)
    old = services.retriever._store.ids()
    with pytest.raises(DocumentNotFound):
        services.library.rechunk("berta", document, SMALL, 0)
    with pytest.raises(DocumentNotFound):
        services.inspector.inspect("berta", "biblioteca", documents=[document])
    for size, overlap in ((SMALLEST - 1, 0), (LARGEST + 1, 0), (100, 51), (100, -1)):
        with pytest.raises(BadCut):
            services.library.rechunk(OWNER, document, size, overlap)
    add(services, tmp_path, owner="berta")
    with pytest.raises(DocumentShared, match=r"pueblo\.txt"):
        services.library.rechunk(OWNER, document, SMALL, 0)
    services.library.delete("berta", document)
    assert services.retriever._store.ids() == old
    assert recut(services, document, SMALL, 0).stage == "done"


def test_a_document_deleted_or_shared_on_the_way_is_not_exchanged(services, tmp_path):
    """Between the click and its turn the world may change: nothing of the new cut may stay."""
    document = add(services, tmp_path)
    recutter = services.library._pipeline.recutter
    recutter.add(recutter.job("one", OWNER, document), Cut(SMALL, 0))
    assert recutter.turn("one")  # it is split
    services.library.delete(OWNER, document)
    assert not recutter.has("one")
    assert not recutter.turn("one")
    assert vector_ids(services) == set()
    document = add(services, tmp_path)
    recutter.add(recutter.job("three", OWNER, document), Cut(SMALL, 0))
    store = services.retriever._store
    store.finish(document, "failed", None)  # it was to be read again, and that failed
    assert not recutter.turn("three")
    (job,) = [job for job in services.library.jobs(OWNER) if job.id == "three"]
    assert (job.stage, type(job.error)) == ("failed", NothingToCut)
    store.finish(document, "ready", None)
    recutter.add(recutter.job("two", OWNER, document), Cut(SMALL, 0))
    assert recutter.turn("two")
    add(services, tmp_path, owner="berta")
    old = services.retriever._store.ids()
    while recutter.turn("two"):
        pass
    (job,) = [job for job in services.library.jobs(OWNER) if job.id == "two"]
    assert isinstance(job.error, DocumentShared)
    assert services.retriever._store.ids() == old
    assert vector_ids(services) == set(old)


def test_words_find_after_a_cut_without_embeddings(settings, tmp_path):
    from rag.errors import ModelNotInstalled

    built = build_services(settings)
    built.library.start()
    built.dense.fail(ModelNotInstalled(name="e5"))
    document = add(built, tmp_path)
    assert recut(built, document, SMALL, 0).stage == "done"
    found = built.inspector.inspect(OWNER, "cancion", cancel=threading.Event())
    assert found.dense == ()
    assert found.weight == 0
    assert [hit.chunk for hit in found.fused] == [hit.chunk for hit in found.lexical]
    assert found.fused[0].dense_rank is None
    built.close()


def test_the_inspection_shows_what_the_search_answers_with(services, tmp_path):
    document = add(services, tmp_path)
    recut(services, document, SMALL, 0)
    question = "¿Quién escribió las canciones de la biblioteca?"
    found = services.inspector.inspect(OWNER, question, k=4)
    answer = services.retriever.search(OWNER, question, k=4)
    assert [(hit.chunk, hit.score) for hit in found.fused] == [(one.chunk, one.score) for one in answer]
    assert [len(one) for one in (found.dense, found.lexical, found.fused)] == [4, 4, 4]
    for hit in found.fused:
        made = found.weight * hit.dense_part + (1 - found.weight) * hit.lexical_part
        assert hit.score == pytest.approx(made)
        assert hit.sentence_part is not None  # the best few are looked at sentence by sentence
        parts = (1 - SENTENCE_SHARE) * hit.cosine_part + SENTENCE_SHARE * hit.sentence_part
        assert hit.dense_part == pytest.approx(parts)
        assert hit.sentence_part >= 0
    for hit in found.lexical:
        assert sum(part.score for part in hit.contributions) == pytest.approx(hit.score)
        assert hit.contributions == tuple(sorted(hit.contributions, key=lambda part: -part.score))
        assert {part.count for part in hit.contributions} != {0}
    for hit in found.dense:
        assert hit.nearest is not None
        assert hit.text[hit.nearest.start : hit.nearest.end].strip()
        assert -1 <= hit.nearest.cosine <= 1
    assert [hit.score for hit in found.dense] == sorted((hit.score for hit in found.dense), reverse=True)
    marked = {hit.text[start:end].lower() for hit in found.fused for start, end, _ in hit.spans}
    assert {"canciones", "biblioteca"} <= marked
    assert {term.word for term in found.terms} >= {"canciones", "biblioteca", "escribió"}
    best = {part.word: part for part in found.lexical[0].contributions}
    assert best["biblioteca"].score > best["la"].score
    with pytest.raises(EmptyQuestion):
        services.inspector.inspect(OWNER, " ")
    assert services.inspector.inspect("berta", question).fused == ()
