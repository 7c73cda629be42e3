"""Odd, broken and hostile files through the real parsing process: each costs a page or its document, never more."""

from __future__ import annotations

import io
import json
import sys
import threading
import zipfile
from pathlib import Path

import docx
import psutil
import pytest
from pypdf import PdfReader, PdfWriter

from rag import errors, loaders, parse_process
from rag.loaders import Limits, PageText, Parsed, parse
from tests import pdf_bytes
from tests.pdf_bytes import document, stream, text

IMPATIENT = Limits(page_seconds=8)  # long enough for a sound page on a busy machine


@pytest.fixture
def save(tmp_path: Path):
    def write(data: bytes, name: str = "file.pdf") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def read(path: Path, limits: Limits | None = None, **kwargs) -> Parsed:
    return parse(path, path.name, limits or Limits(), **kwargs)


def shape(parsed: Parsed) -> list[tuple[str, str]]:
    return [(page.how, page.text or page.reason) for page in parsed.pages]


def workers() -> list[int]:
    """The parsing processes that are still there, zombies included."""
    found = psutil.Process().children(recursive=True)
    return [child.pid for child in found if child.status() == "zombie" or "parse_worker" in " ".join(child.cmdline())]


def encrypted(data: bytes, user: str, owner: str = "owner", algorithm: str = "AES-256") -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt(user_password=user, owner_password=owner, algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


# -- what a sound PDF comes to ------------------------------------------------------------------------------------


def test_every_page_has_its_number_and_state(save):
    seen: list[tuple[int, int]] = []
    data = document([text("Primera página: ¿qué es?"), stream(b"q Q"), text("Tercera página")])
    parsed = read(save(data), progress=lambda done, total: seen.append((done, total)))
    assert [page.number for page in parsed.pages] == [1, 2, 3]
    assert shape(parsed) == [("text", "Primera página: ¿qué es?"), ("empty", ""), ("text", "Tercera página")]
    assert (parsed.unit, parsed.total, parsed.partial, parsed.explain("es")) == ("page", 3, False, "")
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_running_text_is_joined_and_accents_are_repaired(save):
    lines = [
        "La biblioteca guarda la informaci´on que los lectores necesi-",
        "tan, y tambi´en sus se˜nales de uso, en el armario del s´otano",
        "y en el mostrador.",
    ]
    parsed = read(save(document([text("Título", size=20), text(*lines)])))
    assert parsed.pages[1].text == (
        "La biblioteca guarda la información que los lectores necesitan, y también sus señales de uso, "
        "en el armario del sótano y en el mostrador."
    )


def test_a_relative_path_works_from_any_folder(save, monkeypatch, tmp_path):
    save(document([text("hola")]))
    monkeypatch.chdir(tmp_path)
    assert parse(Path("file.pdf"), "file.pdf").pages[0].text == "hola"


@pytest.mark.parametrize("name", ["../../../etc/passwd.pdf", "con\x00nul.PDF", "x" * 5000 + ".pdf", "~/$(id).pdf"])
def test_of_a_name_only_the_suffix_counts(save, name):
    assert parse(save(document([text("hola")]), "upload"), name).pages[0].text == "hola"


def test_a_pdf_is_known_by_its_content(save):
    assert read(save(document([text("hola")]), "informe")).pages[0].text == "hola"


# -- encrypted, empty, damaged ------------------------------------------------------------------------------------


def test_a_password_is_asked_for(save):
    with pytest.raises(errors.EncryptedDocument):
        read(save(encrypted(document([text("secreto")]), "clave")))


def test_an_empty_password_is_none(save):
    path = save(encrypted(document([text("abierto")]), ""))
    assert read(path).pages[0].text == "abierto"
    assert [event.encrypted for event in loaders.read(path, "a.pdf") if isinstance(event, loaders.Opened)] == [False]


@pytest.mark.parametrize("algorithm", ["RC4-40", "RC4-128", "AES-128", "AES-256-R5", "AES-256"])
@pytest.mark.parametrize("password", ["contraseña", "dueña"])
def test_the_password_of_user_or_owner_opens_it(save, algorithm, password):
    path = save(encrypted(document([text("secreto")]), "contraseña", "dueña", algorithm))
    opened, page, ended = loaders.read(path, "a.pdf", password=password)
    assert (opened.encrypted, page.text, ended.note) == (True, "secreto", "")


@pytest.mark.parametrize("password", ["", "otra", "x" * 5000, "\ud800"])
def test_a_wrong_password_is_said_to_be_wrong(save, password):
    path = save(encrypted(document([text("secreto")]), "clave"))
    with pytest.raises(errors.WrongPassword):
        list(loaders.read(path, "a.pdf", password=password))


def test_a_password_that_nobody_asked_for_does_no_harm(save):
    opened, page, _ = loaders.read(save(document([text("abierto")])), "a.pdf", password="clave")
    assert (opened.encrypted, page.text) == (False, "abierto")


def test_the_other_library_gets_the_password_too(save, monkeypatch):
    crash = "import os, sys, json; import rag.parse_worker as w; j = sys.stdin.buffer.read()"
    act = f"{crash}; '[0]' in json.dumps(json.loads(j)['avoid']) or os.abort(); import io; "
    act += "sys.stdin = io.TextIOWrapper(io.BytesIO(j)); w.main()"
    monkeypatch.setattr(parse_process, "COMMAND", [sys.executable, "-c", act])
    path = save(encrypted(document([text("secreto")]), "clave"))
    assert parse(path, "a.pdf", password="clave").pages[0].text == "secreto"
    with pytest.raises(errors.WrongPassword):
        parse(path, "a.pdf", password="otra")


def test_what_is_attached_and_what_would_run_is_left_alone(save):
    runs = b"/Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert\\('lo que no se ve'\\))>>"
    data = document([text("lo que se ve")]).replace(b"/Type/Catalog", runs)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.add_attachment("oculto.txt", b"lo que no se ve")
    out = io.BytesIO()
    writer.write(out)
    assert shape(read(save(out.getvalue()))) == [("text", "lo que se ve")]


@pytest.mark.parametrize("box", [b"0 0 1e9 1e9", b"0 0 0 0", b"-1e30 -1e30 1e30 1e30", b"5 5 4 4", b"0 0 (a) [9]"])
def test_a_page_of_any_size(save, box):
    data = document([text("uno")]).replace(b"0 0 595 842", box)
    assert read(save(data)).pages[0].text == "uno"


def test_a_scan_with_a_stamp_on_it_waits_and_a_background_does_not(save):
    def picture(width: int) -> bytes:
        head = b"/Type/XObject/Subtype/Image/Width %d/Height 1200/ColorSpace/DeviceGray/BitsPerComponent 1" % width
        return stream(b"\x55" * (-(-width // 8) * 1200), head)

    def page(name: bytes, words: bytes) -> bytes:
        return stream(b"q 595 0 0 842 0 0 cm /%s Do Q BT /F1 12 Tf 72 400 Td (%s) Tj ET" % (name, words))

    uses = b"/XObject<</A 4 0 R/B 5 0 R>>"
    stamped = [page(b"A", b"Copia"), page(b"B", b"Copia"), text("texto")]
    assert [found.how for found in read(save(document(stamped, [picture(850), picture(851)], uses))).pages] == [
        "waiting",
        "waiting",
        "text",
    ]
    slides = [page(b"A", b"Copia %d" % number) for number in range(3)] + [text("texto " * 90)] * 6
    found = read(save(document(slides, [picture(850), picture(851)], uses))).pages
    assert [page.how for page in found] == ["text"] * 9


def test_a_hundred_thousand_pages_are_read_up_to_the_limit(save):
    blank, count = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>", 100_000
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(count))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids), *[blank] * count]
    opened, *pages, ended = loaders.read(save(pdf_bytes.pdf(objects)), "a.pdf", limits=Limits(pages=300))
    assert (opened.total, len(pages), {page.how for page in pages}, ended.note) == (count, 300, {"empty"}, "pages")


@pytest.mark.parametrize(
    "data", [b"<html>no</html>", b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(range(256)) * 40, b"\x00" * 99]
)
def test_not_a_pdf(save, data):
    with pytest.raises(errors.DamagedDocument):
        read(save(data))


@pytest.mark.parametrize("name", ["a.pdf", "a.txt", "a.md", "a.docx", "a.html"])
def test_no_bytes_at_all(save, name):
    with pytest.raises(errors.EmptyDocument):
        read(save(b"", name))


@pytest.mark.parametrize("data", [b" \n\t ", b"\xef\xbb\xbf", b"<html><body><script>1</script></body></html>"])
def test_nothing_to_read(save, data):
    with pytest.raises(errors.EmptyDocument):
        read(save(data, "a.html"))


def test_blank_pages_only(save):
    with pytest.raises(errors.EmptyDocument):
        read(save(document([stream(b"q Q"), stream(b"")])))


@pytest.mark.parametrize("nothing", [b"() Tj", b"(  ) Tj", b"<> Tj", b"[() -20 ()] TJ", b"() '"])
def test_a_page_that_writes_nothing_is_blank(save, nothing):
    parsed = read(save(document([text("uno"), stream(b"BT /F1 12 Tf 72 400 Td %s ET" % nothing)])))
    assert shape(parsed) == [("text", "uno"), ("empty", "")]


def test_pictures_only(save):
    contents, picture, resources = pdf_bytes.image_page()
    with pytest.raises(errors.ImageOnlyDocument):
        read(save(document([contents, contents], [picture], resources)))


def test_a_picture_among_text_is_known_as_one(save):
    contents, picture, resources = pdf_bytes.image_page()
    parsed = read(save(document([text("uno"), contents], [picture], resources)))
    assert shape(parsed) == [("text", "uno"), ("waiting", "image")]


def test_a_broken_page_costs_only_itself(save):
    broken = stream(b"\x00\x01 no flate at all " * 9, b"/Filter/FlateDecode")
    parsed = read(save(document([text("uno"), broken, text("tres")])))
    assert shape(parsed) == [("text", "uno"), ("failed", "damaged"), ("text", "tres")]
    assert parsed.partial
    assert parsed.explain("en") == "Pages that could not be read: 2 (1 of 3). You can ask the others."


def test_of_a_truncated_file_the_rest_is_kept(save):
    whole = document([text(f"página {number}") for number in range(1, 9)])
    parsed = read(save(whole[: whole.index(b"(p\xe1gina 6)")]))
    assert [page.text for page in parsed.pages if page.how == "text"] == [f"página {number}" for number in range(1, 6)]
    assert (parsed.partial, parsed.note) == (True, "repaired")
    assert parsed.explain("es").endswith("recuperar: 5.")


@pytest.mark.parametrize(
    "objects",
    [
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 2/Kids[2 0 R 2 0 R]>>"],
        [b"<</Type/Catalog/Pages 1 0 R>>"],
        [b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 300_000 + b">>", b"<</Type/Pages/Count 0/Kids[]>>"],
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 2000000000/Kids[3 0 R]>>",
            b"<</Type/Page/Parent 2 0 R>>",
        ],
    ],
    ids=["a tree that is its own child", "a catalog of catalogs", "deep nesting", "two thousand million pages"],
)
def test_impossible_page_trees(save, objects):
    with pytest.raises((errors.DamagedDocument, errors.EmptyDocument)):
        read(save(pdf_bytes.pdf(objects)))


