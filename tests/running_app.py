"""The real app in a process of its own, as a person would start it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradio_client import Client
from gradio_client.exceptions import AppError

ROOT = Path(__file__).resolve().parents[1]


@dataclass
class App:
    """A running app: its address, its data folder, and the process with its last lines."""

    url: str
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    data: Path = Path()

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def loaded(client: Client) -> Client:
    """Wait until the app's model has been loaded: the page is served before."""
    for _ in range(480):
        try:
            client.predict("a", api_name="/tokenize")
        except AppError:
            time.sleep(0.25)
        else:
            return client
    raise RuntimeError("the model was not loaded")


def start(data: Path, models: Path, *flags: str, env: Mapping[str, str] | None = None, download: bool = False) -> App:
    """Start app.py with the starter model on a free port and wait until the page answers."""
    command = [sys.executable, "app.py", "--port", "0", "--no-browser"]
    command += [] if download else ["--no-download"]
    command += ["--model", "smollm2-135m-instruct", "--embedding", "all-minilm-l6-v2", *flags]  # the last one counts
    own = {"AULA_DATA_DIR": str(data), "AULA_MODELS_DIR": str(models), "AULA_OFFLINE": "1", **(env or {})}
    process = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, **own}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    app = App("", process, data=data)
    ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                app.lines.append(line.rstrip())
                if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                    app.url = found.group(0)
                    ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True).start()
    ready.wait(120)
    if not app.url:
        app.stop()
        raise RuntimeError("the app did not start:\n" + "\n".join(app.lines[-20:]))
    with urllib.request.urlopen(app.url, timeout=30) as answer:
        assert answer.status == 200
    return app
