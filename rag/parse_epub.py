"""EPUB to sections: the chapters in the order of the book, each read as the web page that it is.

A reader of our own over the ZIP (EPUB 3.3: container, package, spine): no well-kept library is free to use. defusedxml
reads the XML, and refuses entities. Runs in the parsing process only.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from defusedxml import DefusedXmlException, ElementTree

from rag.archive import check_office
from rag.pages import Refused
from rag.parse_html import blocks, parsed
from rag.sections import Section, Sections, join_blocks

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_CHAPTER = 8 * 2**20  # bytes of one chapter: a page of the web is never that long, and its tree is many times as large
_TEXTS = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml", ""}


@dataclass(frozen=True)
class _Book:
    title: str
    chapters: tuple[str, ...]  # names of parts of the ZIP, in the order of the spine


def epub_sections(path: Path, memory: int) -> Sections:
    """Cut a book at its headings. Raises Refused: a bomb, protected (DRM), or none at all."""
    check_office(path, memory, _CONTAINER)
    try:
        with zipfile.ZipFile(path) as archive:
            book = _book(archive)
            _check_open(archive, book)
            return Sections([one for name in book.chapters for one in _chapter(archive, name)], book.title)
    except (DefusedXmlException, ElementTree.ParseError, KeyError) as error:
        raise Refused("damaged") from error


def _book(archive: zipfile.ZipFile) -> _Book:
    container = ElementTree.fromstring(archive.read(_CONTAINER))
    package = next(element.get("full-path", "") for element in container.iter() if _local(element.tag) == "rootfile")
    tree = ElementTree.fromstring(archive.read(package))
    folder = posixpath.dirname(package)
    items: dict[str, str] = {}
    spine: list[str] = []
    title = ""
    for element in tree.iter():
        name = _local(element.tag)
        if name == "title" and not title:
            title = element.text or ""
        elif name == "item" and element.get("media-type", "") in _TEXTS and "nav" not in _properties(element.attrib):
            items[element.get("id", "")] = _part(folder, element.get("href", ""))
        elif name == "itemref":
            spine.append(element.get("idref", ""))
    there = set(archive.namelist())
    return _Book(title, tuple(items[key] for key in dict.fromkeys(spine) if items.get(key) in there))


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2]


def _properties(attributes: dict[str, str]) -> list[str]:
    return attributes.get("properties", "").split()


def _part(folder: str, href: str) -> str:
    """Return the name of a part of the ZIP; it is only ever looked up among the ones that there are."""
    return posixpath.normpath(posixpath.join(folder, unquote(urlsplit(href).path)))


def _check_open(archive: zipfile.ZipFile, book: _Book) -> None:
    """Raise Refused("protected") where a chapter is encrypted; fonts often are, and nothing is lost by it."""
    if _ENCRYPTION not in archive.namelist():
        return
    tree = ElementTree.fromstring(archive.read(_ENCRYPTION))
    locked = {unquote(element.get("URI", "")) for element in tree.iter() if _local(element.tag) == "CipherReference"}
    if locked & set(book.chapters):
        raise Refused("protected")


def _chapter(archive: zipfile.ZipFile, name: str) -> Iterator[Section]:
    with archive.open(name) as part:
        data = part.read(_CHAPTER)
    yield from join_blocks(blocks(parsed(data)))
