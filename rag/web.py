"""A public web page or file to a file of our own: nothing that leads to this machine or a private network is opened.

Knows HTTP; nothing of documents. What an address may lead to, and the connections, are rag/web_network.py's.
"""

from __future__ import annotations

import codecs
import ssl
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import httpcore
import httpx

from rag.errors import AddressInvalid, AddressOffline, AddressUnreachable, TooLarge
from rag.web_names import Fetched, named
from rag.web_network import Guard, Network

__all__ = ["Fetched", "WebLimits", "fetch"]

# A page on another port is rare, and what answers there is often no web server at all.
_PORTS = {None, 80, 443, 8000, 8080, 8443}
_REDIRECTS = {301, 302, 303, 307, 308}
_LONGEST_ADDRESS = 2000
_PIECE = 2**18
_HEADERS = (
    ("User-Agent", "Mozilla/5.0 (compatible; Aula)"),
    ("Accept", "text/html,application/xhtml+xml,application/pdf,*/*;q=0.8"),
    ("Accept-Language", "es,en;q=0.8"),
    ("Accept-Encoding", "identity"),  # what is packed could unpack without end
)


@dataclass(frozen=True)
class WebLimits:
    """`seconds` in all, `bytes` of what is kept, and how many `redirects` are followed."""

    seconds: float = 120.0
    bytes: int = 100 * 2**20
    redirects: int = 5


def fetch(
    url: str,
    target: Path,
    *,
    cancel: threading.Event | None = None,
    limits: WebLimits = WebLimits(),
    offline: bool = False,
    network: Network | None = None,
) -> Fetched:
    """Write what is at `url` to `target`; when that fails, no `target` is left. `network` is for tests.

    Raises AddressInvalid, AddressRefused (also after a redirect), AddressOffline, AddressUnreachable, TooLarge,
    UnsupportedFormat and Cancelled.
    """
    if offline:
        raise AddressOffline(address=url)
    guard = Guard(network or Network(), cancel or threading.Event(), limits.seconds)
    try:
        with httpcore.ConnectionPool(network_backend=guard) as pool:
            return _follow(pool, guard, _checked(url), limits, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise


def _follow(
    pool: httpcore.ConnectionPool, guard: Guard, address: httpx.URL, limits: WebLimits, target: Path
) -> Fetched:
    """Go where `address` leads; every step is checked like the first one."""
    for _ in range(limits.redirects + 1):
        guard.address = str(address)
        with _failures(guard.address), _asked(pool, address) as response:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status not in _REDIRECTS:
                return _keep(response, headers, address, limits, target)
        address = _next(address, headers.get("location", ""))
    raise AddressUnreachable(address=str(address), detail=f"> {limits.redirects} redirects")


def _checked(text: str) -> httpx.URL:
    """Return what was given as an address. Raises AddressInvalid."""
    given = text.strip()
    try:
        url = httpx.URL(given if "://" in given[:12] else f"https://{given}")
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressInvalid(address=text[:200]) from error
    return _sound(url)


def _sound(url: httpx.URL) -> httpx.URL:
    """Return `url` if it is one that may be opened. Raises AddressInvalid."""
    sound = url.scheme in {"http", "https"} and url.host and not url.userinfo and url.port in _PORTS
    if not sound or len(str(url)) > _LONGEST_ADDRESS:
        raise AddressInvalid(address=str(url)[:200])
    return url


def _next(address: httpx.URL, location: str) -> httpx.URL:
    """Return where a redirect leads. Raises AddressInvalid and AddressUnreachable."""
    if not location:
        raise AddressUnreachable(address=str(address), detail="HTTP 3xx")
    try:
        text = location.encode("latin-1").decode("utf-8")  # headers are bytes, and most servers mean this by them
    except UnicodeDecodeError:
        text = location
    try:
        return _sound(address.join(text))
    except (httpx.InvalidURL, ValueError) as error:
        raise AddressInvalid(address=text[:200]) from error


@contextmanager
def _failures(address: str) -> Iterator[None]:
    """Turn whatever goes wrong on the way into AddressUnreachable."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise AddressUnreachable(address=address, detail="timeout") from error
    except httpcore.ConnectError as error:
        tls = isinstance(error.__cause__ or error.__context__, ssl.SSLError)
        raise AddressUnreachable(address=address, detail="TLS" if tls else "TCP") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, zlib.error) as error:
        raise AddressUnreachable(address=address, detail="HTTP") from error


@contextmanager
def _asked(pool: httpcore.ConnectionPool, url: httpx.URL) -> Iterator[httpcore.Response]:
    """Ask for `url`, taken apart by the one parser that checked it."""
    parts = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    with pool.stream("GET", parts, headers=_HEADERS) as response:
        yield response


def _keep(
    response: httpcore.Response, headers: dict[str, str], address: httpx.URL, limits: WebLimits, target: Path
) -> Fetched:
    if response.status != 200:
        raise AddressUnreachable(address=str(address), detail=f"HTTP {response.status}")
    fetched = named(address, headers)
    size = headers.get("content-length", "")
    if size.isdigit() and int(size) > limits.bytes:
        raise _too_large(address, limits)
    with target.open("wb") as file:
        _declare(file, fetched)
        kept = 0
        for piece in _unpacked(response, headers.get("content-encoding", ""), str(address)):
            kept += len(piece)
            if kept > limits.bytes:
                raise _too_large(address, limits)
            file.write(piece)
    return fetched


def _too_large(address: httpx.URL, limits: WebLimits) -> TooLarge:
    return TooLarge(name=str(address), limit=f"{limits.bytes // 2**20} MB")


def _declare(file: BinaryIO, fetched: Fetched) -> None:
    """Write down in a web page what only the server says: how its letters are encoded."""
    try:
        codec = codecs.lookup(fetched.charset or "utf-8").name
    except LookupError:
        return
    if fetched.suffix == ".html" and fetched.charset and not codec.startswith(("utf-16", "utf-32")):
        file.write(f'<meta charset="{codec}">\n'.encode("ascii"))


def _unpacked(response: httpcore.Response, encoding: str, address: str) -> Iterator[bytes]:
    """Yield the bytes, in small pieces also where the server packed them unasked."""
    packed = encoding.strip().lower()
    if packed in {"", "identity"}:
        yield from response.iter_stream()
        return
    if packed not in {"gzip", "x-gzip", "deflate"}:
        raise AddressUnreachable(address=address, detail=packed[:20])
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # either of the two, by its header
    for data in response.iter_stream():
        rest = data
        while rest:
            yield inflate.decompress(rest, _PIECE)
            rest = inflate.unconsumed_tail
    yield inflate.flush()
