"""What a file from the web is called, and which format its headers, or failing these its address, say that it has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from rag.cleaning import clean_characters
from rag.errors import UnsupportedFormat
from rag.pages import ARCHIVES, CODE, FORMATS

_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."
_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "application/x-pdf": ".pdf",
    "text/markdown": ".md",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/ld+json": ".json",
    "application/jsonl": ".jsonl",
    "application/x-ndjson": ".jsonl",
    "application/xml": ".xml",
    "text/xml": ".xml",
    "application/rss+xml": ".xml",
    "application/atom+xml": ".xml",
    "application/epub+zip": ".epub",
    "application/zip": ".zip",
    f"{_OFFICE}wordprocessingml.document": ".docx",
    f"{_OFFICE}presentationml.presentation": ".pptx",
    f"{_OFFICE}spreadsheetml.sheet": ".xlsx",
    f"{_OPEN}text": ".odt",
    f"{_OPEN}presentation": ".odp",
    f"{_OPEN}spreadsheet": ".ods",
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/tiff": ".tiff",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
}
_UNFIT = re.compile(r'[\\/:*?"<>|\s]+')
_LONGEST = 120


@dataclass(frozen=True)
class Fetched:
    """What came: a `name` to show, which ends in the `suffix` of its format; `address` is where it was in the end.

    `charset` is what the server says the text is written in, "" when it says nothing.
    """

    name: str
    suffix: str
    address: str = ""
    charset: str = ""


def named(url: httpx.URL, headers: Mapping[str, str]) -> Fetched:
    """Return what the answer with `headers` (names in lower case) is. Raises UnsupportedFormat."""
    message = Message()
    for name in ("content-type", "content-disposition"):
        if name in headers:
            message[name] = headers[name]
    given = message.get_filename("") or unquote(url.path).rstrip("/").rpartition("/")[2]
    own = PurePosixPath(given).suffix.lower()
    suffix = _suffix(message.get_content_type() if "content-type" in headers else "", own)
    stem = given[: -len(own)] if own and (own == suffix or own in FORMATS) else given
    shown = _UNFIT.sub(" ", clean_characters(stem)).strip(" .")[:_LONGEST] or url.host
    if suffix not in FORMATS and suffix not in ARCHIVES:
        raise UnsupportedFormat(name=given or url.host, formats=list(dict.fromkeys(FORMATS.values())))
    return Fetched(f"{shown}{suffix}", suffix, str(url), (message.get_content_charset("") or "").lower())


def _suffix(kind: str, own: str) -> str:
    """Return the format: by the type that the server says, unless that only says "text" or nothing."""
    if kind in {"application/xml", "text/xml"} and own in FORMATS:
        return own
    if kind in _TYPES:
        return _TYPES[kind]
    readable = own if own in FORMATS or own in ARCHIVES else ""
    if kind == "text/plain":
        return readable if FORMATS.get(readable) in {CODE, "Markdown", "CSV", "JSON", "TXT"} else ".txt"
    if kind.startswith("text/"):
        return readable or ".txt"
    return readable
