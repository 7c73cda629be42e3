"""Kills an app that takes documents in, again and again, and compares what is there afterwards with a run left alone.

    python tests/kill_run.py --kills 50 [--documents 20] [--seed 1] [--embedding all-minilm-l6-v2]

The app that is killed is this module too (`child`): it accepts what has not been accepted yet, goes on with the rest
by itself, then deletes one document, reads one again and cuts one anew, as far as that has not been done, and writes
down at its end what the data folder holds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
OWNER = "local"
DELETED, RETRIED, CUT = "00.md", "broken.docx", "02.txt"
CUT_SIZE = 64
_MOMENTS = {"begun": 3, "loaded": 5, "deleting": 1, "retrying": 1, "cutting": 1}  # and how often each is chosen
_LONGEST_S = 600.0
_PLACES = ("la torre", "el puerto", "la biblioteca", "el mercado", "el jardín", "la estación", "el molino", "la plaza")


# -- what is taken in ----------------------------------------------------------------------------------------------


def write_documents(folder: Path, count: int) -> None:
    """Write `count` small documents: sections, PDFs, a picture, a table, an archive; and one that cannot be read."""
    import zipfile

    folder.mkdir(parents=True, exist_ok=True)
    (folder / RETRIED).write_text(_paragraphs(count, 2), encoding="utf-8")
    for n in range(count):
        kind = ("md", "pdf", "txt", "pdf", "csv", "html", "zip")[n % 7]
        path = folder / f"{n:02d}.{kind}"
        if kind == "pdf":
            path.write_bytes(_pdf(n))
        elif kind == "csv":
            path.write_text("lugar,euros\n" + "".join(f"sala {n} {row},{row + n}\n" for row in range(60)))
        elif kind == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                for part in range(3):
                    info = zipfile.ZipInfo(f"parte {n} {part}.md", (2026, 1, 1, 0, 0, 0))
                    archive.writestr(info, _sections(100 * n + part, 4))
        else:
            path.write_text(_sections(n, 12) if kind == "md" else _paragraphs(n, 30), encoding="utf-8")


def _sentences(seed: int, count: int) -> list[str]:
    at = _PLACES[seed % len(_PLACES)]
    return [
        f"En {at} número {seed} hay {seed + row} salas, y cada una cuesta {row} euros al mes." for row in range(count)
    ]


def _paragraphs(seed: int, count: int) -> str:
    return "\n\n".join(" ".join(_sentences(seed * 31 + n, 4)) for n in range(count))


def _sections(seed: int, count: int) -> str:
    return "\n\n".join(f"# Parte {n} de {seed}\n\n{' '.join(_sentences(seed * 17 + n, 6))}" for n in range(count))


def _pdf(seed: int) -> bytes:
    from tests.pdf_bytes import document, image_page, text

    pages = [text(f"Capítulo {n}", "", *_sentences(seed * 13 + n, 12)) for n in range(5)]
    if seed % 2:
        return document(pages)
    content, picture, resources = image_page()
    return document([*pages[:2], content, *pages[2:]], [picture], resources)


# -- the app that is killed ----------------------------------------------------------------------------------------


def child(data: Path, folder: Path, embedding: str, report: Path) -> None:
    """Take the folder's files in as far as that has not been done, then write down what is there."""
    from rag.embeddings import embedding_spec
    from rag.services import build_services
    from rag.settings import Settings

    models = Path(os.environ.get("AULA_MODELS_DIR") or ROOT / "data" / "models").resolve()
    settings = Settings(data_dir=data, models_dir=models, embedding=embedding, download=False, offline=True)
    services = build_services(settings)
    library, dense = services.library, services.dense
    dense.expect()
    print("begun", flush=True)
    library.start()
    accepted = {document.name for document in library.documents(OWNER)} | {job.name for job in library.jobs(OWNER)}
    accepted |= {DELETED} if (data / "deleted").exists() else set()
    files = [path for path in sorted(folder.iterdir()) if path.name not in accepted]
    library.add(OWNER, [(path, path.name) for path in files])
    dense.load(services.catalogue.path(embedding), embedding_spec(services.catalogue, embedding))
    print("loaded", flush=True)
    settle(library)
    change(library, data)
    dense.catch_up()
    report.write_text(json.dumps(described(services)))
    services.close()