# -- time, memory, size -------------------------------------------------------------------------------------------


def test_a_page_without_end_costs_only_itself(save):
    parsed = read(save(pdf_bytes.endless(["uno"], ["tres"])), IMPATIENT)
    assert shape(parsed) == [("text", "uno"), ("failed", "time"), ("text", "tres")]
    assert not workers()


def test_what_was_read_when_the_time_is_up_is_kept(save):
    parsed = read(save(pdf_bytes.endless(["uno"], ["tres"])), Limits(seconds=8, page_seconds=600))
    assert shape(parsed) == [("text", "uno"), ("failed", "time"), ("failed", "time")]
    assert parsed.explain("es").startswith("La lectura tardaba demasiado y se ha detenido. Faltan páginas: 2, 3")


def test_nothing_but_a_page_without_end(save):
    with pytest.raises(errors.ParseTimeout):
        read(save(pdf_bytes.endless([], [])), IMPATIENT)
    assert not workers()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_where_one_library_runs_out_of_memory_the_other_one_reads(save):
    """PDFium takes all the memory that it gets and aborts; pypdf stops after some thousands of forms."""
    parsed = read(save(pdf_bytes.branching(["uno"], ["tres"])), Limits(page_seconds=300, memory_mb=500))
    assert [page.how for page in parsed.pages] == ["text", "text", "text"]
    assert set(parsed.pages[1].text.split()) == {"x"}
    assert [parsed.pages[0].text, parsed.pages[2].text] == ["uno", "tres"]


