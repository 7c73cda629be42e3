"""ZIP archives: every member told, none followed, no bomb unpacked."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from rag import errors
from rag.archive import ArchiveLimits, check_office, is_archive, members
from rag.pages import Refused


@pytest.fixture
def make(tmp_path: Path):
    def write(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
        path = tmp_path / "upload"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in entries:
                archive.writestr(name, data)
        return path

    return write


def said(path: Path, limits: ArchiveLimits | None = None) -> dict[str, bytes | type]:
    """Each member's name with its bytes, or with the kind of its error."""
    found: dict[str, bytes | type] = {}
    for member in members(path, limits or ArchiveLimits(), "clase.zip"):
        try:
            with member.open() as stream:
                found[member.name] = stream.read()
        except errors.DocumentError as error:
            found[member.name] = type(error)
    return found


def test_members_are_read_with_their_paths(make):
    path = make(("tema 1/", b""), ("tema 1/año.txt", "señal".encode()), ("b.md", b"# b"), ("__MACOSX/._b.md", b"x"))
    assert said(path) == {"tema 1/año.txt": "señal".encode(), "b.md": b"# b"}
    assert [member.size for member in members(path)] == [6, 3]
    assert is_archive("Clase.ZIP")
    assert not is_archive("clase.docx")


@pytest.mark.parametrize(
    ("inside", "shown"),
    [
        ("../../../etc/passwd.txt", "etc/passwd.txt"),
        ("/etc/passwd.txt", "etc/passwd.txt"),
        ("C:\\Windows\\a.txt", "C:/Windows/a.txt"),
        ("a/./b//c.txt", "a/b/c.txt"),
        ("x" * 900 + ".txt", "x" * 196 + ".txt"),
        ("a\nb\u202e.txt", "a b.txt"),
    ],
)
def test_a_name_leads_nowhere(make, inside, shown):
    assert list(said(make((inside, b"x")))) == [shown]


@pytest.mark.parametrize("encoding", ["utf-8", "cp850"])
def test_names_without_a_mark_of_their_encoding(make, encoding):
    raw = "señales.txt".encode(encoding)
    path = make(("x" * len(raw), b"x"))
    path.write_bytes(path.read_bytes().replace(b"x" * len(raw), raw))
    assert list(said(path)) == ["señales.txt"]


def test_what_cannot_be_read_is_told_and_the_rest_is_read(make):
    link = zipfile.ZipInfo("enlace.txt")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a.txt", "a")
    path = make(
        (link, b"/etc/passwd"), ("otro.zip", inner.getvalue()), ("c.7z", b"7z"), ("d.exe", b"MZ"), ("e.txt", b"e")
    )
    assert said(path) == {
        "enlace.txt": errors.ArchiveLink,
        "otro.zip": errors.ArchiveNested,
        "c.7z": errors.ArchiveNested,
        "d.exe": errors.UnsupportedFormat,
        "e.txt": b"e",
    }


def patched(path: Path, local: int, central: int, value: bytes) -> Path:
    """Write `value` into the first member's header and its entry of the directory."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[local : local + len(value)] = value
    data[at + central : at + central + len(value)] = value
    path.write_bytes(bytes(data))
    return path


def test_members_with_a_password_an_unknown_method_or_a_wrong_sum(make):
    entry = ("a.txt", b"hola, hola, hola")
    assert said(patched(make(entry), 6, 8, b"\x01\x00")) == {"a.txt": errors.EncryptedDocument}
    assert said(patched(make(entry), 8, 10, b"\x63\x00")) == {"a.txt": errors.DamagedDocument}
    assert said(patched(make(entry), 14, 16, b"\x00\x00\x00\x00")) == {"a.txt": errors.DamagedDocument}


def test_a_member_that_says_it_is_smaller_than_it_is(make):
    path = patched(make(("a.txt", bytes(10_000_000))), 22, 24, (100).to_bytes(4, "little"))
    assert said(path) == {"a.txt": errors.DamagedDocument}


@pytest.mark.parametrize(
    ("count", "size", "limits"),
    [
        (1, 20_000_000, ArchiveLimits(harmless=1_000_000)),  # packed a thousand times
        (11, 1, ArchiveLimits(members=10)),
        (3, 1000, ArchiveLimits(bytes=2999)),
    ],
    ids=["ratio", "count", "bytes"],
)
def test_a_bomb_is_refused_before_a_member_is_given(make, count, size, limits):
    path = make(*((f"{number}.txt", bytes(size)) for number in range(count)))
    with pytest.raises(errors.ArchiveUnsafe) as caught:
        next(members(path, limits, "clase.zip"))
    assert "clase.zip" in caught.value.text("es")


def test_a_few_small_files_may_be_packed_tightly(make):
    assert said(make(("a.txt", bytes(1_000_000)))) == {"a.txt": bytes(1_000_000)}


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"no zip at all", b"PK\x05\x06" + bytes(18)])
def test_no_zip(tmp_path, data):
    path = tmp_path / "upload"
    path.write_bytes(data)
    if data.startswith(b"PK\x05"):
        assert list(members(path)) == []
    else:
        with pytest.raises(errors.DamagedDocument):
            list(members(path))


def test_a_truncated_zip(make):
    path = make(("a.txt", b"hola" * 1000))
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(errors.DamagedDocument):
        list(members(path))


def test_one_damaged_member_hides_no_other(tmp_path):
    path = tmp_path / "upload"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", bytes(5000), zipfile.ZIP_LZMA)
        archive.writestr("b.txt", b"b")
        archive.writestr("año.txt", b"c")
        archive.writestr("d.txt", b"d")
    data = bytearray(path.read_bytes())
    data[30 + 5 + 9 : 30 + 5 + 30] = b"\xff" * 21  # behind the header, the name, and what LZMA was set to
    data[data.index("ñ".encode())] = 0xFF  # a name that is no UTF-8, in front of its member only
    path.write_bytes(bytes(data))
    assert said(path) == {
        "a.txt": errors.DamagedDocument,
        "b.txt": b"b",
        "año.txt": errors.DamagedDocument,
        "d.txt": b"d",
    }


@pytest.mark.parametrize("office", [False, True])
def test_a_directory_that_is_a_bomb_is_not_even_built(tmp_path, monkeypatch, office):
    path = tmp_path / "upload"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(300):
            archive.writestr(zipfile.ZipInfo(f"{number:0>200}/"), b"")
        archive.writestr("word/document.xml", b"<w/>")
    monkeypatch.setattr("rag.archive._ENTRY", 10)
    made = []
    monkeypatch.setattr(zipfile.ZipInfo, "_decodeExtra", lambda *_: made.append(1))  # once for each entry
    if office:
        with pytest.raises(Refused):
            check_office(path, 2**30, "word/document.xml")
    else:
        with pytest.raises(errors.ArchiveUnsafe):
            next(members(path))
    assert made == []
    monkeypatch.undo()
    check_office(path, 2**30, "word/document.xml")
