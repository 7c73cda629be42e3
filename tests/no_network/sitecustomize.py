"""Put on the path of a process under test: the network is cut, and every attempt to use it is written down.

Loopback and local sockets stay: the page itself is served there.
"""

import ipaddress
import os
import sys

_LOG = os.environ.get("AULA_TEST_NETWORK_LOG", "")


def _local(host: object) -> bool:
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback or str(host) in ("0.0.0.0", "::")
    except ValueError:
        return False


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        target = arguments[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if not isinstance(address, tuple):
            return  # a local socket
        target = address[0]
    else:
        return
    if not _local(target):
        with open(_LOG, "a", encoding="utf-8") as log:
            log.write(f"{event} {target} by {sys.argv[:1]}\n")
        raise OSError(f"the network is cut: {event} {target}")


if _LOG:
    sys.addaudithook(_watch)
    # It would look up and connect in C, unseen: without it, asyncio's own loop does that.
    sys.modules["uvloop"] = None  # type: ignore[assignment]
    with open(f"{_LOG}.watching", "a", encoding="utf-8") as started:
        started.write(f"{os.getpid()}\n")  # so that a test knows that somebody looked
