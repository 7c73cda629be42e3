"""Large files between the browser and the data folder, each under an address that is known to one page and serves once.

Knows nothing of what is in them. Gradio's own cache serves whatever lies in it to everybody, and again; and it takes
no upload that is larger than a document may be.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.errors import BackupWaited

MINUTES = 10  # as long a file waits after it was last touched
PREFIX = "aula-handover/"
_PLACE = re.compile(r"/aula-handover/([A-Za-z0-9_-]{43})$")
_PIECE = 2**16  # bytes: about as much as lies between a server and a browser


class Handover:
    """Files that wait in `folder`, under names that do not give their addresses away. Safe to use from threads."""

    def __init__(self, folder: Path) -> None:
        """Use a folder that nothing serves."""
        self._folder = folder

    def give(self, file: Path, name: str) -> str:
        """Take `file` over and return the token under which it can be fetched once, as `name`."""
        token = self._token()
        file.replace(self._out(token))
        self._name(token).write_text(name, encoding="utf-8")
        return token

    def expect(self, name: str) -> str:
        """Return a token under which one file may be sent, which the person calls `name`."""
        token = self._token()
        self._name(token).write_text(name, encoding="utf-8")
        self._in(token).touch(mode=0o600)
        return token

    def called(self, token: str) -> str:
        """Return what a waiting file is called."""
        try:
            return self._name(token).read_text(encoding="utf-8")
        except OSError:
            return ""

    def arrived(self, token: str) -> Path:
        """Return where the file lies that was sent under `token`. Raises BackupWaited when it is gone."""
        path = self._in(token)
        if not path.is_file():
            raise BackupWaited
        self.keep(token)
        return path

    def keep(self, token: str) -> None:
        """Let what waits under `token` wait as long again from now on: somebody works with it."""
        with suppress(OSError):
            os.utime(self._name(token))

    def discard(self, token: str) -> None:
        """Forget what waits under `token`, in whichever direction."""
        for path in self._paths(token):
            with suppress(OSError):  # Windows: not while it is open; it goes with the next start
                path.unlink(missing_ok=True)

    def take(self, token: str) -> tuple[IO[bytes], str, int] | None:
        """Return the file for `token` open for reading, its name and size; nobody else can have it until `taken`."""
        taken = self._taken(token)
        try:
            self._out(token).replace(taken)
            file, size = taken.open("rb"), taken.stat().st_size
        except OSError:
            return None
        return file, self.called(token), size

    def taken(self, token: str, whole: bool) -> None:
        """End what `take` began, its file closed: it is gone when it was sent whole, else it can be fetched again."""
        with suppress(OSError):  # discarded meanwhile
            if whole:
                self._name(token).write_bytes(b"")
                self._name(token).replace(self._sent(token))
                self._taken(token).unlink()
            else:
                self._taken(token).replace(self._out(token))
                self.keep(token)

    def state(self, token: str) -> str:
        """Return how a file stands that was given: "waiting", "going", "sent" to its last byte, or "gone"."""
        for path, state in (
            (self._taken(token), "going"),
            (self._out(token), "waiting"),
            (self._sent(token), "sent"),
            (self._taken(token), "going"),  # between the looks
        ):
            if path.exists():
                return state
        return "gone"

    def size(self, token: str) -> int:
        """Return how many bytes a file has that waits to be fetched. Raises BackupWaited when it is gone."""
        try:
            return self._out(token).stat().st_size
        except OSError:
            raise BackupWaited from None

    def receive(self, token: str) -> IO[bytes] | None:
        """Return a file to write into, if one is expected under `token` and nothing has come yet."""
        path = self._in(token)
        try:
            if path.stat().st_size:
                return None
            return path.open("wb")
        except OSError:
            return None

    def _token(self) -> str:
        self._folder.mkdir(parents=True, exist_ok=True)
        token = secrets.token_urlsafe(32)
        self._later(token, MINUTES * 60)
        return token

    def _later(self, token: str, seconds: float) -> None:
        late = threading.Timer(seconds, self._late, [token])
        late.daemon = True
        late.start()

    def _late(self, token: str) -> None:
        """Discard what has waited long enough. What grows, or is fetched or worked with, does not wait."""
        touched = [_touched(path) for path in self._paths(token) if path.exists()]
        left = max(touched, default=0.0) + MINUTES * 60 - time.time()
        if touched and self._taken(token).exists():
            left = MINUTES * 60
        if left > 0:
            self._later(token, left)
        else:
            self.discard(token)

    def _paths(self, token: str) -> tuple[Path, ...]:
        return self._out(token), self._taken(token), self._sent(token), self._in(token), self._name(token)

    def _path(self, token: str, suffix: str) -> Path:
        return self._folder / f"{hashlib.sha256(token.encode()).hexdigest()}{suffix}"

    def _out(self, token: str) -> Path:
        return self._path(token, ".out")

    def _taken(self, token: str) -> Path:
        return self._path(token, ".taken")

    def _sent(self, token: str) -> Path:
        return self._path(token, ".sent")

    def _in(self, token: str) -> Path:
        return self._path(token, ".in")

    def _name(self, token: str) -> Path:
        return self._path(token, ".name")


def _touched(path: Path) -> float:
    """Return when a file was last written to or kept, in seconds since 1970; 0 when it has just gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


class HandoverRoute:
    """Serves and receives a Handover's files; lets everything else through."""

    def __init__(self, app: ASGIApp, folder: Path) -> None:
        """Wrap an ASGI app."""
        self.app = app
        self._handover = Handover(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        found = _PLACE.search(scope["path"]) if scope["type"] == "http" else None
        if found is None:
            await self.app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._serve(found[1], scope, receive, send)
        elif scope["method"] == "PUT":
            await self._receive(found[1], scope, receive, send)
        else:
            await Response(status_code=405)(scope, receive, send)

    async def _serve(self, token: str, scope: Scope, receive: Receive, send: Send) -> None:
        taken = await run_in_threadpool(self._handover.take, token)
        if taken is None:
            await Response(status_code=404)(scope, receive, send)
            return
        file, name, size = taken
        headers = {
            "content-type": "application/octet-stream",
            "content-length": str(size),
            "content-disposition": f"attachment; filename*=utf-8''{quote(name)}",
            "cache-control": "no-store",
        }
        whole, browser = False, Request(scope, receive)
        try:
            raw = [(key.encode(), value.encode()) for key, value in headers.items()]
            await send({"type": "http.response.start", "status": 200, "headers": raw})
            while data := await run_in_threadpool(file.read, _PIECE):
                if await browser.is_disconnected():  # what is sent from then on goes nowhere, without an error
                    return
                await send({"type": "http.response.body", "body": data, "more_body": True})
            whole = True
            await send({"type": "http.response.body", "body": b""})
        finally:
            await run_in_threadpool(file.close)
            self._handover.taken(token, whole)

    async def _receive(self, token: str, scope: Scope, receive: Receive, send: Send) -> None:
        file = await run_in_threadpool(self._handover.receive, token)
        if file is None:
            await Response(status_code=404)(scope, receive, send)
            return
        try:
            with file:
                async for data in Request(scope, receive).stream():
                    await run_in_threadpool(file.write, data)
        except ClientDisconnect:  # closed, or stopped on the page
            self._handover.discard(token)
            return
        except OSError:  # the disk is full
            self._handover.discard(token)
            await Response(status_code=507)(scope, receive, send)
            return
        await Response(status_code=204)(scope, receive, send)
