"""Who says what in a prompt that is kept: as places in its text, so that no message is kept twice.

It knows neither models nor answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langchain_core.messages import BaseMessage, ChatMessage

Place = tuple[str, int, int]  # (role, start, end): prompt[start:end] is what that role says
BEGIN = "begin"  # the role of the text with which the answer begins
_ROLES = {"human": "user", "ai": "assistant"}
_MOST = 1000  # messages; a browser or a restored backup may name any number


def places(prompt: str, messages: Sequence[BaseMessage], begin: str = "") -> tuple[Place, ...]:
    """Return where each message stands in a rendered prompt, and `begin` at its end; none where one cannot be found.

    What a template trims off is not in its place.
    """
    found: list[Place] = []
    at = 0
    for message in messages:
        said = str(message.text)
        start = prompt.find(said, at)
        if start < 0:
            said = said.strip()
            start = prompt.find(said, at)
        if start < 0:
            return ()
        at = start + len(said)
        found.append((_role(message), start, at))
    return (*found, (BEGIN, len(prompt) - len(begin), len(prompt))) if begin else tuple(found)


def messages(prompt: str, kept: object) -> tuple[list[dict[str, str]], str]:
    """Return the messages ({role, content}) that stand at such places, and what the answer begins with.

    `kept` may be anything, as it comes out of JSON: no messages where it is no list of places in this prompt.
    """
    listed = kept if isinstance(kept, list | tuple) and len(kept) <= _MOST else ()
    found: list[dict[str, str]] = []
    begin = ""
    for one in listed:
        if not _is_place(one, len(prompt)):
            return [], ""
        role, start, end = one
        if role == BEGIN:
            begin = prompt[start:end]
        else:
            found.append({"role": role, "content": prompt[start:end]})
    return found, begin


def chat_messages(said: Sequence[Mapping[str, str]]) -> list[BaseMessage]:
    """Return {role, content} as messages for a model."""
    return [ChatMessage(role=one["role"], content=one["content"]) for one in said]


def _role(message: BaseMessage) -> str:
    return message.role if isinstance(message, ChatMessage) else _ROLES.get(message.type, message.type)


def _is_place(one: object, size: int) -> bool:
    if not isinstance(one, list | tuple) or len(one) != 3 or not isinstance(one[0], str):
        return False
    start, end = one[1:]
    return type(start) is int and type(end) is int and 0 <= start <= end <= size
