"""python -m bench page: how soon is the page there, beside the smallest page that Gradio makes?

Both are opened in a real Chromium, in turn, each time by a visitor with an empty cache. "There" means that the
question box can be written into, and for Aula that Python has filled what is kept. Needs requirements-dev.txt.
"""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_BARE = "import gradio as gr; gr.ChatInterface(lambda said, before: said, analytics_enabled=False).launch({})"
_BOX = "textarea:visible"
_FILLED = "#aula-sidebar :is(.aula-conversations, .aula-empty)"
_PLAYGROUND, _COLUMNS = "#aula-tabs > .tab-wrapper [role=tab]:nth-of-type(3)", "#aula-differs p"
_SLOW = 60_000  # ms


@dataclass(frozen=True)
class Options:
    """`rounds`: how often each page is opened; `model`: which one the app holds meanwhile."""

    model: str
    embedding: str
    rounds: int = 7


def run(options: Options) -> dict[str, Any]:
    """Return the seconds of both pages, and how long the first look at the Playground takes."""
    from playwright.sync_api import sync_playwright

    from docs.make_pictures import FLAGS, browser_path
    from tests.running_app import start

    with tempfile.TemporaryDirectory() as folder, _bare() as bare, sync_playwright() as playwright:
        models = Settings.from_env().models_dir
        app = start(Path(folder), models, "--model", options.model, "--embedding", options.embedding)
        try:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=FLAGS)
            ours, theirs, looks = [], [], []
            for _ in range(options.rounds):
                theirs.append(_opened(browser, bare, _BOX)[0])
                page, look = _opened(browser, app.url, _BOX, _FILLED, then=(_PLAYGROUND, _COLUMNS))
                ours.append(page)
                looks.append(look)
            browser.close()
        finally:
            app.stop()
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


@contextmanager
def _bare() -> Iterator[str]:
    """A chat with nothing around it, in a process of its own; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f"server_port={port}, quiet=True, share=False"
    process = subprocess.Popen([sys.executable, "-c", _BARE.format(options)])
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if process.poll() is not None:
                raise SystemExit("The bare page did not start.")
            try:
                with urllib.request.urlopen(url, timeout=5):
                    break
            except OSError:
                time.sleep(0.25)
        else:
            raise SystemExit("The bare page did not start.")
        yield url
    finally:
        process.terminate()
        process.wait()
