"""A prompt as promptfoo's files hold it, a text or a chat in JSON or YAML, to a Prompt and back.

See https://www.promptfoo.dev/docs/configuration/prompts/. A chat is system?, (user, assistant)*, user, assistant?.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from prompts import yaml_text
from prompts.prompt import Prompt, Shot
from prompts.safety import refuse_path, refuse_text
from rag.errors import AulaError, ExperimentInvalid

_CHAT = "system?, (user, assistant)*, user, assistant?"
_YAML_CHAT = re.compile(r"\s*-\s+[\"']?role[\"']?\s*:")
_SYSTEM = ("system", "developer")


def read_prompt(raw: object, where: str = "prompts") -> Prompt:
    """Return the prompt that a text or a list of messages is. Raises UnsafeCheck, ExperimentInvalid (`where`)."""
    messages = _messages(raw) if isinstance(raw, str) else raw
    if isinstance(messages, list):
        return _chat(messages, where)
    if not isinstance(raw, str) or not raw.strip():
        raise ExperimentInvalid(where=where, wanted=f'"…" | [{{"role": "user", "content": "…"}}] ({_CHAT})')
    refuse_path(raw)
    return Prompt(raw)


def write_prompt(prompt: Prompt) -> str:
    """Return the text that `read_prompt` reads as this prompt: the request alone where nothing else stands with it."""
    if prompt == Prompt(prompt.user) and _plain(prompt.user):
        return prompt.user
    messages = [{"role": "system", "content": prompt.system}] if prompt.system else []
    for shot in prompt.shots:
        messages += [{"role": "user", "content": shot.user}, {"role": "assistant", "content": shot.assistant}]
    messages.append({"role": "user", "content": prompt.user})
    if prompt.begin:
        messages.append({"role": "assistant", "content": prompt.begin})
    return json.dumps(messages, ensure_ascii=False, indent=2)


def _plain(user: str) -> bool:
    try:
        return read_prompt(user) == Prompt(user)
    except AulaError:
        return False


def _messages(text: str) -> list[Any] | None:
    """Return the messages of a chat in JSON or YAML, None for a text that is none."""
    if text.lstrip()[:1] != "[" and not _YAML_CHAT.match(text):
        return None
    try:
        found = yaml_text.read(text)
    except AulaError:
        return None  # "[Sic] is Latin" begins like JSON and is a text
    roles = isinstance(found, list) and found and all(isinstance(one, Mapping) and "role" in one for one in found)
    return found if roles else None


def _chat(messages: Sequence[Any], where: str) -> Prompt:
    turns = [_turn(one, where) for one in messages]
    system = turns.pop(0)[1] if turns and turns[0][0] in _SYSTEM else ""
    begin = turns.pop()[1] if turns and turns[-1][0] == "assistant" else ""
    roles = [role for role, _ in turns]
    if len(turns) % 2 == 0 or roles != [("user", "assistant")[n % 2] for n in range(len(turns))]:
        raise ExperimentInvalid(where=where, wanted=_CHAT)
    texts = [text for _, text in turns]
    shots = tuple(Shot(user, said) for user, said in zip(texts[:-1:2], texts[1::2], strict=True))
    return Prompt(texts[-1], system, shots, begin)


def _turn(message: object, where: str) -> tuple[str, str]:
    if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
        raise ExperimentInvalid(where=where, wanted='{"role": "user", "content": "…"}')
    content = message.get("content")
    if isinstance(content, list) and all(isinstance(one, Mapping) and one.get("type") == "text" for one in content):
        content = "".join(str(one.get("text", "")) for one in content)
    if not isinstance(content, str):
        raise ExperimentInvalid(where=where, wanted='{"role": "user", "content": "…"}')
    refuse_text(content, 0)
    return message["role"], content
