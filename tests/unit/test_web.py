"""Web addresses: what leads inwards is refused at every step; the rest through a real server on this machine.

The resolver is ours, and a connection to a public address is made to the test's own server: which address was dialled
is what the tests look at.
"""

from __future__ import annotations

import gzip
import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpcore
import pytest

from rag import errors
from rag.web import WebLimits, fetch
from rag.web_network import Network, is_public

PUBLIC = "93.184.216.34"
Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class Site(http.server.ThreadingHTTPServer):
    """Answers by path."""

    answers: dict[str, Answer]
    asked: list[tuple[str, str]]


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Site)
        self.server.asked.append((self.headers["Host"], self.path))
        self.server.answers[self.path](self)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def site() -> Iterator[Site]:
    server = Site(("127.0.0.1", 0), _Handler)
    server.answers, server.asked = {}, []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def says(body: bytes = b"<p>hola</p>", status: int = 200, **headers: str) -> Answer:
    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        given = {"Content-Type": "text/html", "Content-Length": str(len(body))}
        for name, value in (given | {key.replace("_", "-"): value for key, value in headers.items()}).items():
            if value:
                handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def moves(location: str) -> Answer:
    return says(b"", 302, Location=location)


class Inward(Network):
    """Resolves by a table, and leads every connection to the test's server."""

    def __init__(self, site: Site | None = None, **names: list[list[str]] | list[str]) -> None:
        self.names = {name.replace("_", "."): found for name, found in names.items()}
        self.resolved: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self._port = site.server_address[1] if site else 0

    def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        if host not in self.names:
            raise socket.gaierror(-2, "unknown")
        found = self.names[host]
        return found.pop(0) if isinstance(found[0], list) else found

    def connect(self, address: str, port: int, timeout: float) -> httpcore.NetworkStream:
        self.dialled.append((address, port))
        return super().connect("127.0.0.1", self._port, timeout)

    def own(self) -> set[str]:
        return {"127.0.0.1", "5.6.7.8"}


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "page"


# -- what the public function refuses, with the machine's own resolver -----------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080/",
        "http://127.0.0.1:8000/secreto",
        "http://localhost:8080/",
        "localhost:8080",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0/",
        "http://0.0.0.0/",
        "http://127。0。0。1/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1]/",
        "http://[fd00:ec2::254]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://168.63.129.16/",
        "http://100.100.100.200/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
def test_what_leads_inwards_is_refused(url, target):
    with pytest.raises(errors.AddressRefused) as caught:
        fetch(url, target)
    assert caught.value.text("es") != caught.value.text("en")
    assert not target.exists()


def test_a_server_of_this_machine_is_never_asked(site, target):
    site.answers["/"] = says()
    with pytest.raises((errors.AddressRefused, errors.AddressInvalid)):
        fetch(f"http://127.0.0.1:{site.server_address[1]}/", target)
    assert not site.asked


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "ftp://example.com/a",
        "file:///etc/passwd",
        "gopher://example.com/",
        "javascript:alert(1)",
        "http://",
        "http:///a",
        "http://user:pass@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://example.com:22/",
        "http://example.com:6379/",
        "http://example.com:99999/",
        "http://１２７.0.0.1/",
        "http://0177.0.0.1/",
        "http://example.com/" + "a" * 3000,
    ],
)
def test_what_is_no_address_of_the_web(url, target):
    network = Inward()
    with pytest.raises(errors.AddressInvalid):
        fetch(url, target, network=network)
    assert not network.resolved


