"""One way of asking: a prompt with its model, decoding and retrieval; and in what two ways of asking differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from prompts.prompt import CONTEXT, Prompt
from rag.errors import BadOption, ExperimentInvalid
from rag.settings import PRESETS, RANGES, Decoding

PARSES = ("text", "number", "label", "json", "last_line")  # what is read from an answer
MOST_SAMPLES = 20
COLUMNS = (1, 4)  # how few and how many stand side by side; a run without the page may have more


@dataclass(frozen=True)
class Column:
    """`model` "" is the one in use; `documents` None asks all; `samples` above 1 vote (self-consistency).

    `schema` is a JSON schema that the answer must follow; `parse` says what is read from the answer (PARSES).
    """

    label: str
    prompt: Prompt
    strategy: str = ""
    model: str = ""
    decoding: Decoding = field(default_factory=lambda: PRESETS["precise"])
    retrieval: bool = False
    documents: tuple[str, ...] | None = None
    samples: int = 1
    schema: Mapping[str, Any] | None = None
    parse: str = "text"

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that a row must fill."""
        return tuple(name for name in self.prompt.variables if not (self.retrieval and name == CONTEXT))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON that `from_json` reads."""
        return {
            "label": self.label,
            "strategy": self.strategy,
            "prompt": self.prompt.to_json(),
            "model": self.model,
            "decoding": asdict(self.decoding) | {"stop": list(self.decoding.stop)},
            "retrieval": self.retrieval,
            "documents": None if self.documents is None else list(self.documents),
            "samples": self.samples,
            "schema": dict(self.schema) if self.schema is not None else None,
            "parse": self.parse,
        }

    @classmethod
    def from_json(cls, data: object, number: int = 1) -> Column:
        """Read a column; what is missing has its default. Raises ExperimentInvalid, BadOption, TemplateCode."""
        if not isinstance(data, Mapping):
            raise ExperimentInvalid(where=f"columns[{number}]", wanted='{"label": "…", "prompt": {…}}')
        unknown = data.keys() - {one.name for one in fields(cls)}
        if unknown:
            raise BadOption(option=sorted(map(str, unknown))[0], allowed=", ".join(one.name for one in fields(cls)))
        parse = str(data.get("parse") or "text")
        if parse not in PARSES:
            raise BadOption(option="parse", allowed=", ".join(PARSES))
        return cls(
            label=str(data.get("label") or f"{number}"),
            prompt=Prompt.from_json(data.get("prompt")),
            strategy=str(data.get("strategy") or ""),
            model=str(data.get("model") or ""),
            decoding=_decoding(data.get("decoding")),
            retrieval=_retrieval(data.get("retrieval")),
            documents=_documents(data.get("documents")),
            samples=_samples(data.get("samples")),
            schema=_schema(data.get("schema")),
            parse=parse,
        )


def _decoding(data: object) -> Decoding:
    if data is None:
        return PRESETS["precise"]
    if not isinstance(data, Mapping):
        raise ExperimentInvalid(where="decoding", wanted='{"temperature": 0, …}')
    unknown = data.keys() - RANGES.keys() - {"stop"}
    if unknown:
        raise BadOption(option=sorted(map(str, unknown))[0], allowed=", ".join((*RANGES, "stop")))
    return Decoding.from_options(data, PRESETS["precise"])


def _retrieval(data: object) -> bool:
    if data is None:
        return False
    if not isinstance(data, bool):
        raise ExperimentInvalid(where="retrieval", wanted="true, false")
    return data


def _documents(data: object) -> tuple[str, ...] | None:
    if data is None:
        return None
    if not isinstance(data, list):
        raise ExperimentInvalid(where="documents", wanted='["…"]')
    return tuple(str(key) for key in data)


def _samples(data: object) -> int:
    if data is None:
        return 1
    if isinstance(data, bool) or not isinstance(data, int) or not 1 <= data <= MOST_SAMPLES:
        raise BadOption(option="samples", allowed=f"1 – {MOST_SAMPLES}")
    return data


def _schema(data: object) -> Mapping[str, Any] | None:
    if data is None or data == {}:
        return None
    if not isinstance(data, Mapping):
        raise ExperimentInvalid(where="schema", wanted='{"type": "object", …}')
    return dict(data)


def differences(columns: Sequence[Column]) -> tuple[str, ...]:
    """Return in what the columns differ: system, examples, user, begin, model, retrieval, documents, samples, schema,
    parse or a decoding option's own name. One name is a fair comparison; with more, none explains the difference.
    """
    found: list[str] = []
    for name, values in _traits(columns).items():
        if any(value != values[0] for value in values):
            found.append(name)
    return tuple(found)


def _traits(columns: Sequence[Column]) -> dict[str, list[object]]:
    traits: dict[str, list[object]] = {
        "system": [column.prompt.system.strip() for column in columns],
        "examples": [column.prompt.shots for column in columns],
        "user": [column.prompt.user.strip() for column in columns],
        "begin": [column.prompt.begin for column in columns],
        "model": [column.model for column in columns],
        "retrieval": [column.retrieval for column in columns],
        "documents": [column.documents if column.retrieval else None for column in columns],
        "samples": [column.samples for column in columns],
        "schema": [column.schema for column in columns],
        "parse": [column.parse for column in columns],
    }
    options = {name: [getattr(column.decoding, name) for column in columns] for name in (*RANGES, "stop")}
    return traits | options
