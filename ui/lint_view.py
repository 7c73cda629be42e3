"""What the golden rules say of a prompt, and a proposal of the model's to improve it, as HTML; it judges nothing."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from prompts.diff import words
from prompts.lint.text import Finding
from prompts.prompt import Prompt
from ui.components import button
from ui.diff_view import marked
from ui.texts import count, say

_PARTS = {"system": "play.system", "user": "play.user", "examples": "play.shots", "begin": "play.begin"}


def findings(found: Sequence[Finding], written: bool, lang: str) -> str:
    """Return the findings, each with its rule, why, and a button where a fix can be applied; `written`: not empty."""
    if not written:
        return ""
    if not found:
        return str(Markup('<p class="aula-caption aula-lint-none">{}</p>').format(say(lang, "play.lint_none")))
    rows = Markup("").join(_row(one, lang) for one in found)
    title = count(lang, "play.lint_found", len(found))
    return str(
        Markup('<section class="aula-lint" aria-label="{}"><h4>{}</h4><ul>{}</ul></section>').format(title, title, rows)
    )


def _row(finding: Finding, lang: str) -> Markup:
    part = say(lang, _PARTS[finding.part]) if finding.part in _PARTS else ""
    where = Markup("<span>{}</span>").format(part) if part else Markup("")
    quoted = Markup(" <q>{}</q>").format(finding.found) if finding.found.strip() else Markup("")
    fix = (
        button(
            say(lang, "play.fix"),
            "fix",
            key_of(finding),
            label=say(lang, "play.fix_name", title=finding.title.text(lang)),
            kind="small",
        )
        if finding.fixed is not None
        else Markup("")
    )
    return Markup("<li><details><summary><b>{}</b>{}{}</summary><p>{}</p><p>{}</p></details>{}</li>").format(
        finding.title.text(lang), quoted, where, finding.why.text(lang), finding.fix.text(lang), fix
    )


def key_of(finding: Finding) -> str:
    """Return what names a finding among those of one prompt."""
    return f"{finding.rule}:{finding.part}:{finding.start}"


def writing(text: str, lang: str) -> str:
    """Return the model's proposal while it is being written."""
    return str(
        Markup('<p class="aula-caption" role="status">{}</p><div class="aula-diff">{}</div>').format(
            say(lang, "play.improving"), text
        )
    )


def refused(why: str) -> str:
    """Return why there is no proposal to accept."""
    return str(Markup('<p class="aula-note" role="status">{}</p>').format(why))


def proposal(mine: Prompt, theirs: Prompt, lang: str) -> str:
    """Return the proposal as a difference from what stands there, to be accepted or not."""
    parts = Markup("").join(
        Markup('<h5>{}</h5><div class="aula-diff">{}</div>').format(say(lang, key), marked(words(old, new)))
        for key, old, new in _changes(mine, theirs)
    )
    buttons = button(say(lang, "play.accept"), "accept", kind="primary small")
    buttons += button(say(lang, "play.keep_mine"), "keep", kind="small")
    return str(
        Markup('<section class="aula-proposal"><h4>{}</h4>{}<div class="aula-actions">{}</div></section>').format(
            say(lang, "play.proposal"), parts, buttons
        )
    )


def _changes(mine: Prompt, theirs: Prompt) -> list[tuple[str, str, str]]:
    """Return the parts that differ: (key of the name, before, after)."""
    parts = [
        ("play.system", mine.system, theirs.system),
        ("play.shots", _shots(mine), _shots(theirs)),
        ("play.user", mine.user, theirs.user),
        ("play.begin", mine.begin, theirs.begin),
    ]
    return [part for part in parts if part[1] != part[2]]


def _shots(prompt: Prompt) -> str:
    return "\n\n".join(f"{shot.user}\n→ {shot.assistant}" for shot in prompt.shots)
