"""Starts this program's own modules as processes of their own; knows nothing of what they do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def command(module: str) -> list[str]:
    """Return the command line of a module of this program, for the same interpreter."""
    return [sys.executable, "-m", module]


def environment() -> dict[str, str]:
    """Return the environment in which such a process finds this program's modules."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def start(arguments: list[str]) -> subprocess.Popen[bytes]:
    """Start a process that finds this program's modules; it heads a group, so that it can be ended with its children.

    Its input and output are pipes; its errors go nowhere.
    """
    return subprocess.Popen(
        arguments,
        cwd=ROOT,
        env=environment(),
        start_new_session=os.name == "posix",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
