"""Large files between browser and data folder: each address serves once, and nothing stays where others could read."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Message

from rag.errors import BackupWaited
from ui import launch_kwargs
from ui.handover import MINUTES, PREFIX, Handover, HandoverRoute


def below(_: Request) -> Response:
    return PlainTextResponse("the page")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def client(folder: Path) -> TestClient:
    routes = [Route("/{rest:path}", below, methods=["GET", "PUT", "POST"])]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(HandoverRoute, folder=folder)]))


def given(folder: Path, tmp_path: Path, content: bytes = b"x" * 3_000_000) -> str:
    file = tmp_path / "made.zip"
    file.write_bytes(content)
    return Handover(folder).give(file, "copia de seguridad ñ.zip")


def test_a_file_is_served_once_and_is_gone(client: TestClient, folder: Path, tmp_path: Path) -> None:
    token = given(folder, tmp_path)
    assert not any(token in path.name for path in folder.iterdir())  # whoever sees the folder cannot fetch it
    answer = client.get(f"/{PREFIX}{token}")
    assert (answer.status_code, answer.content) == (200, b"x" * 3_000_000)
    assert answer.headers["cache-control"] == "no-store"
    assert "attachment" in answer.headers["content-disposition"]
    assert "copia%20de%20seguridad%20%C3%B1.zip" in answer.headers["content-disposition"]
    assert Handover(folder).state(token) == "sent"
    (left,) = folder.iterdir()  # that it was sent, and no more
    assert left.read_bytes() == b""
    assert client.get(f"/{PREFIX}{token}").status_code == 404
    Handover(folder).discard(token)
    assert list(folder.iterdir()) == []


def test_a_download_that_breaks_off_can_be_tried_again(client: TestClient, folder: Path, tmp_path: Path) -> None:
    token = given(folder, tmp_path)
    handover = Handover(folder)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.disconnect" if len(sent) > 3 else "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        assert handover.state(token) == "going"
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": f"/{PREFIX}{token}", "headers": []}
    asyncio.run(HandoverRoute(client.app, folder)(scope, receive, send))
    assert sum(len(message.get("body", b"")) for message in sent) < 3_000_000
    assert handover.state(token) == "waiting"
    assert handover.size(token) == 3_000_000
    assert client.get(f"/{PREFIX}{token}").content == b"x" * 3_000_000


def test_what_waits_is_swept_when_nobody_has_touched_it_for_long(
    client: TestClient, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handover, again = Handover(folder), []
    monkeypatch.setattr(handover, "_later", lambda token, seconds: again.append(seconds))
    token = handover.expect("mía.zip")
    old(folder)
    assert client.put(f"/{PREFIX}{token}", content=b"y").status_code == 204  # it took long to come
    handover._late(token)
    assert handover.arrived(token).read_bytes() == b"y"
    old(folder)
    handover.keep(token)  # it is being checked
    handover._late(token)
    assert handover.arrived(token).read_bytes() == b"y"
    old(folder)
    handover._late(token)
    with pytest.raises(BackupWaited, match="Choose the file again"):
        handover.arrived(token)
    assert list(folder.iterdir()) == []
    assert [0 < seconds <= 60 * MINUTES for seconds in again] == [True] * 3  # from the start, and twice for longer
    going = given(folder, tmp_path)
    taken = handover.take(going)
    assert taken is not None
    old(folder)
    handover._late(going)
    assert handover.state(going) == "going"
    taken[0].close()
    handover.discard(going)


def old(folder: Path) -> None:
    """Let everything that waits have been there for a day."""
    for path in folder.iterdir():
        os.utime(path, (1, 1))


def test_no_other_address_serves_it(client: TestClient, folder: Path, tmp_path: Path) -> None:
    token = given(folder, tmp_path)
    stored = next(path.stem for path in folder.glob("*.out"))
    for other in ("A" * 43, stored[:43], token[:-1] + ("A" if token[-1] != "A" else "B")):
        assert client.get(f"/{PREFIX}{other}").status_code == 404
    for path in (f"{PREFIX}..%2f{stored}", f"{PREFIX}{token}/", f"{PREFIX}{token}x", "elsewhere"):
        assert client.get(f"/{path}").text == "the page"
    assert client.post(f"/{PREFIX}{token}").status_code == 405
    assert client.put(f"/{PREFIX}{token}", content=b"over it").status_code == 404
    assert client.get(f"/{PREFIX}{token}").status_code == 200


def test_a_file_that_is_expected_is_taken_once(client: TestClient, folder: Path) -> None:
    handover = Handover(folder)
    token = handover.expect("mía.zip")
    assert client.get(f"/{PREFIX}{token}").status_code == 404  # it goes in, not out
    assert client.put(f"/{PREFIX}{token}", content=b"y" * 2_500_000).status_code == 204
    assert client.put(f"/{PREFIX}{token}", content=b"other").status_code == 404
    assert client.get(f"/{PREFIX}{token}").status_code == 404
    assert handover.arrived(token).read_bytes() == b"y" * 2_500_000
    assert handover.arrived(token).stat().st_mode & 0o077 == 0
    assert handover.called(token) == "mía.zip"
    handover.discard(token)
    assert list(folder.iterdir()) == []
    assert client.put(f"/{PREFIX}{token}", content=b"again").status_code == 404
    assert client.put(f"/{PREFIX}{'B' * 43}", content=b"unasked").status_code == 404


def test_only_a_page_with_a_folder_has_the_route(folder: Path) -> None:
    kinds = [one.cls for one in launch_kwargs("127.0.0.1", folder)["app_kwargs"]["middleware"]]
    assert kinds[-1] is HandoverRoute
    assert HandoverRoute not in [one.cls for one in launch_kwargs("127.0.0.1")["app_kwargs"]["middleware"]]
