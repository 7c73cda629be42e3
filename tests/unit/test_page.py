"""The page's language, its rewriting and its headers; and what is done to text before it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.markdown import harmless
from ui.page import COOKIE, PageMiddleware, choose_language, cookie_of, rewrite

PAGE = (
    '<html lang="en"><head><meta property="og:image" content="https://far.example/x.png" /></head><body></body></html>'
)


@pytest.mark.parametrize(
    ("cookie", "accepted", "lang"),
    [
        (None, "es-ES,es;q=0.9,en;q=0.8", "es"),
        (None, "en-GB,en;q=0.9,es;q=0.8", "en"),
        (None, "en;q=0.2, es;q=0.7", "es"),
        (None, "ca-ES,es;q=0.5,en;q=0.4", "es"),
        (None, "fr-FR", "en"),
        (None, "es;q=0, en", "en"),
        (None, "es;q=nothing", "es"),
        (None, "", "en"),
        (None, None, "en"),
        ("es", "en", "es"),
        ("en", "es", "en"),
        ("xx", "es", "es"),
    ],
)
def test_whose_language(cookie: str | None, accepted: str | None, lang: str) -> None:
    assert choose_language(cookie, accepted) == lang


@given(st.text(max_size=80), st.text(max_size=80))
def test_any_header_has_a_language(cookie: str, accepted: str) -> None:
    assert choose_language(cookie_of(cookie), accepted) in ("es", "en")


def test_rewritten_page_speaks_the_language_and_names_no_other_place() -> None:
    html = rewrite(PAGE, "es")
    assert '<html lang="es">' in html
    assert "'language'" in html
    assert "far.example" not in html
    assert html.index("defineProperty") < html.index("</head>")


def page(_: Request) -> Response:
    return HTMLResponse(PAGE)


def plain(_: Request) -> Response:
    return PlainTextResponse("<head>")


@pytest.fixture
def client() -> TestClient:
    routes = [Route("/", page), Route("/plain", plain)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(PageMiddleware)]))


def test_only_pages_are_rewritten_and_all_answers_are_confined(client: TestClient) -> None:
    answer = client.get("/", headers={"accept-language": "es"})
    assert 'lang="es"' in answer.text
    assert len(answer.content) == int(answer.headers["content-length"])
    assert client.get("/plain").text == "<head>"
    for path in ("/", "/plain"):
        policy = client.get(path).headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "http" not in policy


def test_switch_sets_the_cookie_and_comes_back(client: TestClient) -> None:
    answer = client.get("/?lang=es", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["set-cookie"].startswith(f"{COOKIE}=es;")
    assert 'lang="es"' in client.get("/", headers={"accept-language": "en"}).text
    assert client.get("/?lang=xx", follow_redirects=False).status_code == 200


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![a](http://far.example/x.png)", "a (http://far.example/x.png)"),
        ("[here](http://far.example/)", "here (http://far.example/)"),
        ("![][r]\n\n[r]: http://far.example/x.png", "!\\[][r]\n\n\\[r]: http://far.example/x.png"),
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)>"),
        ("a < b and 3<4", "a < b and 3<4"),
        ("`<b>![x](y)`", "`<b>![x](y)`"),
        ("```\n<b>![x](y)\n```\n<b>", "```\n<b>![x](y)\n```\n&lt;b>"),
        ("```\n<b>", "```\n<b>"),
        ("See [1] and **bold**.", "See [1] and **bold**."),
    ],
)
def test_harmless(text: str, shown: str) -> None:
    assert harmless(text) == shown
