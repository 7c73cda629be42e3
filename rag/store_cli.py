"""The command line of the store, in the terminal's language (es or en): python -m rag.store rebuild [--json].

It makes Chroma's folder anew from aula.sqlite. The app must not be running.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from collections.abc import Sequence

from rag.database import open_database
from rag.errors import AulaError
from rag.hold import hold
from rag.kept_vectors import KeptVectors
from rag.mending import Progress, at_rest, embed_missing, rebuild_index
from rag.models import Catalogue
from rag.settings import Settings
from rag.store import Store

OK, FAILED = 0, 1
TEXTS = {
    "en": {
        "about": "Put the search index right. Aula must not be running.",
        "rebuild": "make the whole index anew from the database",
        "json": "print one JSON object as the last line",
        "embedding": "passages embedded: {done} of {total}",
        "adding": "passages in the index: {done} of {total}",
        "done": "The index has been made anew: {vectors} passages, {model}.",
        "none": "There is nothing to build an index from: no embedding model is here, and no passage has a vector.",
    },
    "es": {
        "about": "Repara el índice de búsqueda. Aula no debe estar en marcha.",
        "rebuild": "vuelve a crear el índice entero a partir de la base de datos",
        "json": "escribe un objeto JSON en la última línea",
        "embedding": "fragmentos con su vector: {done} de {total}",
        "adding": "fragmentos en el índice: {done} de {total}",
        "done": "El índice se ha vuelto a crear: {vectors} fragmentos, {model}.",
        "none": "No hay con qué crear un índice: no hay modelo de búsqueda y ningún fragmento tiene vector.",
    },
}


def main(argv: Sequence[str] | None = None) -> None:
    """Parse, rebuild, and exit with 0 or 1."""
    lang = "es" if (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").lower().startswith("es") else "en"
    texts = TEXTS[lang]
    parser = argparse.ArgumentParser(prog="python -m rag.store", description=texts["about"])
    commands = parser.add_subparsers(dest="command", required=True)
    rebuilding = commands.add_parser("rebuild", help=texts["rebuild"])
    rebuilding.add_argument("--json", action="store_true", help=texts["json"])
    options = parser.parse_args(argv)
    try:
        result = rebuild(Settings.from_env(), texts)
    except AulaError as error:
        print(error.text(lang), file=sys.stderr)
        sys.exit(FAILED)
    print(texts["done"].format(**result) if result["model"] else texts["none"])
    if options.json:
        print(json.dumps(result))
    sys.exit(OK if result["model"] else FAILED)


def rebuild(settings: Settings, texts: dict[str, str]) -> dict[str, object]:
    """Make the index anew and return {model, vectors, embedded}; model None where there is nothing to make it of.

    Raises DataInUse while the app has the folder, DataTooNew.
    """
    with hold(settings.data_dir):
        database = open_database(settings.database)
        try:
            store, kept = Store(database), KeptVectors(database)
            model, embedded = _embed(settings, store, kept, texts)
            if model is None:
                return {"model": None, "vectors": 0, "embedded": 0}
            folder = at_rest(settings.chroma_dir)
            index = rebuild_index(kept, folder, model, threading.Event(), _teller(texts["adding"]))
            vectors = index.count()
            index.close()
            return {"model": model, "vectors": vectors, "embedded": embedded}
        finally:
            database.dispose()


def _embed(settings: Settings, store: Store, kept: KeptVectors, texts: dict[str, str]) -> tuple[str | None, int]:
    """Embed what has no vector; return the model that serves, as its collection is called, and how many it were.

    Without its weights, the model is one that has vectors already, and nothing is embedded.
    """
    from rag.embeddings import Embedder, embedding_spec
    from rag.switching import chosen

    catalogue = Catalogue(settings)
    name = chosen(settings, catalogue, store.database)
    if not catalogue.installed(name):
        there = kept.models()
        return next((model for model in there if model.startswith(f"{name}-")), there[0] if there else None), 0
    spec = embedding_spec(catalogue, name)
    missing = len(kept.missing(spec.collection))
    if missing:
        embedder = Embedder(catalogue.path(name), spec)
        embed_missing(store, kept, embedder, threading.Event(), _teller(texts["embedding"]))
    return spec.collection, missing


def _teller(template: str) -> Progress:
    """Return what writes how far it is: over one line of a terminal, and only the end of it elsewhere."""

    def tell(done: int, total: int) -> None:
        text = template.format(done=done, total=total)
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if done >= total else "", file=sys.stderr, flush=True)
        elif done >= total:
            print(text, file=sys.stderr)

    return tell
