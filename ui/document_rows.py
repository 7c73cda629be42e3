"""The list of documents as HTML: what stands above it, a row for each, what opens below a row. It decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from markupsafe import Markup

from ui.components import button, progress_bar
from ui.document_buttons import BUTTONS
from ui.document_looks import Look
from ui.document_states import Row, Shelf, actions, counts, facts, note
from ui.texts import grouped, say

WHICH = ("all", "going", "amiss")


def document_list(
    listed: Sequence[Row],
    look: Look,
    shelves: Sequence[Shelf],
    ledgers: Mapping[str, Markup],
    lang: str,
) -> str:
    """Return the list as `look` asks for it. `ledgers`: what is opened, by document;"""
    title = Markup("<h3>{}</h3>").format(say(lang, "docs.list"))
    if not listed:
        return str(Markup('{}<p class="aula-empty">{}</p>').format(title, say(lang, "docs.empty")))
    if look.shelf not in dict(shelves):  # it may be gone by now
        look = replace(look, shelf="")
    chosen = [row for row in listed if _wanted(row, look)]
    shown = chosen[: look.shown]
    items = Markup("").join(_row(row, bool(shelves), ledgers.get(row.key), lang) for row in shown)
    empty = Markup('<p class="aula-empty">{}</p>').format(say(lang, "docs.which_none"))
    rest = Markup("")
    if len(chosen) > len(shown):
        left = grouped(len(chosen) - len(shown), lang)
        rest = Markup("<p>{}</p>").format(button(say(lang, "docs.more", n=left), "more", kind="small"))
    return str(
        Markup(
            '<section data-choices="{}"><header>{}{}</header>{}<ul class="aula-rows aula-held">{}</ul>{}{}</section>'
        ).format(
            json.dumps([["", say(lang, "docs.no_collection")], *shelves], ensure_ascii=False),
            title,
            _filters(listed, look, shelves, lang),
            _ticked(shown, bool(shelves), lang),
            items,
            rest,
            Markup("") if shown else empty,
        )
    )


def _wanted(row: Row, look: Look) -> bool:
    if look.shelf and (row.shelf is None or row.shelf[0] != look.shelf):
        return False
    return {"going": row.moving, "amiss": row.amiss}.get(look.which, True)


# -- above the list ----------------------------------------------------------------------------------------------


def _filters(listed: Sequence[Row], look: Look, shelves: Sequence[Shelf], lang: str) -> Markup:
    """Return what narrows the list; nothing where there is only one kind of row."""
    found = counts(listed)
    only = Markup("")
    name = dict(shelves).get(look.shelf)
    if name is not None:
        label = say(lang, "docs.shelf_all")
        only = button(say(lang, "docs.shelf_only", name=name), "shelf", label=label, kind="small")
    if not found["going"] and not found["amiss"] and look.which == "all":
        return only
    chips = Markup("").join(
        Markup(
            '<button type="button" class="aula-button small" data-do="which" data-id="{}" aria-pressed="{}">{}</button>'
        ).format(
            which,
            "true" if which == look.which else "false",
            say(lang, f"docs.which_{which}", n=grouped(found[which], lang)),
        )
        for which in WHICH
        if found[which] or which in ("all", look.which)
    )
    return Markup('{}<div class="aula-filters" role="group" aria-label="{}">{}</div>').format(
        only, say(lang, "docs.which"), chips
    )


def _ticked(shown: Sequence[Row], shelves: bool, lang: str) -> Markup:
    """Return the bar of what to do with the ticked rows; page_documents.js fills in which, and shows it."""
    documents = [row for row in shown if row.document is not None]
    if len(documents) < 2:
        return Markup("")
    move = Markup("")
    if shelves:
        move = _many("move", say(lang, "docs.move"), "docs.move_many", "docs.move_ok", Markup(" data-choose"), lang)
    buttons = move + Markup(
        '<button type="button" class="aula-button small" data-do="retry" data-many>{}</button>'
    ).format(say(lang, "docs.retry"))
    buttons += _many("delete", say(lang, "common.delete"), "docs.delete_many", "common.delete", Markup(""), lang)
    buttons += Markup('<button type="button" class="aula-button small quiet" data-untick>{}</button>').format(
        say(lang, "docs.untick")
    )
    return Markup(
        '<div class="aula-tick-bar"><label><input type="checkbox" data-tick-all> {}</label>'
        '<div class="aula-ticked" role="status" data-count="{}" hidden><span></span>'
        '<div class="aula-actions">{}</div></div></div>'
    ).format(say(lang, "docs.tick_all"), say(lang, "docs.ticked"), buttons)


def _many(do: str, text: str, ask: str, ok: str, more: Markup, lang: str) -> Markup:
    """Return a button for the ticked rows; its question keeps "{n}" for how many there are."""
    return Markup(
        '<button type="button" class="aula-button small" data-do="{}" data-many data-ask-many="{}" data-ok="{}"'
        ' data-cancel="{}"{}>{}</button>'
    ).format(do, say(lang, ask), say(lang, ok), say(lang, "common.cancel"), more, text)


# -- a row -------------------------------------------------------------------------------------------------------


def _row(row: Row, shelves: bool, opened: Markup | None, lang: str) -> Markup:
    tick = bar = shelf = Markup("")
    if row.document is not None:
        tick = Markup('<input type="checkbox" data-tick value="{}" aria-label="{}">').format(
            row.key, say(lang, "docs.tick", name=row.name)
        )
    if row.shelf is not None:
        shelf = Markup(
            '<button type="button" class="aula-mark aula-shelf" data-do="shelf" data-id="{}" title="{}">{}</button>'
        ).format(row.shelf[0], say(lang, "docs.shelf", name=row.shelf[1]), row.shelf[1])
    said = " · ".join(facts(row, lang))
    if row.job is not None and (row.moving or (row.state == "paused" and row.job.total)):
        bar = progress_bar(row.job.done, row.job.total, f"{row.name}: {said}")
    offered = [do for do in actions(row) if do != "move" or shelves]
    buttons = Markup("").join(BUTTONS[do](row, opened is not None, lang) for do in offered)
    return Markup(
        '<li class="aula-row" data-row="{}" data-document="{}" data-state="{}">{}<div class="aula-row-main">'
        '<span class="aula-name">{}</span>{}<span class="aula-meta">{}</span>{}{}</div>'
        '<div class="aula-actions">{}</div>{}</li>'
    ).format(
        row.key,
        row.key if row.document else "",
        row.state,
        tick,
        row.name,
        shelf,
        said,
        bar,
        _note(row, lang),
        buttons,
        opened or Markup(""),
    )


def _note(row: Row, lang: str) -> Markup:
    told = note(row, lang)
    return Markup('<span class="aula-note">{}</span>').format(told) if told else Markup("")