def test_a_memory_bomb_costs_only_its_page(save):
    parsed = read(save(pdf_bytes.bomb(["uno"], ["tres"])), Limits(memory_mb=700))
    assert shape(parsed) == [("text", "uno"), ("failed", "memory"), ("text", "tres")]


def test_nothing_but_a_memory_bomb(save):
    with pytest.raises(errors.ParseOutOfMemory):
        read(save(pdf_bytes.bomb([], [])), Limits(memory_mb=700))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_memory_is_limited(save):
    with pytest.raises(errors.ParseOutOfMemory):
        read(save(b"palabra " * (10 * 2**20), "a.txt"), Limits(memory_mb=200))


@pytest.mark.parametrize(("fill", "expected"), [(b" ", errors.DamagedDocument), (None, errors.TooLarge)])
def test_a_document_that_unpacks_too_far(save, fill, expected):
    """A bomb is damaged goods; a large document that compresses as documents do is too large."""
    out = io.BytesIO()
    noise = b"".join(index.to_bytes(4, "big").hex().encode() for index in range(2**20))
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", fill * 2**28 if fill else noise)
    with pytest.raises(expected):
        read(save(out.getvalue(), "a.docx"), Limits(memory_mb=1500 if fill else 100))


def test_an_encrypted_or_old_word_file(save):
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
    with pytest.raises(errors.ProtectedDocument):
        read(save(container + "EncryptedPackage".encode("utf-16-le"), "a.docx"))
    with pytest.raises(errors.OldFormat):
        read(save(container, "a.docx"))


