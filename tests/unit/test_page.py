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

from ui import launch_kwargs
from ui.markdown import harmless
from ui.page import COOKIE, PageMiddleware, choose_language, cookie_of, is_this_machine, rewrite
from ui.texts import say

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


def served(private: bool) -> TestClient:
    routes = [Route("/", page), Route("/plain", plain), Route("/gradio_api/{rest:path}", plain)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(PageMiddleware, private=private)]))


@pytest.fixture
def client() -> TestClient:
    return served(private=False)


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


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:7860", "localhost:1", "LocalHost", "[::1]:7860", "[::1]"])
def test_a_private_page_answers_to_its_own_names(host: str) -> None:
    assert served(private=True).get("/plain", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "localhost.evil.example:7860",
        "evil.example@127.0.0.1",
        "192.168.1.7:7860",
        "[2001:db8::1]:7860",
        "0.0.0.0",
        "localhost, evil.example",
        "",
    ],
)
def test_a_private_page_answers_to_no_other_name(host: str) -> None:
    """A name of somebody else's that was made to lead here: DNS rebinding."""
    for path in ("/", "/plain", "/?lang=es"):
        answer = served(private=True).get(path, headers={"host": host, "accept-language": "es"}, follow_redirects=False)
        assert (answer.status_code, answer.text) == (403, say("es", "refused.host"))
    assert served(private=False).get("/plain", headers={"host": host}).status_code == 200


def test_private_is_what_listens_on_this_machine_only() -> None:
    asked = ("127.0.0.1", "127.0.0.2", "localhost", "::1", "0.0.0.0", "::", "192.168.1.7", "aula.example")
    assert [is_this_machine(host) for host in asked] == [True] * 4 + [False] * 4
    for host, private in (("127.0.0.1", True), ("0.0.0.0", False)):
        middleware, _ = launch_kwargs(host)["app_kwargs"]["middleware"]
        assert middleware.kwargs == {"private": private}


@pytest.mark.parametrize(
    "route", ["file=http://far.example/x", "file=HTTPS:/far.example", "proxy=http%3A//far.example"]
)
def test_nothing_is_fetched_for_whoever_asks(client: TestClient, route: str) -> None:
    answer = client.get(f"/gradio_api/{route}")
    assert (answer.status_code, answer.text) == (403, say("en", "error.web_address"))
    assert client.get("/gradio_api/file=/tmp/x.txt").status_code == 200


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
