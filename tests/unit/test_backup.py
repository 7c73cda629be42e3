"""A backup and what is refused as one: cut short, altered, of another kind, newer, unsafe. Nothing is touched then."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, insert, select, update

from rag import backup, backup_check, restoring
from rag.backup import copy_database, make, sweep
from rag.backup_check import check, unpack
from rag.backup_cli import main
from rag.backup_manifest import DATABASE, KIND, MANIFEST, BadManifest, Manifest
from rag.database import conversations, documents, holdings, intake, messages, open_database, pages, runs
from rag.errors import (
    AulaError,
    BackupDamaged,
    BackupNoRoom,
    BackupTooNew,
    Cancelled,
    DataInUse,
    NotABackup,
    NothingToBackUp,
    RestoreBusy,
    RestoreFailed,
)
from rag.hold import hold
from rag.restoring import restore
from rag.settings import Settings

TEXTS = ["El zorro duerme.", "Las ballenas cantan.", "Los pulpos tienen tres corazones."]

CONVERSATION = "INSERT INTO conversations (id, owner, title, documents, updated) VALUES ('c', 'local', ?, '[]', '2026')"


def add(settings: Settings, database: Engine, text: str) -> str:
    """Put a document of one page into the data folder, with its original."""
    data = text.encode()
    digest = hashlib.sha256(data).hexdigest()
    settings.files_dir.mkdir(parents=True, exist_ok=True)
    (settings.files_dir / digest).write_bytes(data)
    with database.begin() as connection:
        facts = {"id": digest, "suffix": ".txt", "bytes": len(data), "status": "ready", "page_count": 1}
        connection.execute(insert(documents).values(facts))
        row = {"owner": "local", "document": digest, "name": text[:9], "added": datetime.now(UTC)}
        connection.execute(insert(holdings).values(row))
        connection.execute(insert(pages).values(document=digest, number=1, text=text, how="text", indexed=True))
    return digest


@pytest.fixture
def filled(settings: Settings) -> Iterator[Engine]:
    """A data folder with three documents, a conversation, a run that goes on and a strategy."""
    database = open_database(settings.database)
    for text in TEXTS:
        add(settings, database, text)
    now = datetime.now(UTC)
    with database.begin() as connection:
        connection.execute(insert(conversations).values(id="c", owner="local", title="Hola", updated=now))
        run = {"id": "r", "owner": "local", "name": "", "experiment": {}, "provenance": {}, "state": "running"}
        connection.execute(insert(runs).values(**run, created=now, updated=now))
    settings.strategies_dir.mkdir()
    (settings.strategies_dir / "mía propia.yaml").write_text("name: mía\n", encoding="utf-8")
    yield database
    database.dispose()


@pytest.fixture
def made(settings: Settings, filled: Engine, tmp_path: Path) -> Path:
    target = tmp_path / "backup.zip"
    make(settings, target)
    return target


def texts(settings: Settings) -> list[str]:
    with closing(sqlite3.connect(settings.database)) as database:
        return sorted(str(row[0]) for row in database.execute("SELECT text FROM pages"))


def originals(settings: Settings) -> list[str]:
    return sorted(path.read_text() for path in settings.files_dir.iterdir())


def state(settings: Settings) -> dict[str, bytes]:
    """Everything in the data folder, as bytes, but for SQLite's log and the locks."""
    found = settings.data_dir.rglob("*")
    kept = (path for path in found if path.is_file() and path.suffix in ("", ".sqlite", ".yaml"))
    return {str(path): path.read_bytes() for path in kept if path.name[0] != "."}


# -- making ------------------------------------------------------------------------------------------------------------


def test_it_holds_everything_once_and_says_so(settings: Settings, made: Path) -> None:
    manifest = check(made)
    assert (manifest.documents, manifest.conversations, manifest.lost) == (3, 1, 0)
    with zipfile.ZipFile(made) as archive:
        assert archive.testzip() is None
        held = [name for name in archive.namelist() if name.startswith("files/")]
        assert sorted(archive.read(name).decode() for name in held) == TEXTS
        assert set(manifest.members) == {*held, DATABASE, "strategies/mía propia.yaml"}
    assert made.stat().st_mode & 0o077 == 0  # nobody else on the machine may read it
    assert list(settings.backup_dir.iterdir()) == []
    assert list(made.parent.glob("*.part")) == []


