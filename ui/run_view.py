"""A run among others, as HTML: its name, when it was, what can be done with it, and whether it came out the same."""

from __future__ import annotations

from datetime import datetime

from markupsafe import Markup

from prompts.runs.progress import Reproduced
from prompts.runs.store import Listed, RunRecord
from ui.components import button
from ui.results_view import STATES, place_id
from ui.texts import count, say

_LISTED = 20  # answers that differ, each with a button that opens it


def moment(when: datetime, lang: str) -> str:
    """Return a time as the clock of this machine shows it."""
    local = when.astimezone()
    return f"{local:%d/%m/%Y %H:%M}" if lang == "es" else f"{local:%Y-%m-%d %H:%M}"


def given_name(run: Listed, lang: str) -> str:
    """Return what a run is called in a list: its name or its columns, when it began, and how it stands."""
    return f"{run.name} · {moment(run.created, lang)} · {say(lang, STATES[run.state])}"


def actions(run: RunRecord, lang: str) -> Markup:
    """Return the downloads of a run, and the button that runs it again."""
    files = Markup("").join(
        button(text, kind, run.id, label=say(lang, "result.download", kind=text), kind="small")
        for kind, text in (("csv", "CSV"), ("json", "JSON"), ("promptfoo", "promptfoo"), ("report", "HTML"))
    )
    again = button(say(lang, "result.replay"), "replay", run.id, kind="small")
    how = Markup('<p class="aula-caption">{}</p>').format(say(lang, "result.replay_why"))
    return Markup(
        '<section class="aula-run-files"><h3>{}</h3><div class="aula-actions">{}</div><h3>{}</h3>{}'
        '<div class="aula-actions">{}</div></section>'
    ).format(say(lang, "result.files"), files, say(lang, "result.again"), how, again)


def reproduction(found: Reproduced | None, lang: str) -> Markup:
    """Return whether a replay came out as the run that it repeats, and what differs."""
    if found is None:
        return Markup('<p class="aula-reproduced">{}</p>').format(say(lang, "result.first_gone"))
    said = {True: "result.reproduced_yes", False: "result.reproduced_no", None: "result.reproduced_open"}[found.same]
    parts = [Markup("<p><b>{}</b></p>").format(say(lang, said))]
    if found.cells:
        links = Markup(" ").join(
            button(f"{place.row + 1} | {place.column + 1}", "cell", place_id(place), kind="small quiet")
            for place in found.cells[:_LISTED]
        )
        differs = count(lang, "result.cells_differ", len(found.cells))
        parts.append(Markup("<p>{} {}</p>").format(differs, links))
    if found.provenance:
        names = Markup(", ").join(Markup("<code>{}</code>").format(name) for name in found.provenance)
        parts.append(Markup("<p>{} {}</p>").format(say(lang, "result.differs_in"), names))
    elif found.same is False:
        parts.append(Markup("<p>{}</p>").format(say(lang, "result.differs_in_nothing")))
    return Markup('<div class="aula-reproduced" data-same="{}">{}</div>').format(found.same, Markup("").join(parts))
