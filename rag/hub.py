"""The hub as a source: where a file is, the hash published for it, and its bytes, resumed where they stopped.

Only public metadata and the file itself are asked for; telemetry is off.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from rag.errors import WrongHash
from rag.transfer import (
    CHUNK,
    AccessDenied,
    NoConnection,
    NotThere,
    ServerTrouble,
    SourceFailed,
    Transfer,
    sha256_of,
    size_of,
)

os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")  # read when huggingface_hub is first imported

CONNECT_S = 5.0  # a hub out of reach must not keep the next source waiting
STALL_S = 15.0
ATTEMPTS = 5  # in a row without a single byte
PAUSE_S = 0.2  # before the second of them; doubled each time
SHA256, GIT_SHA1 = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Remote:
    """One file of the hub: address, size in bytes, published hash (SHA-256, or git's SHA-1 if small)."""

    label: str
    file: str
    url: str
    size: int
    digest: str
    headers: dict[str, str]


def locate(label: str, repo: str, file: str) -> Remote:
    """Ask the hub where `file` is. Raises SourceFailed."""
    from huggingface_hub import get_hf_file_metadata, get_token, hf_hub_url

    endpoint = os.environ.get("HF_ENDPOINT") or None
    url = hf_hub_url(repo, file, endpoint=endpoint)
    token = get_token()  # only where a person set one, for repositories that ask for an account
    with _reasons(label):
        found = get_hf_file_metadata(url, timeout=CONNECT_S, endpoint=endpoint, token=token)
    digest = (found.etag or "").lower()
    if not (SHA256.fullmatch(digest) or GIT_SHA1.fullmatch(digest)) or found.size is None:
        raise SourceFailed(source=label, detail=f"no SHA-256: {file}")
    same_host = urlsplit(found.location).netloc == urlsplit(url).netloc
    # A token is for the hub, not for the stores that it sends us to.
    headers = {"Authorization": f"Bearer {token}"} if token and same_host else {}
    return Remote(label, file, found.location, found.size, digest, headers)


@contextmanager
def _reasons(label: str) -> Iterator[None]:
    """Turn what the libraries raise into the reason that a person reads."""
    from huggingface_hub.errors import EntryNotFoundError, GatedRepoError, HfHubHTTPError

    try:
        yield
    except GatedRepoError as error:
        raise AccessDenied(source=label) from error
    except EntryNotFoundError as error:
        raise NotThere(source=label) from error
    except (HfHubHTTPError, httpx.HTTPStatusError) as error:
        raise _refused(label, error.response.status_code) from error
    except (httpx.HTTPError, httpx.InvalidURL, ConnectionError) as error:  # the last: HF_HUB_OFFLINE is set
        raise NoConnection(source=label) from error


def _refused(label: str, status: int) -> SourceFailed:
    if status == 404:
        return NotThere(source=label)
    if status in (401, 403):
        return AccessDenied(source=label)
    return ServerTrouble(source=label, status=status)


def fetch(repo: str, remote: Remote, part: Path, transfer: Transfer, base: int = 0) -> None:
    """Bring `part` to the remote's full size, from where it stopped; progress counts from `base`.

    A broken connection is taken up again, each time with a fresh address (they expire within the hour).
    Raises SourceFailed after ATTEMPTS without a byte, and Cancelled, which leaves `part` for the next time.
    """
    part.touch()
    address: Remote | None = remote
    fruitless = 0
    while (have := size_of(part)) < remote.size:
        transfer.at(base + have)
        failure = NoConnection(source=remote.label)
        try:
            address = address or _again(repo, remote)
            with _reasons(remote.label):
                _stream(address, part, have, transfer, base)
        except NoConnection as error:
            failure = error
        address = None
        fruitless = fruitless + 1 if size_of(part) <= have else 0
        if fruitless >= ATTEMPTS:
            raise failure
        if fruitless:
            transfer.cancel.wait(PAUSE_S * 2**fruitless)


def _again(repo: str, remote: Remote) -> Remote:
    fresh = locate(remote.label, repo, remote.file)
    if fresh.digest != remote.digest:
        raise SourceFailed(source=remote.label, detail=f"{remote.file} changed meanwhile")
    return fresh


def _stream(remote: Remote, part: Path, have: int, transfer: Transfer, base: int) -> None:
    """Append the body to `part` from byte `have` on, or write it anew where the server knows no ranges."""
    headers = {**remote.headers, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = httpx.Timeout(STALL_S, connect=CONNECT_S)
    with httpx.stream("GET", remote.url, headers=headers, timeout=timeout, follow_redirects=True) as response:
        response.raise_for_status()
        place = response.headers.get("content-range", "")
        resumed = response.status_code == 206 and place.startswith(f"bytes {have}-")
        with part.open("ab" if resumed else "wb") as out:
            done = have if resumed else 0
            for chunk in response.iter_raw():
                out.write(chunk)
                done += len(chunk)
                if done > remote.size:
                    break  # not the file that was announced: its hash will say so
                transfer.at(base + done)


def check(remote: Remote, part: Path, aside: Path, transfer: Transfer) -> str:
    """Return the part's SHA-256 if it is what the hub announced. Raises WrongHash, keeping it as `aside`."""
    if SHA256.fullmatch(remote.digest):
        actual = found = sha256_of(part, lambda done: transfer.check())
    else:
        actual, found = sha256_of(part), _git_sha1(part)
    if found != remote.digest:
        part.replace(aside)
        raise WrongHash(file=remote.file, kept=str(aside))
    return actual


def _git_sha1(path: Path) -> str:
    """Git's name for a file's content: the SHA-1 of a short header and the bytes."""
    digest = hashlib.sha1(b"blob %d\0" % size_of(path), usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
