"""The page around Gradio's page: its language, what it may load, and its script. It knows nothing of what is on it.

Gradio translates in the browser, by `navigator.language`, and never tells Python. So the language is decided here,
from the cookie or else the browser's header, and the browser is told before Gradio starts; callbacks ask the same
function, and both always agree.
"""

from __future__ import annotations

import ipaddress
import json
import re
from functools import cache
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.texts import LANGUAGES, say

COOKIE = "aula_lang"
_YEAR = 365 * 24 * 3600
# Nothing is fetched from anywhere but here, whatever a document or a model writes into the page.
_POLICY = "; ".join(
    [
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",  # Gradio's page is made of inline and built scripts
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' data: blob:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    ]
)
_HEADERS = [
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
# The names that page.js gives to what Gradio names in English only.
_READER = ("sidebar", "conversation", "question", "answer", "copy", "copied", "language", "more", "reset")
# And what page_viewer.js says before Python has answered.
_VIEWER = ("viewer", "viewer_loading", "viewer_lost", "viewer_close")
_SCRIPTS = ("page.js", "page_viewer.js", "page_documents.js", "page_lab.js", "page_map_marks.js", "page_map.js")
# Gradio's routes that fetch an address for whoever asks.
_FETCHING = re.compile(r"/(?:file|proxy)=https?:", re.IGNORECASE)
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/]+)(?::\d*)?", re.IGNORECASE)
_SOCIAL = re.compile(r'\s*<meta\s+(?:property="og:|name="twitter:)[^>]*>')


def choose_language(cookie: str | None, accepted: str | None) -> str:
    """Return "es" or "en": the person's own choice, or else the first of the browser's languages that Aula has."""
    if cookie in LANGUAGES:
        return str(cookie)
    ranked: list[tuple[float, int, str]] = []
    for position, part in enumerate((accepted or "").split(",")):
        tag, _, rest = part.strip().partition(";")
        found = re.search(r"q=([0-9.]+)", rest)
        try:
            weight = float(found.group(1)) if found else 1.0
        except ValueError:
            weight = 0.0
        ranked.append((-weight, position, tag.lower().split("-")[0]))
    for weight, _, tag in sorted(ranked):
        if tag in LANGUAGES and weight < 0:
            return tag
    return "en"


def cookie_of(header: str | None) -> str | None:
    """Return the language cookie out of a Cookie header."""
    try:
        morsel = SimpleCookie(header or "").get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None


@cache
def _beside(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def rewrite(html: str, lang: str) -> str:
    """Put language and script into Gradio's page, and take out the addresses that it advertises."""
    told = "".join(
        f"Object.defineProperty(navigator,'{name}',{{get:()=>{value},configurable:true}});"
        for name, value in (("language", f"'{lang}'"), ("languages", f"['{lang}']"))
    )
    said = {name: say(lang, f"reader.{name}") for name in (*_READER, *_VIEWER)} | {"unfound": say(lang, "chat.unfound")}
    words = json.dumps(said, ensure_ascii=False)
    head = (
        f"<head>\n<script>{told}window.aulaWords={words};</script>\n"
        f"<script>{''.join(map(_beside, _SCRIPTS))}</script>\n<style>{_beside('frame.css')}</style>"
    )
    html = _SOCIAL.sub("", html)
    html = html.replace('lang="en"', f'lang="{lang}"', 1)
    return html.replace("<head>", head, 1)


def is_this_machine(host: str) -> bool:
    """Tell whether an address can only mean the machine itself: localhost, or a loopback address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return False


def refusal(scope: Scope, lang: str, private: bool) -> str:
    """Return why a request is not served, or an empty text.

    `private`: nobody but this machine is meant to be served. A page from elsewhere whose name was made to lead here
    (DNS rebinding) gives itself away by that name.
    """
    named = Headers(scope=scope).get("host") or ""
    found = _HOST.fullmatch(named)
    if private and not (found and is_this_machine(found.group(1))):
        return say(lang, "refused.host")
    if _FETCHING.search(scope["path"]):
        return say(lang, "error.web_address")
    return ""


class PageMiddleware:
    """Refuses what must not be served, sets the language cookie on ?lang=, and rewrites pages on their way out."""

    def __init__(self, app: ASGIApp, private: bool = False) -> None:
        """Wrap an ASGI app; `private`: it is served to this machine only."""
        self.app = app
        self._private = private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        lang = choose_language(cookie_of(headers.get("cookie")), headers.get("accept-language"))
        if reason := refusal(scope, lang, self._private):
            await PlainTextResponse(reason, status_code=403)(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        wanted = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [""])[0]
        if scope["method"] == "GET" and wanted in LANGUAGES and scope["path"].endswith("/"):
            await _redirect(wanted, send)
            return
        await self.app(scope, receive, _Rewriter(send, lang).send)


async def _redirect(lang: str, send: Send) -> None:
    cookie = f"{COOKIE}={lang}; Path=/; Max-Age={_YEAR}; SameSite=Lax"
    headers = [(b"location", b"./"), (b"set-cookie", cookie.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


class _Rewriter:
    """Holds an HTML answer back until it is whole; lets everything else, streams above all, through."""

    def __init__(self, send: Send, lang: str) -> None:
        self._send = send
        self._lang = lang
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *_HEADERS]
            kind = Headers(raw=message["headers"]).get("content-type", "")
            if kind.startswith("text/html"):
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._finish(self._start)

    async def _finish(self, start: Message) -> None:
        body = self._body
        if body:  # a HEAD request has none
            body = rewrite(body.decode("utf-8"), self._lang).encode("utf-8")
        kept = [(k, v) for k, v in start["headers"] if k.lower() not in (b"content-length", b"etag", b"cache-control")]
        kept += [(b"cache-control", b"no-store"), (b"vary", b"Cookie, Accept-Language")]
        if body:
            kept.append((b"content-length", str(len(body)).encode()))
        start["headers"] = kept
        await self._send(start)
        await self._send({"type": "http.response.body", "body": body})