def test_what_is_added_meanwhile_is_not_half_in_it(
    settings: Settings, filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that comes after the copy is not in it, and one that is deleted after it leaves no trace."""
    gone = hashlib.sha256(TEXTS[1].encode()).hexdigest()

    def copy_then_change(source: Path, target: Path, step: Callable[[int, int], None] | None = None) -> None:
        copy_database(source, target, step)
        if not (settings.files_dir / hashlib.sha256(b"Nuevo.").hexdigest()).exists():
            add(settings, filled, "Nuevo.")
            with filled.begin() as connection:
                connection.execute(delete(documents).where(documents.c.id == gone))
            (settings.files_dir / gone).unlink()

    monkeypatch.setattr(backup, "copy_database", copy_then_change)
    manifest = make(settings, tmp_path / "b.zip")
    assert (manifest.documents, manifest.lost) == (2, 0)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    unpack(tmp_path / "b.zip", folder)
    assert TEXTS[1].encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert originals(settings) == sorted([TEXTS[0], TEXTS[2], "Nuevo."])


def test_what_is_deleted_after_it_was_packed_leaves_no_trace_either(
    settings: Settings, filled: Engine, tmp_path: Path
) -> None:
    """Neither original, page, term nor quote; what another person still holds stays."""
    gone, kept = sorted(hashlib.sha256(text.encode()).hexdigest() for text in TEXTS)[:2]
    text = next(text for text in TEXTS if hashlib.sha256(text.encode()).hexdigest() == gone)
    quote = {"citations": [{"document": gone, "name": "n", "label": "l", "quote": f"Cita: {text}"}]}
    with filled.begin() as connection:
        row = {"conversation": "c", "role": "assistant", "content": "Sí.", "meta": quote}
        connection.execute(insert(messages).values(**row, created=datetime.now(UTC)))
        held = {"owner": "ana", "document": kept, "name": "de ana"}
        connection.execute(insert(holdings).values(**held, added=datetime.now(UTC)))
    size = sum(len(text.encode()) for text in TEXTS) + len("name: mía\n".encode())

    def delete_it(done: int, total: int) -> None:
        if total and done > (total - size) / 2 and (settings.files_dir / gone).exists():  # the first is packed
            with filled.begin() as connection:
                connection.execute(delete(documents).where(documents.c.id == gone))
                connection.execute(delete(holdings).where(holdings.c.owner == "ana"))
            (settings.files_dir / gone).unlink()

    manifest = make(settings, tmp_path / "b.zip", delete_it)
    assert not (settings.files_dir / gone).exists()
    assert (manifest.documents, manifest.lost) == (2, 0)
    assert f"files/{gone}" not in manifest.members
    folder = tmp_path / "unpacked"
    folder.mkdir()
    unpack(tmp_path / "b.zip", folder)
    found = [tmp_path / "b.zip", *(path for path in folder.rglob("*") if path.is_file())]
    assert text.encode() not in b"".join(path.read_bytes() for path in found)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert archive.testzip() is None
    with closing(sqlite3.connect(folder / DATABASE)) as database:
        owners = database.execute("SELECT owner FROM holdings").fetchall()
        assert owners == [("local",), ("local",)]


def test_a_copy_is_of_one_moment_whoever_writes(settings: Settings, filled: Engine, tmp_path: Path) -> None:
    """Every step of the copy is followed by a write; it neither fails, nor begins again, nor sees the write."""
    with filled.begin() as connection:  # large enough for several steps
        connection.execute(update(pages).values(text="x" * 5_000_000))
    steps = []

    def write(done: int, total: int) -> None:
        steps.append((done, total))
        with filled.begin() as connection:
            connection.execute(update(conversations).values(title=f"Cambio {len(steps)}"))

    copy_database(settings.database, tmp_path / "copy.sqlite", write)
    assert len(steps) > 1
    assert [done for done, _ in steps] == sorted({done for done, _ in steps})
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as copy:
        assert copy.execute("SELECT title FROM conversations").fetchall() == [("Hola",)]


def test_an_original_that_is_missing_or_damaged_is_told(settings: Settings, filled: Engine, tmp_path: Path) -> None:
    first, second, _ = sorted(settings.files_dir.iterdir())
    first.unlink()
    second.write_bytes(b"something else")
    assert make(settings, tmp_path / "b.zip").lost == 2
    assert check(tmp_path / "b.zip").documents == 3
    filled.dispose()
    restore(settings, tmp_path / "b.zip")
    assert texts(settings) == TEXTS  # they can be asked all the same


def test_stopping_leaves_nothing_and_without_data_there_is_nothing_to_do(
    settings: Settings, filled: Engine, tmp_path: Path
) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        make(settings, tmp_path / "b.zip", cancel=cancel)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert list(settings.backup_dir.iterdir()) == []
    with pytest.raises(NothingToBackUp):
        make(Settings(data_dir=tmp_path / "none", models_dir=tmp_path), tmp_path / "b.zip")
    assert not (tmp_path / "none").exists()


def test_two_at_a_time_are_one_too_many(settings: Settings, filled: Engine, tmp_path: Path) -> None:
    def again(_done: int, _total: int) -> None:
        with pytest.raises(RestoreBusy):
            make(settings, tmp_path / "other.zip")

    make(settings, tmp_path / "b.zip", again)
    assert not (tmp_path / "other.zip").exists()


def test_without_room_nothing_is_begun(
    settings: Settings, filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "_SPARE", 2**60)
    with pytest.raises(BackupNoRoom):
        make(settings, tmp_path / "b.zip")
    assert not list(tmp_path.glob("b.zip*"))


def test_without_room_for_its_copy_the_database_is_not_copied(
    settings: Settings, filled: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(backup, "_SPARE", 2**60)
    monkeypatch.setattr(backup, "copy_database", never)
    with pytest.raises(BackupNoRoom):
        make(settings, tmp_path / "b.zip")


def full(*_: object) -> None:
    """Raise what SQLite raises on a full disk."""
    with closing(sqlite3.connect(":memory:")) as small:
        small.execute("PRAGMA max_page_count = 2")
        small.execute("CREATE TABLE t (c)")
        small.execute("INSERT INTO t VALUES (zeroblob(100000))")


def test_a_disk_that_is_full_is_told_in_words(
    settings: Settings, filled: Engine, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.dispose()
    before = state(settings)
    monkeypatch.setattr(restoring, "_replace", full)
    with pytest.raises(BackupNoRoom):
        restore(settings, made)
    monkeypatch.setattr(restoring, "copy_database", full)
    with pytest.raises(BackupNoRoom):
        restore(settings, made)
    monkeypatch.setattr(backup, "copy_database", full)
    with pytest.raises(BackupNoRoom):
        make(settings, tmp_path / "other.zip")
    assert state(settings) == before
    assert not list(tmp_path.glob("other.zip*"))


def test_what_lies_beside_it_under_a_similar_name_stays(settings: Settings, filled: Engine, tmp_path: Path) -> None:
    mine = tmp_path / "b.zip.part"
    mine.write_bytes(b"mine")
    make(settings, tmp_path / "b.zip")
    assert mine.read_bytes() == b"mine"


def test_what_a_crash_left_is_swept_away(settings: Settings, filled: Engine) -> None:
    left = settings.backup_dir / "tmpabc" / DATABASE
    left.parent.mkdir(parents=True)
    left.write_bytes(b"left")
    sweep(settings)
    assert not left.exists()


# -- restoring ---------------------------------------------------------------------------------------------------------


def test_it_comes_back_as_it_was_elsewhere_too(settings: Settings, made: Path, tmp_path: Path) -> None:
    other = Settings(data_dir=tmp_path / "other", models_dir=tmp_path)
    for name in ("chroma", "work"):
        (other.data_dir / name).mkdir(parents=True)
    restore(other, made)
    assert texts(other) == originals(other) == TEXTS
    assert not other.chroma_dir.exists()  # its vectors were of other chunks
    assert (other.strategies_dir / "mía propia.yaml").read_text(encoding="utf-8") == "name: mía\n"
    assert list(other.backup_dir.iterdir()) == []
    database = open_database(other.database)
    with database.connect() as connection:
        assert connection.execute(select(runs.c.state)).scalar_one() == "paused"  # nothing runs it any more
    database.dispose()


def test_it_replaces_what_is_there_beneath_an_open_database(settings: Settings, filled: Engine, made: Path) -> None:
    gone = hashlib.sha256(TEXTS[0].encode()).hexdigest()
    with filled.begin() as connection:
        connection.execute(delete(documents).where(documents.c.id == gone))
        connection.execute(update(conversations).values(title="x" * 500_000))
    (settings.files_dir / gone).unlink()
    add(settings, filled, "Llegó después.")
    restore(settings, made)
    with filled.begin() as connection:  # the same connections as before
        assert sorted(connection.execute(select(pages.c.text)).scalars()) == TEXTS
        assert connection.execute(select(conversations.c.title)).scalar_one() == "Hola"
        connection.execute(update(conversations).values(title="Se puede escribir"))
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    assert gone in {path.name for path in settings.files_dir.iterdir()}


def test_while_an_app_runs_on_the_folder_the_command_line_refuses(settings: Settings, made: Path) -> None:
    lock = hold(settings.data_dir)
    try:
        before = state(settings)
        with pytest.raises(DataInUse):
            restore(settings, made)
        assert state(settings) == before
    finally:
        lock.release()


def test_one_that_does_not_open_gives_the_old_data_back(
    settings: Settings, filled: Engine, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(settings, filled, "Solo ahora.")
    filled.dispose()

    def fails(_: Engine) -> None:
        raise sqlite3.DatabaseError

    monkeypatch.setattr(restoring, "_opens", fails)
    with pytest.raises(RestoreFailed):
        restore(settings, made)
    assert texts(settings) == sorted([*TEXTS, "Solo ahora."])
    assert "Solo ahora." in originals(settings)


def test_without_room_for_the_old_data_too_nothing_is_touched(
    settings: Settings, filled: Engine, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.dispose()
    before = state(settings)
    monkeypatch.setattr(backup, "_SPARE", 2**60)
    with pytest.raises(BackupNoRoom):
        restore(settings, made)
    assert state(settings) == before


@pytest.mark.parametrize("kind", ["damaged", "newer"])
def test_a_database_that_does_not_open_is_set_aside(
    kind: str,
    settings: Settings,
    filled: Engine,
    made: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    filled.dispose()
    if kind == "damaged":
        settings.database.write_bytes(b"nothing that SQLite knows" * 1000)
    else:
        with closing(sqlite3.connect(settings.database)) as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
            database.commit()
    content = settings.database.read_bytes()
    monkeypatch.setattr(restoring, "_exchange", full)  # until it works, nothing has moved
    with pytest.raises(sqlite3.OperationalError):
        restore(settings, made)
    assert settings.database.read_bytes() == content
    monkeypatch.undo()
    assert main(["restore", str(made), "--yes", "--data-dir", str(settings.data_dir)]) == 0
    (aside,) = settings.data_dir.glob("aula.sqlite.damaged-*")
    assert aside.read_bytes() == content
    assert str(aside) in capsys.readouterr().out
    assert texts(settings) == TEXTS


def test_an_older_schema_is_brought_up_to_date_on_its_way_in(settings: Settings, made: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.sqlite"
    migrated_to(old, "0003")
    with closing(sqlite3.connect(old)) as database:
        database.execute(CONVERSATION, ["Vieja"])
        database.commit()
    older = rewritten(made, tmp_path, database=old.read_bytes(), schema="0003")
    restore(settings, older)
    assert texts(settings) == []
    with closing(sqlite3.connect(settings.database)) as database:
        assert database.execute("SELECT title FROM conversations").fetchall() == [("Vieja",)]
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [(check(made).schema,)]


# -- what is refused ---------------------------------------------------------------------------------------------------


def refused(settings: Settings, path: Path, kind: type[AulaError]) -> None:
    """Neither checked nor restored, and nothing is touched; the sentence names the file."""
    before = state(settings)
    for attempt in (lambda: check(path), lambda: restore(settings, path)):
        with pytest.raises(kind) as error:
            attempt()
        assert path.name in error.value.text("en")
        assert path.name in error.value.text("es")
    assert state(settings) == before
    assert list(settings.backup_dir.iterdir()) == []


def test_every_cut_and_every_changed_part_is_noticed(settings: Settings, made: Path, tmp_path: Path) -> None:
    whole = made.read_bytes()
    path = tmp_path / "damaged.zip"
    for share in (0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(len(whole) * share)])
        refused(settings, path, BackupDamaged)
    with zipfile.ZipFile(made) as archive:
        places = {info.filename: begins(whole, info.header_offset) for info in archive.infolist()}
    for name, place in places.items():
        if name != KIND:  # what it says is not looked at
            path.write_bytes(whole[: place + 8] + bytes([whole[place + 8] ^ 1]) + whole[place + 9 :])
            refused(settings, path, BackupDamaged)


def begins(archive: bytes, header: int) -> int:
    """Where a member's bytes begin: after its header, its name and what else stands there."""
    name, more = struct.unpack("<HH", archive[header + 26 : header + 30])
    return int(header + 30 + name + more)


def test_a_member_that_was_exchanged_with_its_checksum_of_the_archive_is_noticed(
    settings: Settings, made: Path, tmp_path: Path
) -> None:
    name = next(name for name in zipfile.ZipFile(made).namelist() if name.startswith("files/"))
    size = zipfile.ZipFile(made).getinfo(name).file_size
    refused(settings, rewritten(made, tmp_path, replaced={name: b"X" * size}), BackupDamaged)
    refused(settings, rewritten(made, tmp_path, replaced={name: None}), BackupDamaged)
    refused(settings, rewritten(made, tmp_path, replaced={MANIFEST: None}), BackupDamaged)
    refused(settings, rewritten(made, tmp_path, replaced={MANIFEST: b"[]"}), BackupDamaged)


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x05\x06" + bytes(18), b"%PDF-1.7"])
def test_another_kind_of_file_is_no_backup(content: bytes, settings: Settings, filled: Engine, tmp_path: Path) -> None:
    path = tmp_path / "other.zip"
    path.write_bytes(content)
    settings.backup_dir.mkdir()
    refused(settings, path, NotABackup)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "{}")
    refused(settings, path, NotABackup)


