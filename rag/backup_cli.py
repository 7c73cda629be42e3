"""The command line of backups: make, check and restore, in the terminal's language (es or en)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rag.backup import Progress, make
from rag.backup_check import check
from rag.backup_manifest import Manifest
from rag.errors import AulaError, Cancelled
from rag.models_cli import CANCELLED, FAILED, OK, interruptible, language
from rag.restoring import restore
from rag.settings import Settings
from rag.transfer import human

TEXTS = {
    "en": {
        "about": "Make, check and restore a backup: everything of a data folder but the models, in one file.",
        "make": "write a backup to FILE; Aula may be running",
        "check": "read a whole backup and say what it holds",
        "restore": "replace documents, conversations and runs with those of FILE; Aula must not be running",
        "file": "the backup",
        "data": "the data folder (default: AULA_DATA_DIR, or data/)",
        "yes": "do not ask before replacing what is there",
        "holds": "{file}: {size}, made {created} by Aula {app}, {documents} documents, {conversations} conversations",
        "lost": "Documents in it without their originals, which were missing or damaged: {n}",
        "exists": "{file} exists already. Choose another name.",
        "ask": "Everything in {folder} will be replaced. Go on? [y/N] ",
        "letters": "y",
        "restored": "Restored into {folder}.",
        "aside": "The database that was there could not be opened. It is kept, for you to delete: {file}",
        "cancelled": "Stopped. Nothing was changed.",
        "failed": "The file cannot be used: {reason}",
    },
    "es": {
        "about": "Hace, comprueba y restaura copias de seguridad: todo lo de una carpeta de datos, menos los modelos.",
        "make": "escribe una copia en FILE; Aula puede estar en marcha",
        "check": "lee una copia entera y dice qué contiene",
        "restore": "sustituye documentos, conversaciones y ejecuciones por los de FILE, con Aula cerrada",
        "file": "la copia de seguridad",
        "data": "la carpeta de datos (por defecto, AULA_DATA_DIR o data/)",
        "yes": "no preguntar antes de sustituir lo que hay",
        "holds": (
            "{file}: {size}, hecha el {created} por Aula {app}, {documents} documentos, {conversations} conversaciones"
        ),
        "lost": "Documentos sin su original, que faltaba o estaba dañado: {n}",
        "exists": "{file} ya existe. Elige otro nombre.",
        "ask": "Se sustituirá todo lo que hay en {folder}. ¿Continuar? [s/N] ",
        "letters": "sy",
        "restored": "Restaurada en {folder}.",
        "aside": "La base de datos que había no se podía abrir. Se conserva y puedes borrarla: {file}",
        "cancelled": "Detenido. No se ha cambiado nada.",
        "failed": "No se puede usar el archivo: {reason}",
    },
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 when something failed, 2 wrong usage, 130 stopped."""
    lang = language()
    texts = TEXTS[lang]
    chosen = _parser(texts).parse_args(arguments)
    settings = Settings.from_env(data_dir=chosen.data_dir)
    try:
        return _run(chosen, settings, texts)
    except Cancelled:
        print(texts["cancelled"], file=sys.stderr)
        return CANCELLED
    except AulaError as error:
        print(error.text(lang), file=sys.stderr)
    except OSError as error:
        print(texts["failed"].format(reason=error), file=sys.stderr)
    return FAILED


def _parser(texts: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rag.backup", description=texts["about"])
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("make", "check", "restore"):
        command = commands.add_parser(name, help=texts[name])
        command.add_argument("file", metavar="FILE", type=Path, help=texts["file"])
        command.add_argument("--data-dir", type=Path, help=texts["data"])
        if name == "restore":
            command.add_argument("--yes", action="store_true", help=texts["yes"])
    return parser


def _run(chosen: argparse.Namespace, settings: Settings, texts: Mapping[str, str]) -> int:
    file: Path = chosen.file
    if chosen.command == "make" and file.exists():
        print(texts["exists"].format(file=file), file=sys.stderr)
        return FAILED
    with interruptible() as cancel, _bar() as bar:
        manifest = make(settings, file, bar, cancel) if chosen.command == "make" else check(file, bar, cancel)
    _tell(file, manifest, texts)
    if chosen.command != "restore":
        return OK
    if not chosen.yes and not _agreed(settings, texts):
        print(texts["cancelled"], file=sys.stderr)
        return CANCELLED
    aside: list[Path] = []
    with interruptible() as cancel, _bar() as bar:
        restore(settings, file, bar, cancel, aside.append)
    print(texts["restored"].format(folder=settings.data_dir))
    for kept in aside:
        print(texts["aside"].format(file=kept))
    return OK


def _tell(file: Path, manifest: Manifest, texts: Mapping[str, str]) -> None:
    facts = {"app": manifest.app, "documents": manifest.documents, "conversations": manifest.conversations}
    day = manifest.created.replace("T", " ")
    print(texts["holds"].format(file=file, size=_size(file.stat().st_size), created=day, **facts))
    if manifest.lost:
        print(texts["lost"].format(n=manifest.lost))


def _size(size: int) -> str:
    return human(size) if size >= 1e6 else f"{max(1, size // 1000)} kB"


def _agreed(settings: Settings, texts: Mapping[str, str]) -> bool:
    """Ask before anything is replaced; an empty data folder has nothing to lose."""
    if not settings.database.exists():
        return True
    try:
        answer = input(texts["ask"].format(folder=settings.data_dir))
    except EOFError:  # nobody is there to answer
        return False
    return answer.strip().lower()[:1] in tuple(texts["letters"])


@contextmanager
def _bar() -> Iterator[Progress]:
    """Give what draws a line of progress in a terminal; elsewhere nothing is drawn."""
    shown = sys.stderr.isatty()

    def draw(done: int, total: int) -> None:
        if shown and total:
            print(f"\r\033[K{done / total:4.0%}  {human(done)} / {human(total)}", end="", file=sys.stderr, flush=True)

    try:
        yield draw
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
