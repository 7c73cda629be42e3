"""The command line of the models folder: list, pull and verify, in the terminal's language (es or en)."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

from rag.errors import AulaError, Cancelled
from rag.models import Catalogue
from rag.settings import Settings
from rag.transfer import Progress, human

OK, FAILED, CANCELLED = 0, 1, 130  # 130: what a shell reports for Ctrl-C
BAR = 28
TEXTS = {
    "en": {
        "about": "List, download and check the models.",
        "list": "show what is installed and what can be had",
        "pull": "download models; an interrupted download is resumed",
        "verify": "compute the hashes of installed models again",
        "names": "name from the list, or hub:owner/repo/file.gguf",
        "some": "names; all installed ones when left out",
        "here": "* installed in {folder}",
        "ready": "{name}: ready, {path}",
        "cancelled": "Stopped. What has arrived is kept: the same command goes on from there.",
        "good": "{name}: as it should be",
        "bad": "{name}: NOT the file it should be; delete it and pull it again",
        "none": "Nothing is installed in {folder}.",
        "downloading": "downloading",
        "checking": "checking",
        "building": "converting",
        "done": "ready",
        "failed": "The models folder cannot be used: {reason}",
    },
    "es": {
        "about": "Muestra, descarga y comprueba los modelos.",
        "list": "muestra lo que está instalado y lo que se puede descargar",
        "pull": "descarga modelos; una descarga interrumpida se reanuda",
        "verify": "vuelve a calcular los hashes de los modelos instalados",
        "names": "nombre de la lista, o hub:propietario/repositorio/archivo.gguf",
        "some": "nombres; si no se indica ninguno, todos los instalados",
        "here": "* instalado en {folder}",
        "ready": "{name}: listo, {path}",
        "cancelled": "Detenido. Lo descargado se conserva: la misma orden sigue desde ahí.",
        "good": "{name}: correcto",
        "bad": "{name}: NO es el archivo que debería ser; bórralo y descárgalo de nuevo",
        "none": "No hay nada instalado en {folder}.",
        "downloading": "descargando",
        "checking": "comprobando",
        "building": "convirtiendo",
        "done": "listo",
        "failed": "No se puede usar la carpeta de modelos: {reason}",
    },
}


def language() -> str:
    """Return "es" where LC_ALL, LC_MESSAGES or LANG, the first that is set, asks for Spanish, else "en"."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "es" if value.lower().startswith("es") else "en"
    return "en"


class Bar:
    """One line of progress on standard error: redrawn in a terminal, a line each tenth elsewhere."""

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.redraw = sys.stderr.isatty()
        self._begun = (time.monotonic(), 0)
        self._stage = ""
        self._tenth = -1

    def __call__(self, progress: Progress) -> None:
        """Show `progress`."""
        stage = f"{progress.source}/{progress.state}"
        if stage != self._stage:
            self._stage, self._tenth, self._begun = stage, -1, (time.monotonic(), progress.done)
        share = progress.done / progress.total if progress.total else 0.0
        line = f"{progress.name}  {self.texts[progress.state]}  {share:4.0%}  "
        line += f"{human(progress.done)} / {human(progress.total)}{self._left(progress)}  {progress.source}"
        if self.redraw:
            filled = int(share * BAR)
            drawn = "#" * filled + "." * (BAR - filled)
            print(f"\r\033[K[{drawn}] {line}", end="", file=sys.stderr, flush=True)
        elif int(share * 10) > self._tenth:
            self._tenth = int(share * 10)
            print(line, file=sys.stderr, flush=True)

    def _left(self, progress: Progress) -> str:
        """Return the time left at the pace of this stage, as "  1:05", or nothing while it is a guess."""
        when, first = self._begun
        passed, came = time.monotonic() - when, progress.done - first
        if passed < 2 or came <= 0 or progress.state == "done":
            return ""
        seconds = int((progress.total - progress.done) * passed / came)
        return f"  {seconds // 60}:{seconds % 60:02}"

    def end(self) -> None:
        """Leave the line, so that what follows starts on its own."""
        if self.redraw and self._stage:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def interruptible() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C sets; the second one ends the program as ever."""
    cancel = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel.set()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield cancel
    finally:
        signal.signal(signal.SIGINT, before)


def _list(catalogue: Catalogue, texts: dict[str, str]) -> int:
    rows = [
        (
            "*" if catalogue.installed(entry.name) else " ",
            entry.name,
            entry.kind,
            human(entry.bytes),
            " ".join(entry.languages),
            entry.licence,
        )
        for entry in catalogue.entries()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print(texts["here"].format(folder=catalogue.folder))
    return OK


def _pull(catalogue: Catalogue, names: Sequence[str], texts: dict[str, str], lang: str) -> int:
    """Pull each name; one that fails does not keep the others from coming."""
    code = OK
    with interruptible() as cancel:
        for name in names:
            bar = Bar(texts)
            try:
                path = catalogue.pull(name, bar, cancel)
            except Cancelled:
                bar.end()
                print(texts["cancelled"], file=sys.stderr)
                return CANCELLED
            except AulaError as error:
                bar.end()
                print(error.text(lang), file=sys.stderr)
                code = FAILED
            else:
                bar.end()
                print(texts["ready"].format(name=name, path=path))
    return code


def _verify(catalogue: Catalogue, names: Sequence[str], texts: dict[str, str], lang: str) -> int:
    code = OK
    chosen = names or [entry.name for entry in catalogue.entries() if catalogue.installed(entry.name)]
    if not chosen:
        print(texts["none"].format(folder=catalogue.folder))
    with interruptible() as cancel:
        for name in chosen:
            bar = Bar(texts)
            try:
                good = catalogue.verify(name, bar, cancel)
            except Cancelled:
                return CANCELLED
            except AulaError as error:
                print(error.text(lang), file=sys.stderr)
                code = FAILED
                continue
            finally:
                bar.end()
            print(texts["good" if good else "bad"].format(name=name))
            code = code if good else FAILED
    return code


def main(arguments: Sequence[str] | None = None, catalogue: Catalogue | None = None) -> int:
    """Run one command and return its exit code: 0, 1 when something failed, 2 wrong usage, 130 stopped."""
    lang = language()
    texts = TEXTS[lang]
    parser = argparse.ArgumentParser(prog="python -m rag.models", description=texts["about"])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help=texts["list"])
    pull = commands.add_parser("pull", help=texts["pull"])
    pull.add_argument("names", nargs="+", metavar="NAME", help=texts["names"])
    verify = commands.add_parser("verify", help=texts["verify"])
    verify.add_argument("names", nargs="*", metavar="NAME", help=texts["some"])
    chosen = parser.parse_args(arguments)
    catalogue = catalogue or Catalogue(Settings.from_env())
    try:
        if chosen.command == "list":
            return _list(catalogue, texts)
        run = _pull if chosen.command == "pull" else _verify
        return run(catalogue, chosen.names, texts, lang)
    except OSError as error:
        print(texts["failed"].format(reason=error), file=sys.stderr)
        return FAILED
