"""What a run was run with: models by their hashes, chat templates, decoding, seed and versions. It runs nothing."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import rag
from prompts.column import Column
from prompts.experiment import Experiment

if TYPE_CHECKING:
    from rag.llm import LlamaChat
    from rag.models import Catalogue

_LIBRARIES = ("llama-cpp-python",)
_WHEN = ("started", "changed")  # what says nothing about how the answers came about


def pinned(experiment: Experiment, model: str) -> Experiment:
    """Return the experiment with "the model in use" named: a run keeps the model that it began with."""
    columns = tuple(replace(column, model=column.model or model) for column in experiment.columns)
    return replace(experiment, columns=columns)


def describe(
    experiment: Experiment, chat: Callable[[str], LlamaChat], catalogue: Catalogue, embedding: str = ""
) -> dict[str, Any]:
    """Return {app, versions, machine, models, template, templates, decoding, seed, started} of a pinned experiment.

    `models` are {name: sha256 of the file}, `embedding` included where a column retrieves; `templates` {name: sha256
    of the chat template's source}, `template` that of the first column. Raises ModelNotReady, ModelNotInstalled, ...
    """
    names = list(dict.fromkeys(chat(column.model).model for column in experiment.columns))
    templates = {name: _sha256(chat(name).template) for name in names}
    models = {name: catalogue.digest(name) for name in names}
    if embedding and any(column.retrieval for column in experiment.columns):
        models[embedding] = catalogue.digest(embedding)
    return {
        "app": rag.__version__,
        "versions": {"python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
        "machine": f"{platform.system()} {platform.machine()}",
        "models": models,
        "template": templates[names[0]],
        "templates": templates,
        "decoding": {column.label: _decoding(column) for column in experiment.columns},
        "seed": experiment.seed,
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def differs(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs between two, by dotted names ("models.qwen", "versions.python"); not when they began."""
    first, second = dict(_flat(one)), dict(_flat(other))
    return tuple(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if not before and name in _WHEN:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, list(value) if isinstance(value, tuple) else value


def _decoding(column: Column) -> dict[str, Any]:
    """Return a column's decoding, without its own seed: a cell's follows from the experiment's."""
    values = asdict(column.decoding) | {"stop": list(column.decoding.stop)}
    return {name: value for name, value in values.items() if name != "seed"}


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
