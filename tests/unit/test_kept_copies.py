"""Copies of the database that Aula kept are scrubbed; whatever else lies beside it is the person's and stays."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from rag.kept_copies import scrub

OURS = "aula.0003.20260102-030405"


def database(path: Path, *statements: str) -> bytes:
    with closing(sqlite3.connect(path)) as opened:
        for statement in statements:
            opened.execute(statement)
        opened.commit()
    return path.read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "aula.mine.sqlite",
        "aula.old.sqlite",
        "aula.0003.2026.sqlite",
        f"{OURS}.copy.sqlite",
        f"my-{OURS}.sqlite",
        "aula.mine.partial",
        "aulaX0003.20260102-030405.sqlite",
    ],
)
def test_a_file_of_another_name_is_not_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"a list of mine, no database")
    scrub(tmp_path / "aula.sqlite", [("d" * 64, "")])
    assert (tmp_path / name).read_bytes() == b"a list of mine, no database"


def test_one_without_tables_is_passed_over(tmp_path: Path) -> None:
    before = database(tmp_path / f"{OURS}.sqlite", "CREATE TABLE notes (text)")
    scrub(tmp_path / "aula.sqlite", [("d" * 64, "")])
    assert (tmp_path / f"{OURS}.sqlite").read_bytes() == before


def test_ours_is_scrubbed_and_what_was_never_finished_goes(tmp_path: Path) -> None:
    database(
        tmp_path / f"{OURS}.sqlite",
        "CREATE TABLE documents (id TEXT PRIMARY KEY)",
        "CREATE TABLE holdings (owner TEXT, document TEXT REFERENCES documents (id) ON DELETE CASCADE)",
        "CREATE TABLE chunks (id INTEGER PRIMARY KEY, document TEXT REFERENCES documents (id) ON DELETE CASCADE)",
        "CREATE VIRTUAL TABLE chunk_terms USING fts5 (terms)",
        "INSERT INTO documents VALUES ('d'), ('e')",
        "INSERT INTO holdings VALUES ('local', 'd'), ('local', 'e')",
        "INSERT INTO chunks VALUES (1, 'd'), (2, 'e')",
        "INSERT INTO chunk_terms (rowid, terms) VALUES (1, 'faro'), (2, 'huerto')",
    )
    (tmp_path / f"{OURS}.partial").write_bytes(b"half")
    scrub(tmp_path / "aula.sqlite", [("d", "")])
    with closing(sqlite3.connect(tmp_path / f"{OURS}.sqlite")) as opened:
        assert opened.execute("SELECT id FROM documents").fetchall() == [("e",)]
        assert opened.execute("SELECT terms FROM chunk_terms").fetchall() == [("huerto",)]
    assert not (tmp_path / f"{OURS}.partial").exists()
