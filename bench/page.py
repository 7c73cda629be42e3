"""python -m bench page: how soon is the page there, beside the smallest page that Gradio makes?

Both are opened in a real Chromium, in turn, each time by a visitor with an empty cache. "There" means that the
question box can be written into, and for Aula that Python has filled what is kept. Needs requirements-dev.txt.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_BARE = (
    "import gradio as gr; gr.ChatInterface(lambda said, before: said, analytics_enabled=False).launch("
    "server_port={port}, quiet=True, share=False)"
)
_BOX = "textarea:visible"
_FILLED = "#aula-sidebar :is(.aula-conversations, .aula-empty)"
_PLAYGROUND, _COLUMNS = "#aula-tabs > .tab-wrapper [role=tab]:nth-of-type(3)", "#aula-differs p"
_APP = Path(__file__).resolve().parents[1] / "app.py"
_SLOW = 60_000  # ms


@dataclass(frozen=True)
class Options:
    """`rounds`: how often each page is opened; `model`: which one the app holds meanwhile."""

    model: str
    embedding: str
    rounds: int = 7


def run(options: Options) -> dict[str, Any]:
    """Return the seconds of both pages, and how long the first look at the Playground takes."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise SystemExit("This needs requirements-dev.txt: `make check` installs it.") from error

    from docs.make_pictures import FLAGS, browser_path

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        port, other = _free(), _free()
        app = [sys.executable, str(_APP), "--port", str(port), "--no-browser", "--no-download"]
        app += ["--model", options.model, "--embedding", options.embedding]
        bare = [sys.executable, "-c", _BARE.format(port=other)]
        with _serving(app, port, AULA_DATA_DIR=folder) as ours_at, _serving(bare, other) as theirs_at:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
            ours, theirs, looks = [], [], []
            for _ in range(options.rounds):
                theirs.append(_opened(browser, theirs_at, _BOX)[0])
                page, look = _opened(browser, ours_at, _BOX, _FILLED, then=(_PLAYGROUND, _COLUMNS))
                ours.append(page)
                looks.append(look)
            browser.close()
    return {
        "rounds": options.rounds,
        "page_s": statistics.median(ours),
        "bare_s": statistics.median(theirs),
        "ratio": statistics.median(ours) / statistics.median(theirs),
        "playground_s": statistics.median(looks),
    }


def _opened(browser: Browser, url: str, *there: str, then: tuple[str, str] | None = None) -> tuple[float, float]:
    """Return the seconds until all of `there` is there, and those from a click on `then`'s first to its second."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        began = time.perf_counter()
        page.goto(url)
        for selector in there:
            page.locator(selector).first.wait_for(state="attached", timeout=_SLOW)
        found = time.perf_counter() - began
        began = time.perf_counter()
        if then is not None:
            page.locator(then[0]).first.click()
            page.locator(then[1]).first.wait_for(timeout=_SLOW)
        return found, time.perf_counter() - began
    finally:
        context.close()


def _free() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def _serving(command: Sequence[str], port: int, **env: str) -> Iterator[str]:
    """Start what serves a page, in a process of its own, and give its address once it answers."""
    process = subprocess.Popen(command, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    break
            except OSError:
                time.sleep(0.25)
        else:
            raise SystemExit("A page did not start.")
        yield url
    finally:
        process.terminate()
        process.wait()
