"""Which addresses are public, and connections to those only: a name is looked up once, and what was checked is dialled.

Knows sockets; nothing of HTTP. So a name that resolves to something else the second time (DNS rebinding), a number
written in an odd way, or a redirect cannot lead inwards: every connection passes here.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Iterable
from ssl import SSLContext
from typing import Any

import httpcore
import psutil

from rag.errors import AddressRefused, AddressUnreachable, Cancelled

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_SLICE = 0.5  # seconds for which a read waits before it looks whether it should
_DIAL = 10.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_UNICAST = ipaddress.ip_network("2000::/3")  # all of IPv6 that has been given out for the Internet (RFC 4291)
# ... less what is not for it: protocols (RFC 2928), examples (RFC 3849, RFC 9637).
_SPECIAL = [ipaddress.ip_network(block) for block in ("2001::/23", "2001:db8::/32", "3fff::/20")]
# Public in form, and the cloud's own service for the machine that asks: 169.254.169.254 of Azure's older machines.
_METADATA = {ipaddress.ip_address("168.63.129.16")}


class Network:
    """The machine's own resolver and sockets; tests put others in their place."""

    def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of `host`, best first. Raises OSError."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def connect(self, address: str, port: int, timeout: float) -> httpcore.NetworkStream:
        """Connect to an address in numbers. Raises httpcore.ConnectError and ConnectTimeout."""
        return httpcore.SyncBackend().connect_tcp(address, port, timeout=timeout)

    def own(self) -> set[str]:
        """Return the addresses of this machine: a public one of its own may lie before its firewall."""
        return {entry.address.split("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries}


def is_public(address: str) -> bool:
    """Whether `address`, in numbers, belongs to the public Internet, also where it wraps an IPv4 one."""
    try:
        parsed = ipaddress.ip_address(address.split("%")[0])
    except ValueError:
        return False
    inner = _wrapped(parsed)
    if inner is not None:
        return is_public(str(inner))
    if parsed.version == 6 and (parsed not in _UNICAST or any(parsed in block for block in _SPECIAL)):
        return False
    hidden = parsed.is_private or parsed.is_reserved or parsed.is_multicast or parsed.is_link_local
    return parsed.is_global and not hidden and parsed not in _METADATA


def _wrapped(address: _Address) -> _Address | None:
    """Return the IPv4 address inside of a mapped, 6to4, Teredo or NAT64 one."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


class Guard(httpcore.NetworkBackend):
    """Opens connections for httpcore. `address` is the one that the errors name."""

    def __init__(self, network: Network, cancel: threading.Event, seconds: float) -> None:
        """Allow `seconds` in all from now."""
        self.address = ""
        self._network = network
        self._cancel = cancel
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def check(self) -> float:
        """Return the seconds that are left. Raises Cancelled and AddressUnreachable."""
        if self._cancel.is_set():
            raise Cancelled
        left = self._end - time.monotonic()
        if left <= 0:
            raise AddressUnreachable(address=self.address, detail=f"> {self._seconds:g} s")
        return left

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Look `host` up, refuse it if any of its addresses is not public, and connect to one of these very ones."""
        failure: httpcore.NetworkError | httpcore.TimeoutException | None = None
        for address in self._allowed(host, port)[:4]:
            try:
                return _Watched(self._network.connect(address, port, min(_DIAL, self.check())), self)
            except (httpcore.NetworkError, httpcore.TimeoutException) as error:
                failure = error
        raise failure or httpcore.ConnectError("no address")

    def _allowed(self, host: str, port: int) -> list[str]:
        self.check()
        try:
            found = self._network.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise AddressUnreachable(address=self.address, detail="DNS") from error
        own = self._network.own()
        if any(not is_public(address) or address in own for address in found):
            raise AddressRefused(address=self.address)
        return found

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """Refuse: no web address leads to one."""
        raise AddressRefused(address=self.address)


class _Watched(httpcore.NetworkStream):
    """A connection that ends with the time, and soon after a cancel, however slowly the other side drips."""

    def __init__(self, inner: httpcore.NetworkStream, guard: Guard) -> None:
        self._inner = inner
        self._guard = guard

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return the next bytes."""
        while True:
            left = self._guard.check()
            try:
                return self._inner.read(max_bytes, min(_SLICE, left))
            except httpcore.ReadTimeout:
                continue

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send a request, which is small."""
        self._inner.write(buffer, self._guard.check())

    def close(self) -> None:
        """Close it."""
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """Go on encrypted, with the certificate checked against the name that was asked for."""
        return _Watched(
            self._inner.start_tls(ssl_context, server_hostname, min(_DIAL, self._guard.check())), self._guard
        )

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore has it
        """Return what is known of the socket."""
        return self._inner.get_extra_info(info)
