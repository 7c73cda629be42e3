"""What the viewer's dialog is given: escaped, marked, in both languages, and an answer to whatever is asked."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import cast

import gradio as gr
import pytest

from rag.errors import DocumentNotFound, PageNotDrawn
from rag.highlight import Box
from rag.page_view import PageView
from rag.services import Services
from ui.texts import LANGUAGES, say
from ui.viewer import Viewer, spans, viewing

BAD = '<img src=x onerror="alert(1)">&"\''
TEXT = f"Antes. {BAD} Después."
SPAN = (TEXT.index(BAD), TEXT.index(BAD) + len(BAD))


def view(**more: object) -> PageView:
    return PageView("d", BAD, 2, 3, "page", TEXT, (SPAN,), **more)  # type: ignore[arg-type]


DRAWN = view(image=b"picture", type="image/webp", width=600.0, height=300.0, boxes=(Box(0.1, 0.2, 0.5, 0.25),))


@pytest.mark.parametrize("shown", [DRAWN, view(), view(reason=PageNotDrawn())])
def test_names_and_text_are_escaped_and_the_passage_is_marked(shown: PageView) -> None:
    html = viewing(shown, 7, "es")
    assert len(re.findall("<img", html)) == (shown.image is not None)
    assert re.search(r"Antes\. <mark>&lt;img [^<]+</mark> Después\.", html)
    assert 'data-request="7" data-page="2" data-pages="3"' in html
    assert "página 2 de 3" in html


def test_the_picture_travels_inside_with_a_box_in_shares_of_the_page() -> None:
    html = viewing(DRAWN, 1, "en")
    assert 'src="data:image/webp;base64,cGljdHVyZQ=="' in html
    assert 'data-width="800"' in html
    assert "left:10.000%;top:20.000%;width:40.000%;height:5.000%" in html
    assert html.index("<blockquote>") < html.index("<details>") < html.index("<figure"), "the passage is read first"
    assert say("en", "viewer.unmarked") not in html


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_missing_is_said(lang: str) -> None:
    assert say(lang, "viewer.unmarked") in viewing(view(image=b"x", type="image/png", width=1.0, height=1.0), 1, lang)
    assert PageNotDrawn().text(lang) in viewing(view(reason=PageNotDrawn()), 1, lang)
    assert say(lang, "viewer.no_text") in viewing(PageView("d", "n", 1, 1, "section", " "), 1, lang)


def test_the_first_and_the_last_page_have_no_neighbour() -> None:
    for page, dead in ((1, ["previous"]), (2, []), (3, ["next"])):
        html = viewing(PageView("d", "n", page, 3, "section", "x"), 1, "en")
        assert re.findall(r'data-view="(\w+)"[^>]* disabled', html) == dead


def test_spans_are_read_and_nonsense_is_not() -> None:
    assert spans({"spans": "120-187 250-301"}) == [(120, 187), (250, 301)]
    assert spans({"spans": "x-y -5 7-"}) == []
    assert spans({}) == spans({"spans": None}) == []


class Asked:
    """A page viewer that notes what it is asked, and answers with a page or an error."""

    def __init__(self, answer: PageView | Exception) -> None:
        self.answer = answer
        self.calls: list[tuple[object, ...]] = []

    def view(self, *call: object) -> PageView:
        self.calls.append(call)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def show(answer: PageView | Exception, data: object, user: str | None = None) -> tuple[str, Asked]:
    asked = Asked(answer)
    viewer = Viewer(cast("Services", SimpleNamespace(viewer=asked)))
    request = SimpleNamespace(username=user, cookies={"aula_lang": "es"}, headers={})
    return viewer.show(cast("gr.Request", request), gr.EventData(None, data)), asked


def test_it_is_asked_for_the_one_who_is_logged_in() -> None:
    data = {"request": 3, "document": "d", "page": "2", "spans": "1-4", "owner": "ana"}
    html, asked = show(DRAWN, data, user="berta")
    assert asked.calls == [("berta", "d", 2, [(1, 4)])]
    assert 'data-request="3"' in html


@pytest.mark.parametrize("data", [None, "x", {}, {"page": "x", "request": []}, {"page": 1e300, "document": ["d"]}])
def test_any_request_is_answered(data: object) -> None:
    html, _ = show(DocumentNotFound(), data)
    assert DocumentNotFound().text("es") in html
    assert 'data-view="close"' in html


def test_an_unforeseen_error_is_said_with_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    html, _ = show(RuntimeError("secret"), {"request": 1})
    (reference,) = set(re.findall(r"\b[0-9A-F]{6}\b", html))
    assert reference in caplog.text
    assert "secret" not in html
