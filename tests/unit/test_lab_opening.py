"""A finished answer on its way to the Steps panel: who said what in its prompt, and what is refused in words."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, cast

import gradio as gr
import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage

from prompts.reply import Reply
from rag.errors import AnswerNotKept, ModelNotInstalled, NoAnswerYet
from rag.history import Message
from rag.quotes import without
from rag.said import messages, places
from ui.answers import lines
from ui.lab.opening import in_answer, of_messages, of_reply
from ui.lab.shared import Shared, steps_packet
from ui.lab.steps import StepsPanel

ASKED = [SystemMessage("Be brief."), HumanMessage(" user "), AIMessage("Hi."), HumanMessage("Why?\nTell me. ")]
PROMPT = "<s>system\nBe brief.</s><s>user\nuser</s><s>assistant\nHi.</s><s>user\nWhy?\nTell me.</s><s>assistant\n"
SAID = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "user"},
    {"role": "assistant", "content": "Hi."},
    {"role": "user", "content": "Why?\nTell me."},
]
DONE = Reply("done", "Well, because.", PROMPT, "tiny", turns=places(PROMPT, ASKED))


def kept(text: str = "Because.", prompt: str = PROMPT, **meta: Any) -> list[Message]:
    turns = [list(place) for place in places(PROMPT, ASKED)]
    reading = {"prompt": prompt, "turns": turns, "passages": [{"document": "d1", "text": "x"}], "dropped": []}
    whole = {"stats": {"model": "tiny", "finish_reason": "stop"}, "reading": reading} | meta
    return [Message(1, "user", "Why?  Tell me."), Message(2, "assistant", text, whole)]


def test_a_prompt_says_who_said_what() -> None:
    assert messages(PROMPT, places(PROMPT, ASKED)) == (SAID, "")
    with_begin = f"{PROMPT}Well, "
    assert messages(with_begin, places(with_begin, ASKED, "Well, ")) == (SAID, "Well, ")
    assert places(PROMPT, [*ASKED, HumanMessage("never said")]) == ()


@pytest.mark.parametrize(
    "turns",
    [
        None,
        "x",
        3,
        [["user", 0]],
        [["user", 0, 10_000]],
        [["user", 5, 2]],
        [["user", -1, 2]],
        [[1, 0, 2]],
        [["u", True, 2]],
    ],
)
def test_places_that_are_none_give_no_messages(turns: object) -> None:
    assert messages(PROMPT, turns) == ([], "")


def test_the_last_answer_of_a_chat() -> None:
    packet = of_messages(kept())
    assert {name: packet[name] for name in ("model", "messages", "begin", "answer")} == {
        "model": "tiny",
        "messages": SAID,
        "begin": "",
        "answer": "Because.",
    }
    assert packet["title"] == "Why? Tell me."


def test_an_earlier_answer_of_a_chat_is_linked_and_opens() -> None:
    again = [Message(5, "user", "And then?"), Message(6, "assistant", "Then that.", kept()[1].meta)]
    packet = of_messages([*kept(), *again], 2)
    assert (packet["title"], packet["answer"]) == ("Why? Tell me.", "Because.")
    assert of_messages([*kept(), *again], 6)["title"] == of_messages([*kept(), *again])["title"] == "And then?"
    for number, why in ((1, NoAnswerYet), (3, AnswerNotKept), (7, AnswerNotKept)):
        with pytest.raises(why):
            of_messages([*kept(), *again], number)
    assert links([*kept(), *again], last=False) == ["2", "6"]  # another is being written
    assert links([*kept(), *again]) == ["2"]  # the last one has a button
    declined = kept(stats={"model": "tiny", "finish_reason": "declined"})
    for shut in (declined, kept(reading=None), kept(stats={})):
        assert links([*shut, *again]) == []


def links(messages: list[Message], last: bool = True) -> list[str]:
    shown = [part for line in lines(messages, "en", last) for part in line["content"]]
    values = [part if isinstance(part, str) else str(part.value) for part in shown]
    return re.findall(r'data-tokens="(\d+)"', "".join(values))


def test_what_was_put_into_the_models_mouth_is_not_its_answer() -> None:
    prompt = f"{PROMPT} Well, "
    turns = places(prompt, ASKED, " Well, ")
    packet = of_reply(replace(DONE, prompt=prompt, turns=turns), "A")
    assert (packet["begin"], packet["answer"]) == (" Well, ", "because.")
    nothing = of_reply(replace(DONE, prompt=prompt, turns=turns, text="Well,"), "A")
    assert nothing["answer"] == ""


def test_what_cannot_be_opened_says_why() -> None:
    for none in ([], kept()[:1], kept(text="")):
        with pytest.raises(NoAnswerYet):
            of_messages(none)
    for gone in (
        kept(reading=None),  # the model was not asked
        kept(prompt="", stats={"model": "tiny"}),
        kept(stats={"model": "", "finish_reason": "stop"}),  # another model would be taken for it
        kept(stats={}),
        kept(stats={"model": "tiny", "finish_reason": "declined"}),
        [Message(1, "assistant", "Because.", {"reading": {"prompt": PROMPT}})],  # an older Aula
    ):
        with pytest.raises(AnswerNotKept):
            of_messages(gone)
    for reply in (None, Reply(), replace(DONE, error={"en": "x"}), replace(DONE, text="")):
        with pytest.raises(NoAnswerYet):
            of_reply(reply, "A")
    with pytest.raises(AnswerNotKept):
        of_reply(replace(DONE, turns=()), "A")


def test_nothing_of_a_deleted_document_is_left_in_what_is_kept() -> None:
    message = kept()[1]
    erased = without(message.meta, lambda document: document == "d1")
    assert erased is not None
    with pytest.raises(AnswerNotKept):
        of_messages([replace(message, meta=erased)])


def test_replies_are_read_again_also_from_an_older_aula() -> None:
    data = DONE.to_json()
    assert Reply.from_json(data) == DONE
    del data["turns"]
    assert Reply.from_json(data).turns == ()
    for none in (None, "abc", 3, [None], [["user", 0]], ["abcd"], {"user": 1}):
        assert Reply.from_json(data | {"turns": none}).turns == ()
    assert in_answer([None, DONE.to_json()], 1) == DONE
    assert in_answer([None], 0) is in_answer([None], 4) is in_answer("x", 0) is None


def test_an_answer_of_a_model_that_is_gone_says_so() -> None:
    class Lends:
        def chat(self, name: str) -> None:
            raise ModelNotInstalled(name=name)

    class Has:
        lender = Lends()

    request = gr.Request(session_hash="s", cookies={}, headers={}, username=None)
    with gr.Blocks():
        panel = StepsPanel(Shared(cast("Any", Has())))
    packet = steps_packet("Why?", "gone-model", SAID, "Because.")
    updates = iter(cast("Any", panel.take(request, packet, None, [], None, 8, "p")))
    with pytest.raises(gr.Error, match="gone-model"):
        list(updates)
