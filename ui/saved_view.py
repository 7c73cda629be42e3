"""What is saved, its versions, and the runs so far, as HTML lists with their buttons. Names and tags are data."""

from __future__ import annotations

from collections.abc import Sequence

import yaml
from markupsafe import Markup

from prompts.runs.saved import Item, Version
from prompts.runs.store import GOING_ON, RunRecord
from ui.components import button
from ui.diff_view import two_texts
from ui.results_view import STATES
from ui.run_view import moment
from ui.texts import count, grouped, say

_SHOWN = 12  # signs of a model's hash
_LONGEST = 40_000  # characters of a version that are compared: the words of more would take minutes


# -- saved strategies and experiments --------------------------------------------------------------------------------


def items(found: Sequence[Item], filtered: bool, lang: str) -> Markup:
    """Return the saved items; `filtered`: a tag was asked for."""
    if not found:
        return Markup('<p class="aula-empty">{}</p>').format(
            say(lang, "saved.empty_tag" if filtered else "saved.empty")
        )
    rows = Markup("").join(_item(item, lang) for item in found)
    return Markup('<ul class="aula-rows">{}</ul>').format(rows)


def _item(item: Item, lang: str) -> Markup:
    kind = say(lang, "saved.strategy" if item.kind == "strategy" else "saved.experiment")
    facts = [kind, moment(item.updated, lang), count(lang, "saved.versions", item.versions)]
    tags = Markup("").join(Markup('<span class="aula-mark">{}</span>').format(tag) for tag in item.tags)
    return Markup(
        '<li class="aula-row" data-item="{}"><div class="aula-row-main"><span class="aula-name">{}</span>{}'
        '<span class="aula-meta">{}</span></div><div class="aula-actions">{}</div></li>'
    ).format(item.key, item.name, tags, " · ".join(facts), _item_buttons(item, lang))


def _item_buttons(item: Item, lang: str) -> Markup:
    no, ok = say(lang, "common.cancel"), say(lang, "common.save")
    return Markup("").join(
        [
            button(
                say(lang, "saved.open"), "open", item.key, label=_named(lang, "saved.open_name", item), kind="small"
            ),
            button(
                say(lang, "saved.rename"),
                "rename",
                item.key,
                label=_named(lang, "saved.rename_name", item),
                ask=say(lang, "saved.rename_ask"),
                write=item.name,
                ok=ok,
                cancel=no,
                kind="small quiet",
            ),
            button(
                say(lang, "saved.tags"),
                "tag",
                item.key,
                label=_named(lang, "saved.tags_name", item),
                ask=say(lang, "saved.tags_ask"),
                write=", ".join(item.tags),
                ok=ok,
                cancel=no,
                kind="small quiet",
            ),
            button(
                say(lang, "saved.see_versions"),
                "versions",
                item.key,
                label=_named(lang, "saved.see_versions_name", item),
                kind="small quiet",
            ),
            button(
                say(lang, "saved.duplicate"),
                "duplicate",
                item.key,
                label=_named(lang, "saved.duplicate_name", item),
                kind="small quiet",
            ),
            button(
                say(lang, "saved.share"),
                "share",
                item.key,
                label=_named(lang, "saved.share_name", item),
                kind="small quiet",
            ),
            _delete(item.key, item.name, "saved.delete_ask", lang),
        ]
    )


def _named(lang: str, key: str, item: Item) -> str:
    return say(lang, key, name=item.name)


def _delete(key: str, name: str, ask: str, lang: str) -> Markup:
    return button(
        say(lang, "common.delete"),
        "delete",
        key,
        label=say(lang, "docs.delete", name=name),
        ask=say(lang, ask, name=name),
        ok=say(lang, "common.delete"),
        cancel=say(lang, "common.cancel"),
        kind="small quiet",
    )


# -- versions --------------------------------------------------------------------------------------------------------