def test_entities_of_a_docx_are_not_expanded(save):
    out = io.BytesIO()
    made = io.BytesIO()
    docx.Document().save(made)
    lol = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
    body = (
        f'<!DOCTYPE x [<!ENTITY a0 "ja">{lol}<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
        "<w:p><w:r><w:t>antes &a11; &f; después</w:t></w:r></w:p></w:body></w:document>"
    )
    with zipfile.ZipFile(made) as source, zipfile.ZipFile(out, "w") as target:
        for part in source.namelist():
            target.writestr(part, body if part == "word/document.xml" else source.read(part))
    try:
        shown = read(save(out.getvalue(), "a.docx")).pages[0].text
    except errors.DamagedDocument:
        return
    assert shown.startswith("antes")
    assert "jaja" not in shown
    assert Path("/etc/hostname").read_text().strip() not in shown


def test_the_limits_hold_for_all_turns_together(save):
    path = save("\n\n".join(f"# Parte {n}\n\n{'faro rojo ' * 20}" for n in range(60)).encode(), "a.md")
    limits = Limits(chars=4_000)
    whole = [event.number for event in loaders.read(path, "a.md", limits=limits) if isinstance(event, PageText)]
    kept: list[int] = []
    spent = loaders.Spent()
    for _ in range(9):
        events = loaders.read(path, "a.md", first=len(kept) + 1, limits=limits, spent=spent)
        for event in events:
            if isinstance(event, PageText):
                kept.append(event.number)
                if len(kept) % 5 == 0:
                    break
        events.close()
    assert kept == whole
    assert len(whole) < 60
    late = loaders.Spent(seconds=999.0)
    assert list(loaders.read(path, "a.md", spent=late))[-1] == loaders.Ended()  # whoever has a turn can open the file
    assert late.seconds > 999
    clock = parse_process.Clock(Limits(seconds=10, page_seconds=1), None, loaders.Spent(seconds=999.0))
    assert clock.check(0.5) == ""
    assert clock.check(1.5) == "over"  # and no turn gets more than a page's time beyond that


def test_only_the_first_pages_and_characters_are_kept(save):
    path = save(document([text(f"página {number}") for number in range(1, 7)]))
    first = read(path, Limits(pages=2))
    assert ([page.number for page in first.pages], first.total, first.partial) == ([1, 2], 6, True)
    assert first.explain("es").startswith("Solo se han leído las primeras 2 páginas de 6.")
    short = read(path, Limits(chars=20))
    assert ([page.text for page in short.pages], short.note) == (["página 1", "página 2"], "chars")


# -- going on where one stopped -----------------------------------------------------------------------------------


def headed(count: int) -> bytes:
    return document([text("Guía", *[""] * 9, f"Página {'abcdefghij'[number] * 5}", size=11) for number in range(count)])


def test_reading_goes_on_at_any_page_as_if_it_had_never_stopped(save):
    path = save(headed(8))
    whole = [event for event in loaders.read(path, "a.pdf") if isinstance(event, PageText)]
    assert [page.body for page in whole] == [(6, 18)] * 8
    for first in (2, 5, 8):
        events = list(loaders.read(path, "a.pdf", first=first))
        assert events[1:-1] == whole[first - 1 :]
    assert list(loaders.read(path, "a.pdf", first=9))[1:] == [loaders.Ended()]
    kept = [event for event in loaders.read(path, "a.pdf", skip={1, 2, 5}) if isinstance(event, PageText)]
    assert kept == [page for page in whole if page.number not in {1, 2, 5}]


