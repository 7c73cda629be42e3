"""Question to streamed answer with the real starter model: sources, stop, history, plain chat."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from rag.answer import AskOptions
from rag.errors import DocumentNotFound, EmptyQuestion, ModelNotReady, QuestionTooLong
from rag.services import Services, build_services

OWNER = "local"
TEXT = (
    "# Harbour Lane garden\n\nThe garden has 41 plots. The annual fee is 25 pounds. Compost is turned on Thursdays.\n"
)
SHORT = AskOptions.from_json({"max_tokens": 24})


@pytest.fixture(scope="module")
def services(tmp_path_factory, models_dir) -> Iterator[Services]:
    from rag.settings import Settings

    folder = tmp_path_factory.mktemp("answer")
    settings = Settings(
        data_dir=folder / "data",
        models_dir=models_dir,
        model="smollm2-135m-instruct",
        embedding="all-minilm-l6-v2",
        download=False,
        offline=True,
    )
    built = build_services(settings)
    with pytest.raises(ModelNotReady):
        built.engine.chat()
    built.start()
    path = folder / "garden.md"
    path.write_text(TEXT, encoding="utf-8")
    ids = built.library.add(OWNER, [(path, "garden.md")])
    list(built.library.wait(OWNER, ids))
    while built.engine.status().state == "loading":
        threading.Event().wait(0.1)
    yield built
    built.close()


def test_the_engine_says_what_it_runs(services):
    status = services.engine.status()
    assert (status.model, status.state, status.is_starter) == ("smollm2-135m-instruct", "ready", True)
    assert status.embedding_state == "ready"


def test_an_answer_streams_and_names_its_page(services):
    steps = list(services.answerer.ask(OWNER, "What is the annual fee?", options=SHORT))
    assert [step.stage for step in steps[:2]] == ["retrieving", "reading"]
    writing = [step.text for step in steps if step.stage == "writing"]
    assert len(writing) > 1
    assert all(after.startswith(before) for before, after in itertools.pairwise(writing))
    last = steps[-1]
    assert last.stage == "done"
    near = last.closest[0] if last.closest else last.citations[0]
    page = services.library.page_text(OWNER, near.document, near.page)
    assert near.name == "garden.md"
    assert all(page[one.start : one.end] == one.quote for one in (*last.citations, *last.closest))
    assert "The annual fee is 25 pounds." in last.reading.passages[0].text
    assert last.reading.passages[0].text.split(" […] ")[0] in last.reading.prompt
    assert 0 < last.reading.passages[0].share < 1
    assert last.stats["model"] == "smollm2-135m-instruct"
    assert last.stats["completion_tokens"] == last.window.answer > 0
    assert 0 < last.window.system + last.window.passages + last.window.question < last.window.context
    assert set(last.to_json()) >= {"answer", "abstained", "citations", "unsupported", "closest", "reading", "stats"}


def test_the_second_question_reuses_the_fixed_part(services):
    list(services.answerer.ask(OWNER, "What is the annual fee?", options=SHORT))
    last = list(services.answerer.ask(OWNER, "How many plots are there?", options=SHORT))[-1]
    assert last.stats["reused_tokens"] > 40


def test_stopping_ends_the_answer_and_the_next_one_starts(services):
    cancel = threading.Event()
    long = AskOptions.from_json({"max_tokens": 400, "temperature": 1.0, "seed": 3})
    for step in services.answerer.ask(OWNER, "Tell me everything.", documents=[], options=long, cancel=cancel):
        if step.stage == "writing":
            cancel.set()
    assert step.stopped
    assert step.stats["completion_tokens"] < 50
    closed = services.answerer.ask(OWNER, "Tell me more.", documents=[], options=long)
    next(step for step in closed if step.stage == "writing")
    closed.close()  # as when the browser's tab is closed
    assert list(services.answerer.ask(OWNER, "What is the fee?", options=SHORT))[-1].text


def test_plain_chat_has_no_sources(services):
    last = list(services.answerer.ask(OWNER, "Hello!", documents=[], options=SHORT))[-1]
    assert last.citations == ()
    assert last.window.passages == 0


def test_old_turns_are_dropped_and_counted(services):
    history = [("user" if i % 2 == 0 else "assistant", "palabra " * 150) for i in range(40)]
    steps = list(services.answerer.ask(OWNER, "What is the annual fee?", history=history, options=SHORT))
    window = steps[-1].window
    assert 0 < window.dropped < 40
    used = window.system + window.history + window.passages + window.question + window.answer
    assert used <= window.context
    # Whole exchanges only: what is kept begins with the user.
    assert window.dropped % 2 == 0


def test_bad_questions_say_what_is_wrong(services):
    with pytest.raises(EmptyQuestion):
        next(services.answerer.ask(OWNER, "  "))
    with pytest.raises(DocumentNotFound):
        list(services.answerer.ask(OWNER, "fee?", documents=["0" * 64]))
    with pytest.raises(QuestionTooLong):
        list(services.answerer.ask(OWNER, "word " * 6_000, documents=[], options=SHORT))


def test_nothing_found_is_said_without_asking_the_model(services, tmp_path):
    path = tmp_path / "numbers.txt"
    path.write_text("12 34 56 78", encoding="utf-8")
    owner = "carla"
    ids = services.library.add(owner, [(path, "numbers.txt")])
    list(services.library.wait(owner, ids))
    loaded, services.dense._loaded = services.dense._loaded, None  # words alone, and none of them fits
    try:
        last = list(services.answerer.ask(owner, "¿Quién construyó el faro?", options=SHORT))[-1]
    finally:
        services.dense._loaded = loaded
    assert last.abstained
    assert last.text == "No está en tus documentos."
    assert last.stats["completion_tokens"] == 0


def test_a_library_that_holds_nothing_is_plain_chat(services):
    last = list(services.answerer.ask("berta", "Hello!", options=SHORT))[-1]
    assert last.text
    assert last.window.passages == 0


def test_passages_that_do_not_fit_are_left_out(services, tmp_path):
    path = tmp_path / "table.txt"
    path.write_text("\n\n".join(f"| compost {i} | " + f"{i} {i + 1} " * 150 for i in range(12)), encoding="utf-8")
    ids = services.library.add("dora", [(path, "table.txt")])
    (job,) = list(services.library.wait("dora", ids))[-1]
    assert job.status == "ready"
    many = AskOptions.from_json({"max_tokens": 8, "k": 20})
    last = list(services.answerer.ask("dora", "compost", options=many))[-1]
    assert last.stage == "done"
    assert last.window.passages < last.window.context


def test_one_data_folder_one_aula(services):
    from rag.errors import DataInUse
    from rag.services import build_services

    with pytest.raises(DataInUse):
        build_services(services.settings)
