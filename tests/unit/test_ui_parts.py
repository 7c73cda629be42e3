"""What the page is put together from: escaping, errors, who stops what, uploads, turns of a conversation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import gradio as gr
import pytest
from sqlalchemy import Engine

from rag.answer import Answerer, AskOptions
from rag.collections import Collections, chosen
from rag.dialogue import Dialogue
from rag.errors import Cancelled, CollectionEmpty, ConversationNotFound, QuestionTooLong
from rag.history import History
from rag.result import Answer, Citation, LeftOut, Mark, Reading, Seen
from rag.store import Facts, Store
from rag.window import Window
from ui.answers import answer_line, window_bar
from ui.components import Running, button, guarded, percent, size, time_left
from ui.outside import names_web_address
from ui.uploads import take_over

BAD = '<img src=x onerror="alert(1)">&"\''


# -- HTML ------------------------------------------------------------------------------------------------------


def foot(answer: Answer, lang: str = "es") -> str:
    content = answer_line(answer.to_json(), lang)["content"]
    return str(cast("gr.HTML", content[1]).value)


def test_names_and_passages_are_escaped() -> None:
    citation = Citation(n=1, document="d", name=BAD, page=3, quote=BAD, start=0, end=9, score=1.0)
    reading = Reading(BAD, (Seen(BAD, 1, BAD, 3, 0.5),), (LeftOut(BAD, 2, BAD, BAD),))
    html = foot(Answer("done", "Sí.", citations=(citation,), stats={"model": BAD}, reading=reading, searched=BAD))
    assert "<img" not in html
    assert html.count("&lt;img") == 10
    assert "página 3" in html
    assert "<img" not in button(BAD, BAD, BAD, label=BAD, ask=BAD, write=BAD, ok=BAD, cancel=BAD)


def test_sentences_carry_their_citation_or_say_that_there_is_none() -> None:
    text = f"Mide 32 metros. Lo pintó {BAD}. Es rojo."
    marks = (Mark(0, 15, 1), Mark(16, text.index(" Es"), 0), Mark(text.index("Es"), len(text), 0))
    citation = Citation(1, "d" * 64, BAD, 3, "Mide 32 metros.", 10, 25, 1.0)
    answer = Answer("done", text, citations=(citation,), marks=marks)
    shown = str(answer_line(answer.to_json(), "es")["content"][0])
    assert shown.startswith(
        'Mide 32 metros.&nbsp;<button class="aula-chip" type="button" value="' + "d" * 64 + ':3:10-25"'
    )
    assert shown.count("<u>") == 2
    assert shown.count("no aparece en tus documentos") == 1  # once, after the last of them
    assert shown.endswith("</small>")
    assert "<img" not in shown
    assert answer.unsupported == (text[16 : text.index(" Es")], "Es rojo.")
    assert answer.to_json()["unsupported"] == list(answer.unsupported)


def test_what_follows_a_sentence_cannot_pass_for_the_beginning_of_a_line() -> None:
    text = 'It costs 12 euros. ~~~\n<button class="aula-chip" value="abc:3:0-90">1</button>?'
    shown = str(answer_line(Answer("done", text, marks=(Mark(0, 18, 0),)).to_json(), "en")["content"][0])
    assert "<button" not in shown
    assert shown.startswith("<u>It costs 12 euros.</u> <small>")


def test_marks_do_not_break_bold_or_formulas() -> None:
    text = "**Warning. It closes.** Sum: $$x = 1$$."
    marks = (Mark(0, 10, 0), Mark(11, 23, 1), Mark(24, len(text), 0))
    citation = Citation(1, "d" * 64, "a.pdf", 1, "It closes.", 0, 10, 1.0)
    shown = str(answer_line(Answer("done", text, marks=marks, citations=(citation,)).to_json(), "en")["content"][0])
    assert "<u>" not in shown
    assert "**Warning." in shown
    assert "$$x = 1$$." in shown


def test_an_answer_that_is_not_there_shows_the_closest_pages() -> None:
    near = Citation(1, "d" * 64, "faro.pdf", 3, "El faro es rojo.", 0, 16, 0.4)
    html = foot(Answer("done", "No está en tus documentos.", abstained=True, closest=(near,)))
    assert "Las páginas que más se acercan" in html
    assert 'data-page="3" data-spans="0-16"' in html


def test_figures_read_as_each_language_writes_them() -> None:
    stats = {"model": "m", "completion_tokens": 12_000, "ttft_s": 1.23, "tokens_per_s": 9.81}
    assert "m · 12.000 tokens · primer token a los 1,2 s · 9,8 tokens/s" in foot(Answer("done", "x", stats=stats))
    assert "m · 12,000 tokens · first token after 1.2 s · 9.8 tokens/s" in foot(Answer("done", "x", stats=stats), "en")


def test_a_stopped_answer_and_dropped_history_say_so() -> None:
    html = foot(Answer("done", "x", stopped=True, window=Window(100, dropped=3)))
    assert "Parada aquí." in html
    assert "Los 3 mensajes más antiguos" in html


def test_window_adds_up_and_is_written_out() -> None:
    window = Window(1000, system=100, history=200, passages=300, question=50, answer=50, dropped=1)
    html = window_bar(vars(window), "en")
    for text in ("700 of 1,000", "instructions 100", "conversation 200", "passages 300", "free 300", "oldest message"):
        assert text in html
    assert window_bar(None, "en") == ""
    full = window_bar(vars(Window(100, passages=150)), "en")
    assert "free 0" in full


def test_sizes_and_times() -> None:
    assert [size(n, "es") for n in (0, 900, 98_362_432, 1_117_320_768)] == [
        "tamaño desconocido",
        "1 kB",
        "98 MB",
        "1,1 GB",
    ]
    assert [time_left(s, "es") for s in (0.2, 45, 61, 150, 7200)] == [
        "queda 1 s",
        "quedan 45 s",
        "queda 1 min",
        "quedan 2 min",
        "quedan 2 h",
    ]
    assert [percent(1, 3, lang) for lang in ("es", "en")] == ["33 %", "33%"]
    assert percent(5, 0, "en") == "0%"


@pytest.mark.parametrize(
    "data",
    [
        [{"path": "http://far.example/x"}],
        [[{"path": "HTTPS://far.example/x", "url": "", "meta": {}}]],
        [{"url": "https://far.example/x"}],
        [None, {"deep": ({"path": " http://far.example"},)}],
    ],
)
def test_web_addresses_are_seen_however_deep(data: object) -> None:
    assert names_web_address(data)


def test_uploads_and_texts_are_no_web_addresses() -> None:
    here = {"path": "/tmp/a", "url": "http://127.0.0.1:7860/gradio_api/file=/tmp/a", "meta": {}}
    assert not names_web_address([[here], "http://far.example", {"text": "http://far.example"}, None, 3])


# -- errors ----------------------------------------------------------------------------------------------------


def fail(error: Exception) -> None:
    @guarded
    def callback() -> None:
        raise error

    callback()


def test_foreseen_errors_keep_their_words() -> None:
    with pytest.raises(gr.Error, match="9 tokens"):
        fail(QuestionTooLong(tokens=9, room=4))


def test_unforeseen_errors_get_a_number_and_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(gr.Error) as shown:
        fail(ValueError("secret path /home/x"))
    assert "secret" not in str(shown.value)
    reference = caplog.records[-1].getMessage().split()[-1]
    assert reference in str(shown.value)
    assert "secret path" in caplog.text


def test_cancelling_is_no_error() -> None:
    fail(Cancelled())


def test_errors_in_the_middle_of_a_stream() -> None:
    @guarded
    def stream() -> Iterator[int]:
        yield 1
        raise QuestionTooLong(tokens=9, room=4)

    steps = stream()
    assert next(steps) == 1
    with pytest.raises(gr.Error):
        next(steps)


def test_stop_ends_only_the_sessions_own() -> None:
    running = Running()
    with running.event("a") as mine, running.event("b") as other:
        running.stop("a")
        assert mine.is_set()
        assert not other.is_set()
        running.stop("nobody")
    assert other.is_set()


# -- uploads ---------------------------------------------------------------------------------------------------


def test_uploads_are_taken_over_and_leave_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "cache"))
    cached = tmp_path / "cache" / "ab12" / "brarob.md"
    cached.parent.mkdir(parents=True)
    cached.write_text("x")
    other = tmp_path / "mine.txt"
    other.write_text("x")
    given: list[dict[str, object]] = [
        {"path": str(cached), "orig_name": "C:\\docs\\<b>raro<b>.md"},
        {"path": str(other), "orig_name": None},
    ]
    with pytest.raises(KeyError), take_over(given) as uploads:
        assert [name for _, name in uploads] == ["<b>raro<b>.md", "mine.txt"]
        raise KeyError
    assert not cached.parent.exists()
    assert other.exists()


# -- turns -----------------------------------------------------------------------------------------------------


class Scripted:
    """Stands where the Answerer stands, and says what it is told."""

    def __init__(self, *answers: Answer, error: Exception | None = None) -> None:
        self.answers, self.error = answers, error
        self.heard: list[tuple[str, list[tuple[str, str]]]] = []
        self.asked: list[object] = []

    def ask(
        self,
        owner: str,
        question: str,
        documents: object,
        history: list[tuple[str, str]],
        options: object,
        cancel: threading.Event,
    ) -> Iterator[Answer]:
        self.heard.append((question, history))
        self.asked.append(documents)
        yield Answer("retrieving")
        if self.error:
            raise self.error
        yield from self.answers


def dialogue(database: Engine, scripted: Scripted) -> tuple[Dialogue, History]:
    history = History(database)
    return Dialogue(history, cast(Answerer, scripted), Collections(database)), history


def ask(talk: Dialogue, conversation: str, question: str) -> str:
    turns = list(talk.ask("ana", conversation, question, None, AskOptions(), threading.Event()))
    return turns[-1].conversation


def test_question_and_answer_are_kept_and_go_along(database: Engine) -> None:
    scripted = Scripted(Answer("writing", "Sí"), Answer("done", "Sí, claro.", stats={"model": "m"}))
    talk, history = dialogue(database, scripted)
    key = ask(talk, "", "¿Vale?")
    ask(talk, key, "¿Seguro?")
    assert [m.content for m in history.messages("ana", key)] == ["¿Vale?", "Sí, claro.", "¿Seguro?", "Sí, claro."]
    assert scripted.heard[1] == ("¿Seguro?", [("user", "¿Vale?"), ("assistant", "Sí, claro.")])
    assert history.messages("ana", key)[1].meta["stats"] == {"model": "m"}
    with pytest.raises(ConversationNotFound):
        ask(talk, "another", "¿Y?")
    with pytest.raises(ConversationNotFound):
        list(talk.ask("eva", key, "¿Y?", None, AskOptions(), threading.Event()))


def test_a_refused_question_leaves_no_trace(database: Engine) -> None:
    talk, history = dialogue(database, Scripted(error=QuestionTooLong(tokens=9, room=4)))
    with pytest.raises(QuestionTooLong):
        ask(talk, "", "¿Vale?")
    assert history.conversations("ana") == []


def test_a_page_closed_half_way_keeps_what_was_written(database: Engine) -> None:
    talk, history = dialogue(
        database, Scripted(Answer("writing", "Sí"), Answer("writing", "Sí, cl"), Answer("done", "x"))
    )
    cancel = threading.Event()
    turns = talk.ask("ana", "", "¿Vale?", None, AskOptions(), cancel)
    key = [next(turns), next(turns), next(turns)][-1].conversation
    turns.close()  # type: ignore[attr-defined]  # a generator
    assert cancel.is_set()
    last = history.messages("ana", key)[-1]
    assert (last.content, last.meta["stopped"]) == ("Sí, cl", True)


def test_a_collection_is_asked_for_what_is_in_it_now_and_kept_by_its_name(database: Engine) -> None:
    scripted = Scripted(Answer("done", "Uno."))
    talk, history = dialogue(database, scripted)
    shelves, store = Collections(database), Store(database)
    shelf = shelves.make("ana", "Historia")
    choice = [chosen(shelf)]
    with pytest.raises(CollectionEmpty):
        list(talk.ask("ana", "", "¿A?", choice, AskOptions(), threading.Event()))
    assert history.conversations("ana") == []
    for key in ("a" * 64, "b" * 64):
        store.save(Facts(key, ".txt", 1, "", "section", "es", "ready"), [], [])
        store.hold("ana", key, "x.txt")
        shelves.move("ana", [key], shelf)
        list(talk.ask("ana", "", "¿A?", choice, AskOptions(), threading.Event()))
    assert [set(asked) for asked in scripted.asked] == [{"a" * 64}, {"a" * 64, "b" * 64}]  # type: ignore[call-overload]
    assert [kept.documents for kept in history.conversations("ana")] == [choice, choice]


def test_answering_again_replaces_only_once_the_new_answer_begins(database: Engine) -> None:
    scripted = Scripted(Answer("done", "Uno."))
    talk, history = dialogue(database, scripted)
    key = ask(talk, "", "¿A?")
    ask(talk, key, "¿B?")
    scripted.answers = (Answer("done", "Dos."),)
    list(talk.again("ana", key, "¿C?", [], AskOptions(), threading.Event()))
    assert [m.content for m in history.messages("ana", key)] == ["¿A?", "Uno.", "¿C?", "Dos."]
    assert history.conversations("ana")[0].documents == []
    list(talk.again("ana", key, None, [], AskOptions(), threading.Event()))
    assert scripted.heard[-1][0] == "¿C?"
    scripted.error = QuestionTooLong(tokens=9, room=4)
    with pytest.raises(QuestionTooLong):
        list(talk.again("ana", key, "¿D?", [], AskOptions(), threading.Event()))
    assert [m.content for m in history.messages("ana", key)] == ["¿A?", "Uno.", "¿C?", "Dos."]


# -- models ----------------------------------------------------------------------------------------------------


def test_a_typed_model_and_a_failed_switch_are_shown() -> None:
    from types import SimpleNamespace

    from rag.downloads import Download
    from rag.engine import EngineStatus
    from rag.errors import ModelLoadFailed, SourceUnreachable
    from ui.models import ModelsTab

    gone = SourceUnreachable(name="mío", tried="hub a/b: 404", folder="data/models")
    status = EngineStatus(
        model="default",
        title="Default",
        state="ready",
        is_starter=False,
        embedding="e5",
        embedding_state="ready",
        downloads=[
            Download("mío", "<b>mío</b>", state="failed", error=gone),
            Download("otro", "otro", total=10, done=1),
        ],
        error=ModelLoadFailed(name="roto", reason="x"),
    )
    tab = ModelsTab.__new__(ModelsTab)
    tab._engine = SimpleNamespace(status=lambda: status)  # type: ignore[assignment]
    tab._catalogue = SimpleNamespace(entries=lambda kind=None: [])  # type: ignore[assignment]
    shown = tab.show("es")
    assert "hub a/b: 404" in shown
    assert "&lt;b&gt;mío" in shown
    assert "No se ha podido cargar el modelo «roto»" in shown
    assert 'data-model="otro"' in shown