def versions(item: Item, found: Sequence[Version], old: Item | None, lang: str) -> Markup:
    """Return the dialog with an item's versions, the newest first; `old`: the one to compare with the present one."""
    close = Markup(
        '<button type="button" class="aula-button" data-close aria-label="{0}" title="{0}">✕</button>'
    ).format(say(lang, "viewer.close"))
    title = say(lang, "saved.versions_of", name=item.name)
    rows = Markup("").join(_version(item, version, old, lang) for version in found)
    return Markup('<header><h2>{}</h2>{}</header><ol class="aula-versions" reversed>{}</ol>').format(title, close, rows)


def _version(item: Item, version: Version, old: Item | None, lang: str) -> Markup:
    name = say(lang, "saved.version", n=version.number, when=moment(version.created, lang))
    if version.number == item.version:
        return Markup("<li>{} <em>{}</em></li>").format(name, say(lang, "saved.present"))
    at = f"{item.key}:{version.number}"
    buttons = button(say(lang, "saved.compare"), "difference", at, kind="small")
    buttons += button(say(lang, "saved.restore"), "restore", at, kind="small")
    shown = Markup("")
    if old is not None and old.version == version.number:
        names = (say(lang, "saved.version_n", n=old.version), say(lang, "saved.version_n", n=item.version))
        shown = Markup(two_texts(_readable(old), _readable(item), names, lang))  # noqa: S704 - escaped there
    return Markup('<li>{}<div class="aula-actions">{}</div>{}</li>').format(name, buttons, shown)


def _readable(item: Item) -> str:
    text: str = yaml.safe_dump(dict(item.content), allow_unicode=True, sort_keys=False, width=100)
    return text[:_LONGEST]


# -- runs ------------------------------------------------------------------------------------------------------------


def history(runs: Sequence[tuple[RunRecord, int, str]], lang: str) -> Markup:
    """Return the runs, each with how many cells are done and its verdict in a line."""
    if not runs:
        return Markup('<p class="aula-empty">{}</p>').format(say(lang, "saved.no_runs"))
    rows = Markup("").join(_run(run, done, verdict, lang) for run, done, verdict in runs)
    return Markup('<ul class="aula-rows">{}</ul>').format(rows)


def _run(run: RunRecord, done: int, verdict: str, lang: str) -> Markup:
    name = run.name or " | ".join(column.label for column in run.experiment.columns)
    facts = [
        moment(run.created, lang),
        say(lang, STATES[run.state]),
        say(lang, "result.cells", done=grouped(done, lang), total=grouped(run.experiment.size, lang)),
        *_models(run),
    ]
    said = Markup('<span class="aula-note-plain">{}</span>').format(verdict) if verdict else Markup("")
    return Markup(
        '<li class="aula-row" data-run="{}" data-state="{}"><div class="aula-row-main">'
        '<span class="aula-name">{}</span><span class="aula-meta">{}</span>{}</div>'
        '<div class="aula-actions">{}</div></li>'
    ).format(run.id, run.state, name, " · ".join(facts), said, _run_buttons(run, name, lang))


def _models(run: RunRecord) -> list[str]:
    """Return each model with the beginning of its file's hash."""
    known = run.provenance.get("models")
    found = known.items() if isinstance(known, dict) else ()
    return [f"{model} ({str(digest)[:_SHOWN]})" if digest else str(model) for model, digest in found]


def _run_buttons(run: RunRecord, name: str, lang: str) -> Markup:
    buttons = button(
        say(lang, "saved.open"), "open", run.id, label=say(lang, "saved.open_name", name=name), kind="small"
    )
    buttons += button(
        say(lang, "saved.rename"),
        "rename",
        run.id,
        label=say(lang, "saved.rename_name", name=name),
        ask=say(lang, "saved.rename_ask"),
        write=name,
        ok=say(lang, "common.save"),
        cancel=say(lang, "common.cancel"),
        kind="small quiet",
    )
    if run.state not in GOING_ON:
        label = say(lang, "saved.replay_name", name=name)
        buttons += button(say(lang, "result.replay"), "replay", run.id, label=label, kind="small quiet")
    buttons += button(
        say(lang, "saved.to_test"), "test", run.id, label=say(lang, "saved.to_test_name", name=name), kind="small quiet"
    )
    return buttons + _delete(run.id, name, "saved.delete_run_ask", lang)
