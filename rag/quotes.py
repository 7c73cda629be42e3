"""What answers keep of documents (quotes, passages, prompts), and how it is taken out; plain JSON in, plain JSON out.

It works on the metadata of a message (rag.result.Answer.to_json) and on the cell of a run (prompts.runs.cell), and
knows no database. An answer's own words are never touched: they are the conversation's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]
Gone = Callable[[str], bool]  # whether a document may not be quoted any more
_CITED = ("citations", "closest")
_READ = ("passages", "dropped")
DELETED: dict[str, object] = {"name": "", "label": "", "quote": "", "start": 0, "end": 0, "deleted": True}


def documents_in(content: Json) -> set[str]:
    """Return the documents that a message's metadata, or a cell, quotes from."""
    return {document for one in _quoting(content) if (document := one.get("document"))}


def without(content: Json, gone: Gone) -> dict[str, Any] | None:
    """Return `content` without what it keeps of documents that are `gone`; None when it keeps nothing of them.

    The exact prompt goes whole, with all that stands in it. What was read by an older Aula does not name its
    document: it counts as gone.
    """
    changed: dict[str, Any] = {}
    for key in _CITED:
        cited = _listed(content, key)
        if any(gone(str(one.get("document"))) for one in cited):
            changed[key] = [{**one, **DELETED} if gone(str(one.get("document"))) else one for one in cited]
    if any(gone(str(one.get("document") or "")) for one in _passages(content)):
        changed["reading"] = None
    elif changed and isinstance(content.get("reading"), Mapping):
        changed["reading"] = None  # a citation may be of a passage that went into the prompt under another's name
    reply = content.get("reply")
    if isinstance(reply, Mapping) and any(gone(str(one.get("document"))) for one in _listed(reply, "sources")):
        changed["reply"] = {**reply, "prompt": "", "sources": [_kept(one, gone) for one in _listed(reply, "sources")]}
    return {**content, **changed} if changed else None


def _kept(source: Json, gone: Gone) -> Json:
    return {**source, "name": "", "label": "", "text": ""} if gone(str(source.get("document"))) else source


def _quoting(content: Json) -> Iterator[Json]:
    for key in _CITED:
        yield from _listed(content, key)
    yield from _passages(content)
    reply = content.get("reply")
    if isinstance(reply, Mapping):
        yield from _listed(reply, "sources")


def _passages(content: Json) -> Iterator[Json]:
    reading = content.get("reading")
    if isinstance(reading, Mapping):
        for key in _READ:
            yield from _listed(reading, key)


def _listed(content: Json, key: str) -> list[Json]:
    found = content.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, (list, tuple)) else []