@pytest.mark.parametrize(
    ("address", "public"),
    [
        (PUBLIC, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        (f"::ffff:{PUBLIC}", True),
        ("64:ff9b::5db8:d822", True),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("240.0.0.1", False),
        ("fc00::1", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("2001:20::1", False),
        ("4000::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
        ("no address", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) == public


def test_offline_nothing_is_looked_up(target):
    network = Inward()
    with pytest.raises(errors.AddressOffline):
        fetch("https://example.com/", target, offline=True, network=network)
    assert not network.resolved


# -- names and redirects ---------------------------------------------------------------------------------------------


def test_a_page_is_fetched_from_the_address_that_was_checked(site, target):
    site.answers["/temas/b%C3%BAsqueda.html?q=1"] = says("<p>señal</p>".encode())
    network = Inward(site, www_uni_es=[PUBLIC])
    fetched = fetch(" http://www.uni.es/temas/búsqueda.html?q=1#tema ", target, network=network)
    assert (fetched.name, fetched.suffix) == ("búsqueda.html", ".html")
    assert target.read_bytes().endswith("<p>señal</p>".encode())
    assert network.dialled == [(PUBLIC, 80)]
    assert site.asked == [("www.uni.es", "/temas/b%C3%BAsqueda.html?q=1")]


@pytest.mark.parametrize("found", [["10.0.0.1"], [PUBLIC, "127.0.0.1"], ["::ffff:10.0.0.1"], ["5.6.7.8"]])
def test_a_name_with_any_private_address_is_refused(site, target, found):
    network = Inward(site, interno_es=found)
    with pytest.raises(errors.AddressRefused):
        fetch("http://interno.es/", target, network=network)
    assert not network.dialled


def test_a_name_that_changes_is_dialled_where_it_was_checked(site, target):
    site.answers["/"] = says()
    network = Inward(site, cambia_es=[[PUBLIC], ["127.0.0.1"]])
    fetch("http://cambia.es/", target, network=network)
    assert (network.resolved, network.dialled) == (["cambia.es"], [(PUBLIC, 80)])


def test_a_name_that_changes_between_two_steps_is_refused(site, target):
    def closing(handler: http.server.BaseHTTPRequestHandler) -> None:
        says(b"", 302, Location="/dos", Connection="close")(handler)
        handler.close_connection = True

    site.answers["/"] = closing
    network = Inward(site, cambia_es=[[PUBLIC], ["127.0.0.1"]])
    with pytest.raises(errors.AddressRefused):
        fetch("http://cambia.es/", target, network=network)
    assert network.dialled == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://127.0.0.1:8080/", errors.AddressRefused),
        ("//169.254.169.254/latest", errors.AddressRefused),
        ("http://interno.es/", errors.AddressRefused),
        ("http://[::ffff:127.0.0.1]/", errors.AddressRefused),
        ("file:///etc/passwd", errors.AddressInvalid),
        ("http://a:b@uni.es/", errors.AddressInvalid),
        ("http://uni.es:25/", errors.AddressInvalid),
        ("", errors.AddressUnreachable),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(site, target, location, expected):
    site.answers["/"] = moves(location)
    names = {"127_0_0_1": ["127.0.0.1"], "169_254_169_254": ["169.254.169.254"], "interno_es": ["10.1.1.1"]}
    network = Inward(site, uni_es=[PUBLIC], **names)
    network.names["::ffff:127.0.0.1"] = ["::ffff:127.0.0.1"]
    with pytest.raises(expected):
        fetch("http://uni.es/", target, network=network)
    assert network.dialled == [(PUBLIC, 80)]
    assert not target.exists()


def test_redirects_are_followed_and_end(site, target):
    site.answers |= {"/": moves("/a/"), "/a/": moves("b.html"), "/a/b.html": says(), "/sin/fin": moves("/sin/fin")}
    network = Inward(site, uni_es=[PUBLIC])
    assert fetch("http://uni.es/", target, network=network).address == "http://uni.es/a/b.html"
    with pytest.raises(errors.AddressUnreachable, match="5 redirects"):
        fetch("http://uni.es/sin/fin", target, network=network)
    assert [path for _, path in site.asked].count("/sin/fin") == 6


# -- what comes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "headers", "name"),
    [
        ("/", {}, "uni.es.html"),
        ("/a.php", {"Content-Type": "text/html; charset=utf-8"}, "a.html"),
        ("/a.pdf", {"Content-Type": "application/pdf"}, "a.pdf"),
        ("/descarga", {"Content-Type": "application/pdf"}, "descarga.pdf"),
        ("/a.py", {"Content-Type": "text/plain"}, "a.py"),
        ("/LEEME", {"Content-Type": "text/plain"}, "LEEME.txt"),
        ("/a.docx", {"Content-Type": "application/octet-stream"}, "a.docx"),
        ("/x", {"Content-Type": "", "Content-Disposition": 'attachment; filename="../../notas.xlsx"'}, "notas.xlsx"),
        (
            "/x",
            {
                "Content-Type": "application/octet-stream",
                "Content-Disposition": "attachment; filename*=UTF-8''a%C3%B1o.csv",
            },
            "año.csv",
        ),
        ("/a.json", {"Content-Type": "application/json"}, "a.json"),
    ],
)
def test_the_name_and_the_format(site, target, path, headers, name):
    site.answers[path] = says(b"x", **{key.replace("-", "_"): value for key, value in headers.items()})
    fetched = fetch(f"http://uni.es{path}", target, network=Inward(site, uni_es=[PUBLIC]))
    assert (fetched.name, fetched.name.endswith(fetched.suffix)) == (name, True)


def test_a_format_that_is_not_read(site, target):
    site.answers["/a.exe"] = says(b"MZ", Content_Type="application/x-msdownload")
    with pytest.raises(errors.UnsupportedFormat):
        fetch("http://uni.es/a.exe", target, network=Inward(site, uni_es=[PUBLIC]))


def test_what_only_the_server_knows_of_the_encoding_is_kept(site, target):
    site.answers["/"] = says("<p>señal</p>".encode("cp1252"), Content_Type="text/html; charset=windows-1252")
    fetch("http://uni.es/", target, network=Inward(site, uni_es=[PUBLIC]))
    from rag.parse_html import html_sections

    assert next(html_sections(target.read_bytes()).pages(1, 1)).text == "señal"


def test_what_is_packed_unasked_is_unpacked_up_to_the_limit(site, target):
    site.answers["/a"] = says(gzip.compress("señal".encode()), Content_Encoding="gzip", Content_Type="text/plain")
    site.answers["/bomba"] = says(gzip.compress(bytes(50_000_000)), Content_Encoding="gzip")
    site.answers["/raro"] = says(b"x", Content_Encoding="br")
    network = Inward(site, uni_es=[PUBLIC])
    fetch("http://uni.es/a", target, network=network)
    assert target.read_text() == "señal"
    with pytest.raises(errors.TooLarge):
        fetch("http://uni.es/bomba", target, limits=WebLimits(bytes=2**20), network=network)
    with pytest.raises(errors.AddressUnreachable):
        fetch("http://uni.es/raro", target, network=network)
    assert not target.exists()


def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "text/html")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


def test_too_much_is_refused_also_where_it_was_not_announced(site, target):
    site.answers |= {"/sin": endless, "/con": says(b"x" * 3_000_000)}
    for path in ("/sin", "/con"):
        with pytest.raises(errors.TooLarge):
            fetch(f"http://uni.es{path}", target, limits=WebLimits(bytes=2**21), network=Inward(site, uni_es=[PUBLIC]))
        assert not target.exists()


@pytest.mark.parametrize("status", [401, 404, 500, 206])
def test_other_answers_are_told(site, target, status):
    site.answers["/"] = says(status=status)
    with pytest.raises(errors.AddressUnreachable, match=f"HTTP {status}"):
        fetch("http://uni.es/", target, network=Inward(site, uni_es=[PUBLIC]))


def test_what_does_not_answer(site, target):
    network = Inward(site, uni_es=[PUBLIC])
    with pytest.raises(errors.AddressUnreachable, match="DNS"):
        fetch("http://otra.es/", target, network=network)
    with pytest.raises(errors.AddressUnreachable, match="TLS"):
        fetch("https://uni.es/", target, network=network)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        network._port = closed.getsockname()[1]
    with pytest.raises(errors.AddressUnreachable, match="TCP"):
        fetch("http://uni.es/", target, network=network)


def test_a_server_that_drips_is_cancelled_or_runs_out_of_time(site, target):
    begun, over = threading.Event(), threading.Event()

    def drip(handler: http.server.BaseHTTPRequestHandler) -> None:
        begun.set()
        over.wait(30)

    site.answers["/"] = drip
    cancel = threading.Event()
    threading.Thread(target=lambda: (begun.wait(30), cancel.set())).start()
    try:
        with pytest.raises(errors.Cancelled):
            fetch("http://uni.es/", target, cancel=cancel, network=Inward(site, uni_es=[PUBLIC]))
        with pytest.raises(errors.AddressUnreachable, match=r"> 0\.3 s"):
            fetch("http://uni.es/", target, limits=WebLimits(seconds=0.3), network=Inward(site, uni_es=[PUBLIC]))
    finally:
        over.set()