def settle(library: Any) -> None:
    """Wait until nothing is under way."""
    while any(not job.resting for job in library.jobs(OWNER)):
        time.sleep(0.02)


def change(library: Any, data: Path) -> None:
    """Delete a document, read one again and cut one anew; what an earlier run has done is not done twice."""
    held = {document.name: document for document in library.documents(OWNER)}
    (data / "deleted").touch()  # from here on it is not taken in again
    if DELETED in held:
        print("deleting", flush=True)
        library.delete(OWNER, held[DELETED].id)
    print("retrying", flush=True)
    library.retry(OWNER, held[RETRIED].id)
    settle(library)
    if held[CUT].chunk_size != CUT_SIZE:
        print("cutting", flush=True)
        library.rechunk(OWNER, held[CUT].id, CUT_SIZE, 0)
    settle(library)


def described(services: Any) -> dict[str, Any]:
    """Return everything that the data folder holds of documents, without what no two runs share: ids and times."""
    database = sqlite3.connect(services.settings.database)
    database.row_factory = sqlite3.Row
    index = services.dense.get()[1]
    chunks = [row["id"] for row in database.execute("SELECT id FROM chunks")]
    found = {
        "documents": {row["id"]: _document(database, row) for row in database.execute("SELECT * FROM documents")},
        "held": sorted(row["document"] for row in database.execute("SELECT document FROM holdings")),
        "intake": database.execute("SELECT COUNT(*) FROM intake").fetchone()[0],
        "files": sorted(path.name for path in services.settings.files_dir.iterdir()),
        "work": [path.name for path in services.settings.work_dir.iterdir()],
        "chroma": index.ids() == set(chunks),
        "terms": sorted(chunks) == sorted(row[0] for row in database.execute("SELECT rowid FROM chunk_terms")),
        "vectors": database.execute("SELECT COUNT(*) FROM vectors").fetchone()[0],
    }
    database.close()
    return found


def _document(database: sqlite3.Connection, document: sqlite3.Row) -> dict[str, Any]:
    pages = database.execute("SELECT * FROM pages WHERE document = ? ORDER BY number", (document["id"],))
    chunks = database.execute(
        "SELECT c.page, c.start, c.end, c.heading, t.terms, v.model, v.vector FROM chunks c "
        "LEFT JOIN chunk_terms t ON t.rowid = c.id LEFT JOIN vectors v ON v.chunk = c.id "
        "WHERE c.document = ? ORDER BY c.page, c.start, c.end, v.model",
        (document["id"],),
    )
    return {
        "row": [document[key] for key in document.keys() if key not in ("origin",)],  # noqa: SIM118 - a sqlite3.Row
        "pages": [[str(value) for value in row] for row in pages],
        "chunks": [[*map(str, tuple(row)[:-1]), _hash(row["vector"])] for row in chunks],
    }


def _hash(vector: bytes | None) -> str:
    return "" if vector is None else hashlib.sha256(vector).hexdigest()


# -- killing -------------------------------------------------------------------------------------------------------


