"""Reading pictures with a Tesseract that is missing, hangs, fails or fills the memory: a page is lost, nothing more."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from rag import ocr
from rag.errors import Cancelled, OcrMissing
from rag.pages import Limits
from tests.scans import empty_scan, pdf_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-ins for Tesseract are scripts with a first line")
LIMITS = Limits(page_seconds=4.0)
LISTS = 'if "--list-langs" in sys.argv:\n    print("List of available languages (2):\\neng\\nosd")\n    sys.exit()\n'


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "_USUAL_PLACES", ())
    ocr._listed.cache_clear()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return pdf_of([empty_scan().resize((300, 400))], tmp_path / "page.pdf")


def pretend(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Put a program called tesseract on the PATH, and nothing else."""
    program = folder / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable}\nimport sys, os, time\n{LISTS}{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(program.parent))


def test_without_tesseract_it_says_how_to_get_it(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert not ocr.available()
    assert ocr.languages() == ()
    with pytest.raises(OcrMissing) as missing:
        ocr.read(page, ".pdf", 1)
    assert all("tesseract-ocr-spa" in missing.value.text(lang) for lang in ("en", "es"))


def test_only_installed_languages_are_asked_for(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tmp_path / "asked"
    pretend(tmp_path, monkeypatch, f"open({str(asked)!r}, 'a').write(' '.join(sys.argv[1:]) + '\\n')")
    assert ocr.languages() == ("eng",)
    assert ocr.available()
    done = ocr.read(page, ".pdf", 1, limits=LIMITS)
    assert (done.how, done.reason, done.text) == ("empty", "ocr", "")
    assert "stdin stdout -l eng --psm 3" in asked.read_text().splitlines()[0]


def test_one_that_hangs_is_ended_at_the_limit(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    pretend(tmp_path, monkeypatch, f"open({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    done = ocr.read(page, ".pdf", 1, limits=LIMITS)
    assert (done.number, done.how, done.reason) == (1, "failed", "time")
    assert ended(int(told.read_text()))


def test_one_that_hangs_is_ended_with_its_document(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = tmp_path / "told"
    pretend(tmp_path, monkeypatch, f"open({str(told)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)")
    cancel = threading.Event()
    watching = threading.Thread(target=set_when, args=(told, cancel))
    watching.start()
    with pytest.raises(Cancelled):
        ocr.read(page, ".pdf", 1, cancel=cancel)
    watching.join()
    assert ended(int(told.read_text()))


@pytest.mark.parametrize("script", ["sys.exit(1)", "os.abort()"])
def test_one_that_fails_costs_the_page(
    script: str, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(tmp_path, monkeypatch, script)
    done = ocr.read(page, ".pdf", 1, limits=LIMITS)
    assert (done.how, done.reason) == ("failed", "ocr")


def test_what_is_no_document_is_damaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(tmp_path, monkeypatch, "")
    for name in ("page.pdf", "page.png"):
        path = tmp_path / name
        path.write_bytes(b"%PDF-1.7 and nothing else")
        assert ocr.read(path, path.suffix, 1, limits=LIMITS).reason == "damaged"


def set_when(path: Path, event: threading.Event) -> None:
    """Set an event as soon as a process has written its number."""
    while not (path.exists() and path.read_text()):
        threading.Event().wait(0.05)
    event.set()


def ended(number: int) -> bool:
    """Whether a process is no more, or only waits to be counted by its parent; on a busy machine it takes a moment."""
    for _ in range(100):
        try:
            if psutil.Process(number).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.1)
    return False
