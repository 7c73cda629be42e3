"""Collections, and folders that can be imported or watched, as HTML. It changes nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from rag.collections import Collection, Folder
from rag.folder_states import FolderState
from rag.folder_tree import Root
from ui.components import button
from ui.texts import count, say

_SHOWN = 8  # names of files that were left out; the rest is a number


def collection_list(collections: Sequence[Collection], states: Mapping[str, FolderState], lang: str) -> str:
    """Return the collections with what can be done with each, and the button that makes one."""
    make = button(
        say(lang, "collections.make"),
        "make",
        ask=say(lang, "collections.make_ask"),
        write="",
        ok=say(lang, "collections.make_ok"),
        cancel=say(lang, "common.cancel"),
        kind="small",
    )
    head = Markup("<header><h3>{}</h3>{}</header>").format(say(lang, "collections.title"), make)
    if not collections:
        empty = Markup('<p class="aula-empty">{}</p>').format(say(lang, "collections.empty"))
        return str(Markup("<section>{}{}</section>").format(head, empty))
    rows = Markup("").join(_row(one, states.get(one.id), lang) for one in collections)
    return str(Markup('<section>{}<ul class="aula-rows">{}</ul></section>').format(head, rows))


def _row(collection: Collection, state: FolderState | None, lang: str) -> Markup:
    facts = [count(lang, "collections.documents", collection.documents)]
    if state is not None:
        facts += _folder_facts(state, lang)
    notes = _left_out(state, lang) if state else Markup("")
    return Markup(
        '<li class="aula-row" data-collection="{}"><div class="aula-row-main"><span class="aula-name">{}</span>'
        '<span class="aula-meta">{}</span>{}</div><div class="aula-actions">{}</div></li>'
    ).format(collection.id, collection.name, " · ".join(facts), notes, _buttons(collection, lang))


def _folder_facts(state: FolderState, lang: str) -> list[str]:
    if state.done:
        return []
    if state.once:
        return [say(lang, "collections.imports" if state.there else "collections.import_away", folder=state.name)]
    return [say(lang, "collections.watches" if state.there else "collections.away", folder=state.name)]


def _left_out(state: FolderState, lang: str) -> Markup:
    """Return how many files of a folder are not taken in, with the reasons and their names in a fold."""
    if not state.skipped:
        return Markup("")
    names = ", ".join(state.skipped[:_SHOWN]) + (", …" if len(state.skipped) > _SHOWN else "")
    said, why = count(lang, "collections.left_out", len(state.skipped)), say(lang, "collections.left_out_why")
    return Markup('<details class="aula-note"><summary>{}</summary>{} {}</details>').format(said, why, names)


def _buttons(collection: Collection, lang: str) -> Markup:
    stop = "halt" if collection.folder and collection.folder.once else "unwatch"
    found = [
        _asking("rename", collection, lang, write=collection.name, ok="common.save"),
        *([_asking(stop, collection, lang, ok=f"collections.{stop}")] if collection.folder else []),
        _asking("delete", collection, lang, ok="common.delete"),
    ]
    if collection.documents:
        found.append(_asking("clear", collection, lang, ok="common.delete"))
    return Markup("").join(found)


def _asking(do: str, collection: Collection, lang: str, ok: str, write: str | None = None) -> Markup:
    return button(
        say(lang, f"collections.{do}"),
        do,
        collection.id,
        label=say(lang, f"collections.{do}_name", name=collection.name),
        ask=say(lang, f"collections.{do}_ask", name=collection.name, n=collection.documents),
        write=write,
        ok=say(lang, ok),
        cancel=say(lang, "common.cancel"),
        kind="small",
    )


# -- folders of this machine -------------------------------------------------------------------------------------


def folder_list(roots: Sequence[Root], at: Folder | None, name: str, below: Sequence[Folder], lang: str) -> str:
    """Return the roots, and for the folder that is open, `at`, the way to it and the folders in it.

    `name` is the open folder's; without roots there is nothing to show.
    """
    if not roots:
        return ""
    if at is None:
        rows = Markup("").join(_folder(Folder(root.key, ""), root.name, lang, root.there) for root in roots)
        way = Markup("")
    else:
        up = Folder(at.root, at.path.rpartition("/")[0]) if at.path else None
        way = Markup('<p class="aula-actions">{}<b>{}</b>{}</p>').format(
            button(say(lang, "collections.up"), "open", place(up) if up else "top", kind="small"),
            name,
            _takes(at, name, lang),
        )
        rows = Markup("").join(_folder(one, one.path.rpartition("/")[2], lang) for one in below)
    nothing = Markup('<li class="aula-empty">{}</li>').format(say(lang, "collections.no_folders"))
    return str(
        Markup('<section><h3>{}</h3><p class="aula-caption">{}</p>{}<ul class="aula-rows">{}</ul></section>').format(
            say(lang, "collections.folders"), say(lang, "collections.folders_info"), way, rows or nothing
        )
    )


def _folder(folder: Folder, name: str, lang: str, there: bool = True) -> Markup:
    if not there:
        missing = say(lang, "collections.root_away")
        return Markup(
            '<li class="aula-row"><div class="aula-row-main"><span class="aula-name">{}</span>'
            '<span class="aula-note">{}</span></div></li>'
        ).format(name, missing)
    label = say(lang, "collections.open_name", name=name)
    opener = button(say(lang, "collections.open"), "open", place(folder), label=label, kind="small")
    return Markup(
        '<li class="aula-row"><div class="aula-row-main"><span class="aula-name">{}</span></div>'
        '<div class="aula-actions">{}{}</div></li>'
    ).format(name, opener, _takes(folder, name, lang))


def _takes(folder: Folder, name: str, lang: str) -> Markup:
    return Markup("").join(
        button(
            say(lang, f"collections.{do}"),
            do,
            place(folder),
            label=say(lang, f"collections.{do}_name", name=name),
            kind="small",
        )
        for do in ("import", "watch")
    )


def place(folder: Folder) -> str:
    """Return a folder in one text, for a button."""
    return f"{folder.root}:{folder.path}"


def folder_of(place: str) -> Folder | None:
    """Return the folder that a button names; None for the list of roots."""
    root, colon, path = place.partition(":")
    return Folder(root, path) if colon else None
