"""One column asks one row, with a model that says what it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk, BaseMessage

from prompts.ask import Asker
from prompts.column import Column
from prompts.prompt import Prompt, Shot
from prompts.reply import Reply, Source
from rag.errors import BadCheck, Cancelled, ModelNotReady, VariableMissing
from rag.settings import Decoding

SOURCE = Source("d", "guide.pdf", 3, "It opens at nine.")


@dataclass
class Speaker:
    """As much of LlamaChat as an Asker needs: says `answers` in turn, word by word."""

    answers: list[str]
    model: str = "speaker"
    asked: list[tuple[list[BaseMessage], dict[str, Any]]] = field(default_factory=list)

    def render(self, messages: Sequence[BaseMessage], begin: str = "") -> str:
        return "".join(f"<{one.type}>{one.text}" for one in messages) + f"<ai>{begin}"

    def stream(self, messages: Sequence[BaseMessage], **options: Any) -> Iterator[AIMessageChunk]:
        self.asked.append((list(messages), options))
        said = 0
        for word in self.answers[(len(self.asked) - 1) % len(self.answers)].split(" "):
            cancel = options["cancel"]
            if cancel.is_set():
                break
            said += 1
            yield AIMessageChunk(content=word + " ")
        stats = {
            "prompt_tokens": 10,
            "completion_tokens": said,
            "reused_tokens": 2,
            "waited_s": 0.0,
            "ttft_s": 0.1,
            "finish_reason": "cancelled" if options["cancel"].is_set() else "stop",
            "seed": options["decoding"].seed,
        }
        yield AIMessageChunk(content="", response_metadata=stats)


def asker(*answers: str) -> tuple[Asker, Speaker]:
    speaker = Speaker(list(answers))

    def find(
        owner: str, question: str, documents: Sequence[str] | None, cancel: threading.Event
    ) -> tuple[str, tuple[Source, ...]]:
        assert (owner, documents) == ("ana", ("d",))
        return f"<passages>{question}</passages>", (SOURCE,)

    return Asker(lambda name: speaker, find), speaker  # type: ignore[arg-type,return-value]


def test_the_answer_grows_and_ends_with_its_figures() -> None:
    ask, speaker = asker("four apples")
    column = Column("A", Prompt("{{q}}", "Count.", (Shot("1+1", "2"),), "A:"), decoding=Decoding(temperature=0.5))
    replies = list(ask.ask(column, {"q": "2+2"}, (42,)))
    assert [reply.text for reply in replies if reply.stage == "writing"][:2] == ["A:four ", "A:four apples "]
    last = replies[-1]
    assert (last.stage, last.text, last.model, last.seed) == ("done", "A:four apples", "speaker", 42)
    assert last.prompt == "<system>Count.<human>1+1<ai>2<human>2+2<ai>A:"
    assert last.stats["completion_tokens"] == 2
    options = speaker.asked[0][1]
    assert (options["begin"], options["decoding"].seed, options["decoding"].temperature) == ("A:", 42, 0.5)
    assert Reply.from_json(last.to_json()).to_json() == last.to_json()


def test_self_consistency_gives_what_most_say_not_what_comes_first() -> None:
    ask, speaker = asker("The answer is 7", "So 9. The answer is 9.", "I get 9")
    column = Column("A", Prompt("{{q}}"), samples=3, parse="number")
    last = list(ask.ask(column, {"q": "?"}, (1, 2, 3)))[-1]
    assert last.text == "So 9. The answer is 9."
    assert (last.votes, len(last.samples)) == ({"9": 2, "7": 1}, 3)
    assert [options["decoding"].seed for _, options in speaker.asked] == [1, 2, 3]
    assert last.stats["completion_tokens"] == 4 + 6 + 3
    assert last.stats["prompt_tokens"] == 30


@pytest.mark.parametrize(
    ("answers", "parse", "text", "votes"),
    [
        (("7", "The answer is 1/2", "0.5"), "number", "The answer is 1/2", {"1/2": 2, "7": 1}),
        (("1.000", "1000", "1"), "number", "1.000", {"1000": 2, "1": 1}),  # the question is Spanish
        (("50%", "0.5", "50 %"), "number", "50%", {"50%": 2, "0.5": 1}),
        (("Vigo", "París.", "parís"), "text", "París.", {"París.": 2, "Vigo": 1}),
        (("no idea", "none", "The answer is 9"), "number", "The answer is 9", {"9": 1}),
        (
            ("Yes", "It is no longer heads, so no", "Answer: no"),
            "label",
            "It is no longer heads, so no",
            {"no": 2, "yes": 1},
        ),
    ],
)
def test_what_samples_say_is_compared_as_it_is_graded(
    answers: tuple[str, ...], parse: str, text: str, votes: dict[str, int]
) -> None:
    ask, _ = asker(*answers)
    last = list(ask.ask(Column("A", Prompt("¿Cuánto? {{q}}"), samples=3, parse=parse), {"q": "?"}, (1, 2, 3)))[-1]
    assert (last.text, last.votes) == (text, votes)


def test_retrieval_fills_the_context_and_says_where_it_comes_from() -> None:
    ask, speaker = asker("nine")
    column = Column("A", Prompt("{{context}} Q: {{question}}"), retrieval=True, documents=("d",))
    last = list(ask.ask(column, {"question": "when?"}, owner="ana"))[-1]
    assert speaker.asked[0][0][-1].text == "<passages>when?</passages> Q: when?"
    assert last.sources == (SOURCE,)


def test_a_prompt_without_a_place_for_passages_gets_them_first() -> None:
    ask, speaker = asker("nine")
    list(ask.ask(Column("A", Prompt("{{q}}"), retrieval=True, documents=("d",)), {"q": "when?"}, owner="ana"))
    assert speaker.asked[0][0][-1].text == "<passages>when?</passages>\n\nwhen?"


def test_a_schema_becomes_a_grammar() -> None:
    ask, speaker = asker("{}")
    column = Column("A", Prompt("x"), schema={"type": "object", "properties": {"age": {"type": "integer"}}})
    list(ask.ask(column, {}))
    assert "age" in speaker.asked[0][1]["grammar"]
    with pytest.raises(BadCheck):
        list(ask.ask(Column("A", Prompt("x"), schema={"type": "wrong"}), {}))
    with pytest.raises(BadCheck):  # nothing is fetched
        list(ask.ask(Column("A", Prompt("x"), schema={"$ref": "http://evil.example/s.json"}), {}))


def test_whole_keeps_what_went_wrong_in_both_languages() -> None:
    ask, _ = asker("x")
    reply = ask.whole(Column("A", Prompt("{{q}}")), {})
    assert reply.stage == "done"
    assert reply.error == {lang: VariableMissing(name="q").text(lang) for lang in ("en", "es")}

    def none(name: str) -> Any:
        raise ModelNotReady

    assert Asker(none).whole(Column("A", Prompt("x")), {}).error["es"] == ModelNotReady().text("es")


def test_a_cancelled_answer_is_no_answer() -> None:
    ask, speaker = asker("one two three", "four")
    cancel = threading.Event()
    column = Column("A", Prompt("x"), samples=2)
    replies = ask.ask(column, {}, (1, 2), cancel=cancel)
    next(replies)
    cancel.set()
    last = list(replies)[-1]
    assert last.stopped
    assert len(speaker.asked) == 1, "the second sample must not be begun"
    with pytest.raises(Cancelled):
        ask.whole(column, {}, (1, 2), cancel=cancel)
