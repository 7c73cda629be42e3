"""Finds the Chromium of the browser tests, or installs it where it may; nothing else in Aula needs one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from environment import SetupError, shown
from setup_texts import say, text

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
PLAYWRIGHT = (
    "from playwright.sync_api import sync_playwright\nwith sync_playwright() as p: print(p.chromium.executable_path)"
)
APT_LOCK_S = 600


def runs(path: str) -> bool:
    """Say whether `path` is a browser that starts: Ubuntu's package may only print advice."""
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=120).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def find(python: Path) -> str | None:
    """Return AULA_CHROMIUM, one on the PATH, an application of macOS or Playwright's own, else None."""
    on_path = [shutil.which(name) for name in NAMES]
    for path in [os.environ.get("AULA_CHROMIUM"), *on_path, *MAC_APPS]:
        if path and Path(path).is_file() and runs(path):
            return path
    own = subprocess.run([python, "-c", PLAYWRIGHT], capture_output=True, text=True).stdout.strip()
    return own if own and Path(own).is_file() and runs(own) else None


def install() -> None:
    """Install Debian's chromium when root and apt-get is there; otherwise do nothing."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say("chromium_installing")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={APT_LOCK_S}"]
    for command in (
        ["update"],
        ["install", "-y", "--no-install-recommends", "chromium", "fonts-dejavu-core"],
    ):
        done = subprocess.run([*apt, *command], env=env, capture_output=True, text=True)
        if done.returncode:
            print((done.stdout + done.stderr).strip(), flush=True)


def ensure(python: Path) -> str:
    """Return the path of a Chromium that runs; raises SetupError saying how to get one."""
    path = find(python)
    if path is None:
        install()
        path = find(python)
    if path is None:
        own = f"{shown(python)} -m playwright install chromium"
        how = "sudo apt install chromium" if shutil.which("apt-get") else "https://www.chromium.org"
        raise SetupError(text("no_chromium", how=how, playwright=own))
    say("chromium_there", path=path)
    return path
