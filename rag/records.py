"""What the library's rows come to in Python: values only; how they are read and written is the store's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE
from rag.pages import How

NAME = "{name}"  # in a document's note: each owner reads the name that they gave it

DONE = ("ready", "partial")  # the states of a document that can be asked as a whole

# new: nobody had it. shared: somebody else's copy is held too. locked: likewise, once its password has been shown.
Accepted = Literal["new", "shared", "duplicate", "locked"]


@dataclass(frozen=True)
class Document:
    """A document as its owner sees it. `id` is the sha256 of its bytes; `note` says in each language what is amiss.

    `status`: waiting | reading | paused | locked | ready | partial | failed. `pages`: of the file, 0 until it has been
    opened. `origin`: the archive, address or folder that it came from, or "".
    """

    id: str
    name: str
    pages: int
    chunks: int
    language: str
    status: str
    bytes: int
    added: datetime
    unit: str = "page"
    note: dict[str, str] | None = None
    chunk_size: int = CHUNK_SIZE
    chunk_overlap: int = CHUNK_OVERLAP
    collection: str | None = None
    origin: str = ""
    encrypted: bool = False

    def message(self, lang: str) -> str:
        """Return what is amiss, in `lang`, or an empty text."""
        return (self.note or {}).get(lang, "").replace(NAME, self.name)


@dataclass(frozen=True)
class Held:
    """What a search must know of a document."""

    id: str
    language: str


@dataclass(frozen=True)
class Chunk:
    """A chunk with its text, cut from its page: start and end are characters of the page's text."""

    id: int
    document: str
    name: str
    page: int
    start: int
    end: int
    text: str
    language: str
    heading: str = ""
    unit: str = "page"
    label: str = ""  # the name of its sheet, see rag/pages.label


@dataclass(frozen=True)
class Opening:
    """Where a chunk stands, and how its text begins."""

    id: int
    document: str
    name: str
    page: int
    start: int
    end: int
    text: str
    unit: str = "page"
    label: str = ""


@dataclass(frozen=True)
class Facts:
    """What is known of a document besides its pages."""

    id: str
    suffix: str
    bytes: int
    title: str
    unit: str
    language: str
    status: str
    note: dict[str, str] | None = None


@dataclass(frozen=True)
class Upload:
    """A file on its way in: the sha256 of its bytes, what its name says it is, its size, where it came from."""

    id: str
    suffix: str
    bytes: int
    origin: str = ""


@dataclass(frozen=True)
class Intake:
    """What was handed in and is no document yet; see the table."""

    id: str
    owner: str
    name: str
    kind: str
    source: str
    collection: str | None = None
    status: str = "waiting"
    error: dict[str, str] | None = None


@dataclass(frozen=True)
class State:
    """Where a document stands on its way in: what the lanes go by. `holders`: (owner, name), the first comer first.

    `finished`: it was ready or partial before, and is only being completed.
    """

    id: str
    suffix: str
    status: str
    pages: int
    unit: str
    language: str
    read: bool
    encrypted: bool
    note: Mapping[str, str] | None
    chunk_size: int | None
    chunk_overlap: int | None
    finished: bool = False
    holders: tuple[tuple[str, str], ...] = ()

    def is_shut(self, tally: Tally, ocr: bool) -> bool:
        """Tell whether going on takes its password: it is still to be read, or pictures are and `ocr` is there."""
        return self.encrypted and (not self.read or bool(tally.waiting and ocr))


@dataclass(frozen=True)
class Tally:
    """How many pages are in which state: `left` are text and not yet indexed, `waiting` for their picture to be read.

    `words`: those of `waiting` that have a few words besides the picture, which are not indexed. `numbers` of a page
    that could not be read stand in the ledger.
    """

    rows: int = 0
    text: int = 0
    ocr: int = 0
    empty: int = 0
    failed: int = 0
    waiting: int = 0
    left: int = 0
    words: int = 0
    chunks: int = 0

    def is_open(self, ocr: bool) -> bool:
        """Tell whether there is something to do once all is read; `ocr`: pictures can be read now."""
        return bool(self.left or (self.waiting if ocr else self.words))


@dataclass(frozen=True)
class PageState:
    """One page of the ledger. `reason` is a code, see rag.pages.PageText; `chunks`: how many it was cut into."""

    number: int
    how: How
    reason: str
    indexed: bool
    chunks: int


@dataclass(frozen=True)
class Ledger:
    """What each page of a document came to, in order; pages still to be read are in `total` only.

    `counts`: how many pages are in each state (text, ocr, empty, failed, waiting); those without any are left out.
    """

    pages: tuple[PageState, ...]
    counts: Mapping[str, int]
    total: int
