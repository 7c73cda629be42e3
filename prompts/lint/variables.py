"""The variables of a prompt beside those of its test set: missing, unused, or written with one brace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

from prompts.lint.text import Draft, Finding, Text, edited, finding, shot_texts
from prompts.prompt import CONTEXT, Prompt, Shot
from prompts.template import VARIABLE
from prompts.words import Said

_ONE_BRACE = re.compile(r"(?<![{\\\w$])\{([^\W\d]\w*)\}(?!\})")


def unknown(draft: Draft) -> Iterator[Finding]:
    """Find variables that no column of the test set fills; retrieval fills {{context}}."""
    if not draft.variables:
        return
    seen: set[str] = set()
    for text in _texts(draft):
        for match in VARIABLE.finditer(text.raw):
            name = match.group(1)
            if name in seen or name in draft.variables or name == CONTEXT:
                continue
            seen.add(name)
            near = get_close_matches(name, draft.variables, 1)
            fixed = _renamed(draft.prompt, name, near[0]) if near else None
            near_by = Said("lint.unknown_near", {"near": near[0]}) if near else Said("lint.unknown_none")
            yield finding("unknown", text, match.span(), fixed, name=name, near=near_by)


def unused(draft: Draft) -> Iterator[Finding]:
    """Find columns of the test set that the prompt never reads."""
    for name in draft.variables or ():
        if name not in draft.prompt.variables:
            end = len(draft.user.raw)
            yield finding("unused", draft.user, (end, end), name=name)


def braces(draft: Draft) -> Iterator[Finding]:
    """Find {name}, which the model would read as it stands: a variable has two braces."""
    for text in draft.spoken:
        for match in _ONE_BRACE.finditer(text.raw):
            new = f"{{{{{match.group(1)}}}}}"
            fixed = edited(draft.prompt, text.part, *match.span(), new)
            yield finding("braces", text, match.span(), fixed, new=new)


def _texts(draft: Draft) -> Iterator[Text]:
    yield draft.system
    yield Text("examples", "\n".join(text for _, text in shot_texts(draft.prompt)))
    yield draft.user
    yield Text("begin", draft.prompt.begin)


def _renamed(prompt: Prompt, old: str, new: str) -> Prompt:
    """Return the prompt with a variable's name changed wherever it stands."""

    def changed(text: str) -> str:
        return re.sub(rf"\{{\{{\s*{re.escape(old)}\s*\}}\}}", f"{{{{{new}}}}}", text)

    return replace(
        prompt,
        user=changed(prompt.user),
        system=changed(prompt.system),
        shots=tuple(Shot(changed(shot.user), changed(shot.assistant)) for shot in prompt.shots),
        begin=changed(prompt.begin),
    )
