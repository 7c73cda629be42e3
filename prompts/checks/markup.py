"""Checks that an answer is XML or HTML, or holds some. Nothing is loaded: no entity, no document type."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from prompts.checks.kinds import Asked, Found, Kind, fact
from rag.errors import BadCheck

_OPENING = re.compile(r"<([A-Za-z_][\w.:-]{0,80})(?=[\s/>])")
_MOST_TRIED = 50
_MOST_PARSED = 1_000_000  # characters, of all that is tried of one answer together
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_SIGNS = (  # of HTML; two of them are none of "a < b" or an address
    re.compile(r"<!doctype html", re.IGNORECASE),
    re.compile(
        r"</?(?:html|head|body|div|span|p|a|img|h[1-6]|ul|ol|li|table|tr|td|th|form|br|hr)\b[^<>]*>", re.IGNORECASE
    ),
    re.compile(r"</[a-zA-Z][\w-]*\s*>"),
    re.compile(r"<[a-zA-Z][\w-]*[^<>]*/>"),
    re.compile(r"<[a-zA-Z][\w-]*\s[^<>]*=\s*[\"'][^<>]*>"),
    re.compile(r"&(?:[a-zA-Z]{2,20}|#\d{1,7}|#x[0-9a-fA-F]{1,6});"),
    re.compile(r"<!--[^<>]*-->"),
)


def _is_xml(asked: Asked) -> Found:
    wanted, root = _wanted(asked), _parse(asked.text.strip())
    if root is None:
        return fact(False, "check.xml", "check.xml_not")
    return _with_elements(root, wanted)


def _contains_xml(asked: Asked) -> Found:
    wanted, best = _wanted(asked), None
    for root in _roots(asked.text):
        found = _with_elements(root, wanted)
        if found.lenient == "right":
            return found
        best = best or found
    return best or fact(False, "check.xml", "check.xml_held_not")


def _parse(text: str) -> Element | None:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError):
        return None
    return root


def _roots(text: str) -> Iterator[Element]:
    """Yield the outermost well-formed elements, in order."""
    position, left = 0, _MOST_PARSED
    for _ in range(_MOST_TRIED):
        opening = _OPENING.search(text, position)
        if not opening:
            return
        position = opening.end()
        for end in _ends(text, opening):
            left -= end - opening.start()
            if left < 0:
                return
            root = _parse(text[opening.start() : end])
            if root is not None:
                yield root
                position = end
                break


def _ends(text: str, opening: re.Match[str]) -> Iterator[int]:
    """Yield where the element may end: at its own bracket, or at a closing tag of its name."""
    own = text.find("/>", opening.end())
    if own >= 0:
        yield own + 2
    closing = re.compile(rf"</{re.escape(opening[1])}\s*>")
    for n, match in enumerate(closing.finditer(text, opening.end())):
        if n >= _MOST_TRIED:
            return
        yield match.end()


def _wanted(asked: Asked) -> list[str]:
    """Return the elements that must be there: dotted paths from the root, {requiredElements: [root.child]}."""
    value = asked.value
    if value is None:
        return []
    if not (isinstance(value, Mapping) and isinstance(value.get("requiredElements"), list)):
        raise BadCheck(type=asked.check.type, reason="value: {requiredElements: [root.child]}")
    return [str(one) for one in value["requiredElements"]]


def _with_elements(root: Element, wanted: list[str]) -> Found:
    missing = [path for path in wanted if not _has(root, path.split("."))]
    return fact(not missing, "check.xml", "check.xml_missing", value=", ".join(missing))


def _has(root: Element, path: list[str]) -> bool:
    if not path or root.tag != path[0]:
        return False
    level = [root]
    for name in path[1:]:
        level = [child for parent in level for child in parent if child.tag == name]
    return bool(level)


class _Outline(HTMLParser):
    """Whether tags are balanced and nothing but white space stands outside of them."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags = 0
        self.broken = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.broken = True

    def handle_data(self, data: str) -> None:
        self.broken = self.broken or bool(data.strip() and not self.open)

    def handle_pi(self, data: str) -> None:
        self.broken = True  # XML


def _is_html(asked: Asked) -> Found:
    # The parser is slow on tags that never end, and a text of such tags is no HTML.
    if asked.text.count("<") > 2 * asked.text.count(">"):
        return fact(False, "check.html", "check.html_not")
    outline = _Outline()
    outline.feed(asked.text)
    outline.close()
    holds = bool(outline.tags) and not outline.open and not outline.broken
    return fact(holds, "check.html", "check.html_not")


def _contains_html(asked: Asked) -> Found:
    signs = sum(bool(sign.search(asked.text)) for sign in _SIGNS)
    return fact(signs >= 2, "check.html_held", "check.html_held_not")


KINDS = (
    Kind("is-xml", "elements", _is_xml),
    Kind("contains-xml", "elements", _contains_xml),
    Kind("is-html", "nothing", _is_html),
    Kind("contains-html", "nothing", _contains_html),
)