class Killer:
    """Runs children on a folder of documents, and ends them when a random time has passed."""

    def __init__(self, folder: Path, embedding: str, seed: int) -> None:
        self._folder = folder
        self._embedding = embedding
        self._random = random.Random(seed)
        self._work_s = 0.0  # what an undisturbed run takes after the model is there
        self.kills = 0
        self.moments: list[str] = []

    def undisturbed(self, data: Path) -> dict[str, Any]:
        """Return what a run comes to that nobody disturbs."""
        with self._start(data) as process:
            self._await(process, "loaded")
            began = time.monotonic()
            process.wait(timeout=_LONGEST_S)
            self._work_s = time.monotonic() - began
        return self._report(data, process)

    def disturbed(self, data: Path, kills: int) -> dict[str, Any]:
        """Kill up to `kills` runs, each after a little of the work, then leave one alone; return what it came to."""
        for _ in range(kills):
            (moment,) = self._random.choices(list(_MOMENTS), list(_MOMENTS.values()))
            longest = 2.0 * self._work_s / max(kills, 4) if moment in ("begun", "loaded") else 0.3
            pause = self._random.uniform(0.0, longest)
            with self._start(data) as process:
                self._await(process, moment)
                if not self._killed(process, pause):
                    return self._report(data, process)
            self.kills += 1
            self.moments.append(f"{moment} + {pause:.2f} s")
        with self._start(data) as process:
            process.wait(timeout=_LONGEST_S)
        return self._report(data, process)

    def _killed(self, process: subprocess.Popen[str], after: float) -> bool:
        """Kill a run after so many seconds; False when it ended before that."""
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
        return False

    def _start(self, data: Path) -> subprocess.Popen[str]:
        job = [str(data), str(self._folder), self._embedding, str(self._at(data))]
        command = [sys.executable, str(Path(__file__).resolve()), "child", *job]
        return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ})

    def _await(self, process: subprocess.Popen[str], word: str) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == word:
                return

    def _at(self, data: Path) -> Path:
        return data.with_name(f"{data.name}.json")

    def _report(self, data: Path, process: subprocess.Popen[str]) -> dict[str, Any]:
        if process.returncode:
            raise AssertionError(f"a run ended with {process.returncode}")
        found: dict[str, Any] = json.loads(self._at(data).read_text())
        return found


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """Say in what two reports differ."""
    said = [f"{key}: {wanted[key]!r} / {found[key]!r}"[:500] for key in wanted if wanted[key] != found[key]]
    for document in wanted["documents"].keys() | found["documents"].keys():
        one, other = wanted["documents"].get(document, {}), found["documents"].get(document, {})
        for part in ("row", "pages", "chunks"):
            pairs = zip(one.get(part, ()), other.get(part, ()), strict=False)
            first = next((pair for pair in pairs if pair[0] != pair[1]), None)
            if first or len(one.get(part, ())) != len(other.get(part, ())):
                said.append(
                    f"{document[:8]} {part}: {len(one.get(part, ()))} / {len(other.get(part, ()))} {first}"[:800]
                )
    return said


def run(kills: int, documents: int, embedding: str, seed: int, work: Path, say: bool = True) -> list[str]:
    """Kill so often, over as many rounds as that takes; return in what the results differ from a run left alone."""
    write_documents(work / "files", documents)
    killer = Killer(work / "files", embedding, seed)
    wanted = killer.undisturbed(work / "alone")
    rounds = 0
    while killer.kills < kills:
        rounds += 1
        found = killer.disturbed(work / f"round{rounds}", kills - killer.kills)
        if said := differences(wanted, found):
            return [f"after {killer.kills} kills ({', '.join(killer.moments)})", *said]
        if say:
            print(f"round {rounds}: {killer.kills} kills, the same as undisturbed", flush=True)
    if say:
        pages = sum(len(one["pages"]) for one in wanted["documents"].values())
        chunks = sum(len(one["chunks"]) for one in wanted["documents"].values())
        print(f"{killer.kills} kills: {len(wanted['documents'])} documents, {pages} pages, {chunks} chunks, the same")
    return []


def main() -> None:
    """Run what the command line says."""
    if sys.argv[1:2] == ["child"]:
        data, folder, embedding, report = sys.argv[2:]
        child(Path(data), Path(folder), embedding, Path(report))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--documents", type=int, default=20)
    parser.add_argument("--embedding", default="all-minilm-l6-v2")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="aula-kill-") as folder:
        said = run(options.kills, options.documents, options.embedding, options.seed, Path(folder))
    print("\n".join(said))
    sys.exit(bool(said))


if __name__ == "__main__":
    main()