def test_a_page_without_end_is_given_up_once_wherever_reading_begins(save):
    path = save(pdf_bytes.endless(["uno", "dos"], ["cuatro", "cinco"]))
    events = list(loaders.read(path, "a.pdf", first=4, limits=Limits(page_seconds=4)))
    assert [(event.number, event.text) for event in events[1:-1]] == [(4, "cuatro"), (5, "cinco")]


def test_closing_the_reading_ends_its_process(save):
    events = loaders.read(save(headed(8)), "a.pdf")
    next(events)
    assert workers()
    events.close()
    assert not workers()


def test_a_worker_that_leaves_pages_out_is_found_out(save, monkeypatch):
    lines = [{"total": 3, "unit": "page", "title": ""}, {"number": 3, "text": "tres", "how": "text"}, {"end": ""}]
    shown = "".join(json.dumps(line) + "\n" for line in lines)
    monkeypatch.setattr(parse_process, "COMMAND", [sys.executable, "-c", f"print({shown!r}, end='')"])
    _, *pages, ended = loaders.read(save(headed(3)), "a.pdf")
    assert [(page.number, page.how, page.reason) for page in pages] == [
        (1, "failed", "crash"),
        (2, "failed", "crash"),
        (3, "failed", "crash"),
    ]
    assert ended.note == "failed"


# -- cancelling and dying -----------------------------------------------------------------------------------------


def test_cancelled_before_it_begins(save):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(errors.Cancelled):
        read(save(pdf_bytes.endless([], [])), Limits(), cancel=cancel)
    assert not workers()


def test_cancelled_in_the_middle_of_a_page(save):
    cancel = threading.Event()
    threading.Timer(2.0, cancel.set).start()  # nobody gives the page up by themselves here
    with pytest.raises(errors.Cancelled):
        read(save(pdf_bytes.endless(["uno"], [])), Limits(seconds=9_999, page_seconds=9_999), cancel=cancel)
    assert not workers()


def test_an_error_of_the_caller_is_the_callers(save):
    def progress(done: int, total: int) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        read(save(document([text("uno")])), progress=progress)
    assert not workers()


DYING = """
import io, json, os, sys
job = sys.stdin.buffer.read()
asked = json.loads(job)
import rag.parse_worker as worker
serve = worker.serve
def dying(job, emit):
    def watched(line):
        if line.get("number") == 2 and ({when}):
            {act}
        emit(line)
    serve(job, watched)
worker.serve = dying
sys.stdin = io.TextIOWrapper(io.BytesIO(job))
worker.main()
"""


@pytest.fixture
def dying(monkeypatch, save):
    """A worker that does something to itself at page 2, on a file of three."""

    def read_with(act: str, when: str = "True") -> Parsed:
        monkeypatch.setattr(parse_process, "COMMAND", [sys.executable, "-c", DYING.format(act=act, when=when)])
        return read(save(document([text("uno"), text("dos"), text("tres")])))

    return read_with


def test_a_crash_is_tried_again_with_the_other_library(dying):
    parsed = dying("os.kill(os.getpid(), 11)", when="2 not in asked['avoid']")
    assert shape(parsed) == [("text", "uno"), ("text", "dos"), ("text", "tres")]
    assert not parsed.partial


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("os.kill(os.getpid(), 11)", "crash"),
        ("os.kill(os.getpid(), 9)", "memory"),  # what the kernel does when memory runs out
        ("os._exit(0)", "crash"),
        ("os.write(3, b'no json') or os._exit(0)", "crash"),
        ("emit({'number': 2, 'bogus': 1})", "crash"),
    ],
)
def test_a_page_that_kills_its_reader_costs_only_itself(dying, act, reason):
    parsed = dying(act)
    assert shape(parsed) == [("text", "uno"), ("failed", reason), ("text", "tres")]
    assert not workers()


def test_a_line_without_end_is_not_swallowed(dying, monkeypatch):
    monkeypatch.setattr(parse_process, "LONGEST_LINE", 100_000)
    parsed = dying("emit({'number': 2, 'text': 'x' * 10_000_000, 'how': 'text'})")
    assert shape(parsed) == [("text", "uno"), ("failed", "crash"), ("text", "tres")]


def test_a_reader_that_always_dies(monkeypatch, save):
    monkeypatch.setattr(parse_process, "COMMAND", [sys.executable, "-c", "import os; os.abort()"])
    with pytest.raises(errors.DamagedDocument):
        read(save(document([text("uno")])))


def test_what_a_library_prints_stays_out_of_the_lines(dying):
    parsed = dying('print(\'{"error": "encrypted"}\', flush=True)')
    assert shape(parsed)[1] == ("text", "dos")