def test_a_newer_one_is_refused_with_its_version(settings: Settings, made: Path, tmp_path: Path) -> None:
    for change in ({"schema": "9999", "app": "7.1"}, {"format": 99, "app": "7.1", "members": "of another form"}):
        newer = rewritten(made, tmp_path, **change)
        refused(settings, newer, BackupTooNew)
        with pytest.raises(BackupTooNew, match=r"7\.1"):
            check(newer)


def test_names_that_lead_elsewhere_are_never_written(settings: Settings, made: Path, tmp_path: Path) -> None:
    """Neither what the manifest names, nor what only the archive holds."""
    evil = {"../evil": b"x", "/tmp/evil": b"x", "files/../../evil": b"x", "strategies/../evil.yaml": b"x"}
    path = rewritten(made, tmp_path, added=evil)
    folder = tmp_path / "there" / "unpacked"
    folder.mkdir(parents=True)
    unpack(path, folder)
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/tmp/evil").exists()
    assert {one.parent.name for one in folder.rglob("*") if one.is_file()} == {"unpacked", "files", "strategies"}
    restore(settings, path)
    assert texts(settings) == TEXTS


def test_a_bomb_is_not_unpacked(
    settings: Settings, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup_check, "_ALLOWED", 1000)
    name = "files/" + "0" * 64
    refused(settings, rewritten(made, tmp_path, added={name: bytes(80_000_000)}), BackupDamaged)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON documents BEGIN DELETE FROM holdings; END",
        "CREATE VIEW v AS SELECT 1",
        "UPDATE documents SET id = '../../etc/passwd'",
        "UPDATE holdings SET document = '../../etc/passwd' WHERE rowid = 1",
        "UPDATE pages SET document = '../../etc/passwd' WHERE rowid = 1",
        "INSERT INTO intake VALUES ('i', 'local', 'a.zip', 'archive', '/etc/a.zip', NULL, 'waiting', NULL, '2026')",
        "INSERT INTO intake VALUES ('i', 'local', 'a.pdf', 'locked', '../a.pdf', NULL, 'locked', NULL, '2026')",
        "UPDATE alembic_version SET version_num = '0001'",
        "DROP TABLE documents",
    ],
)
def test_a_database_that_was_made_to_harm_is_not_opened(
    statement: str, settings: Settings, made: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(made) as archive:
        (tmp_path / "evil.sqlite").write_bytes(archive.read(DATABASE))
    with closing(sqlite3.connect(tmp_path / "evil.sqlite")) as database:
        database.execute("DELETE FROM documents WHERE rowid > 1")
        database.execute(statement)
        database.commit()
    path = rewritten(made, tmp_path, database=(tmp_path / "evil.sqlite").read_bytes())
    before = state(settings)
    with pytest.raises(BackupDamaged):
        restore(settings, path)
    assert state(settings) == before


def test_an_address_that_is_still_to_be_fetched_comes_along(settings: Settings, filled: Engine, tmp_path: Path) -> None:
    with filled.begin() as connection:
        entry = {"id": "i", "owner": "local", "name": "x", "kind": "address", "source": "https://example.org/a.pdf"}
        connection.execute(insert(intake).values(**entry, status="waiting", created=datetime.now(UTC)))
    make(settings, tmp_path / "b.zip")
    filled.dispose()
    restore(settings, tmp_path / "b.zip")
    with closing(sqlite3.connect(settings.database)) as database:
        assert database.execute("SELECT source FROM intake").fetchall() == [("https://example.org/a.pdf",)]


def test_manifests_of_any_form_are_refused_in_words() -> None:
    whole = {"app": "1", "schema": "1", "created": "x", "documents": 0, "conversations": 0, "lost": 0, "format": 1}
    negative = {DATABASE: {"bytes": -1, "sha256": "0" * 64}}
    odd: tuple[object, ...] = ({}, {DATABASE: {}}, negative, [], None, {DATABASE: 3})
    for members in odd:
        with pytest.raises(BadManifest):
            Manifest.from_json(json.dumps({**whole, "members": members}).encode())
    for data in (b"", b"3", b"[]", b"\xff", b"[" * 100_000):
        with pytest.raises(BadManifest):
            Manifest.from_json(data)


# -- the command line --------------------------------------------------------------------------------------------------


def test_the_command_line_makes_checks_and_restores(
    settings: Settings,
    filled: Engine,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LC_ALL", "es_ES.UTF-8")
    file, data = str(tmp_path / "copia.zip"), ["--data-dir", str(settings.data_dir)]
    assert main(["make", file, *data]) == 0
    assert main(["make", file, *data]) == 1  # it is not written over
    assert "ya existe" in capsys.readouterr().err
    assert main(["check", file]) == 0
    assert "3 documentos, 1 conversaciones" in capsys.readouterr().out
    add(settings, filled, "Después.")
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["restore", file, *data]) == 130
    assert "Después." in texts(settings)
    monkeypatch.setattr("builtins.input", lambda _: "s")
    assert main(["restore", file, *data]) == 0
    assert texts(settings) == TEXTS
    Path(file).write_bytes(b"no")
    capsys.readouterr()
    assert main(["restore", file, "--yes", *data]) == 1
    assert "no es una copia" in capsys.readouterr().err
    assert main(["check", str(tmp_path / "nowhere.zip")]) == 1


# -- copies before a migration -----------------------------------------------------------------------------------------


def test_the_copy_before_a_migration_opens_and_holds_what_was(settings: Settings) -> None:
    settings.data_dir.mkdir()
    migrated_to(settings.database, "0003")
    with closing(sqlite3.connect(settings.database)) as database:
        database.execute(CONVERSATION, ["Antes"])
        database.commit()
    open_database(settings.database).dispose()
    (kept,) = settings.data_dir.glob("aula.0003.*.sqlite")
    with closing(sqlite3.connect(kept)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT version_num FROM alembic_version").fetchall() == [("0003",)]
        assert database.execute("SELECT title FROM conversations").fetchall() == [("Antes",)]
    opened = open_database(kept)  # by an Aula of today, which migrates it too
    with opened.connect() as connection:
        assert connection.execute(select(conversations.c.title)).scalar_one() == "Antes"
    opened.dispose()


def migrated_to(path: Path, revision: str) -> None:
    """Make a database as an older Aula left it."""
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import create_engine

    config = Config()
    config.set_main_option("script_location", str(Path(backup.__file__).parent / "migrations"))
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def rewritten(
    made: Path,
    folder: Path,
    replaced: dict[str, bytes | None] | None = None,
    added: dict[str, bytes] | None = None,
    database: bytes | None = None,
    **manifest: object,
) -> Path:
    """Write a backup anew with some of it changed; of what is `added`, and of the database, the manifest knows."""
    with zipfile.ZipFile(made) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    said = json.loads(members[MANIFEST])
    if database is not None:
        members[DATABASE] = database
    for name, data in {**(added or {}), DATABASE: members[DATABASE]}.items():
        members[name] = data
        said["members"][name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    members[MANIFEST] = json.dumps({**said, **manifest}).encode()
    path = folder / "changed.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**members, **(replaced or {})}.items():
            if content is not None:
                archive.writestr(name, content)
    return path
