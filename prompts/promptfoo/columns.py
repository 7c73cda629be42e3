"""promptfoo's prompts and providers to columns and back: each provider asks each prompt that it is not kept from.

A provider "aula:NAME" is a model of ours, with the settings of a column in its `config`. Any other is kept for export,
and the model in use answers in its stead, decoding as it would where the option's name is the same.
"""

from __future__ import annotations

import itertools
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from prompts.column import Column
from prompts.experiment import MOST_COLUMNS
from prompts.prompt import Prompt
from prompts.promptfoo.chat_text import read_prompt, write_prompt
from prompts.safety import refuse_path, refuse_provider, refuse_text
from rag.errors import BadOption, ExperimentInvalid
from rag.settings import PRESETS, RANGES, Decoding

AULA = "aula"
_OWN = ("strategy", "retrieval", "documents", "samples", "schema", "parse")  # of a column, in an aula provider's config
_LABEL = 40  # characters


@dataclass(frozen=True)
class _Named:
    """A prompt with its label and the names that a provider may know it by."""

    label: str
    prompt: Prompt
    names: frozenset[str]


@dataclass(frozen=True)
class _Provider:
    """A provider; `prompts` are the names of those it asks, None: all."""

    id: str
    label: str
    config: Mapping[str, Any]
    prompts: tuple[str, ...] | None

    @property
    def model(self) -> str:
        return self.id.partition(":")[2] if self.ours else ""

    @property
    def ours(self) -> bool:
        return self.id.split(":")[0] == AULA


def columns_of(document: Mapping[str, Any]) -> tuple[Column, ...]:
    """Return the columns, provider by provider. Raises UnsafeCheck (row 0), ExperimentInvalid, BadOption."""
    prompts = [_named(one, n) for n, one in enumerate(_listed(document, "prompts"), 1)]
    if not prompts:
        raise ExperimentInvalid(where="prompts", wanted='["… {{question}} …"]')
    pairs = [(prompt, provider) for provider in _providers(document) for prompt in prompts if _asks(provider, prompt)]
    if not 1 <= len(pairs) <= MOST_COLUMNS:
        raise BadOption(option="prompts × providers", allowed=f"1 – {MOST_COLUMNS}")
    asked = Counter(id(prompt) for prompt, _ in pairs)
    alone = len(prompts) == 1
    return tuple(_column(prompt, provider, asked[id(prompt)] > 1, alone) for prompt, provider in pairs)


def seed_of(document: Mapping[str, Any]) -> int:
    """Return the seed that the first provider with one asks for, else 0."""
    for provider in _providers(document):
        seed = provider.config.get("seed")
        if isinstance(seed, int) and not isinstance(seed, bool) and 0 <= seed <= 2**31 - 1_000_000:
            return seed
    return 0


def write_columns(columns: Sequence[Column], seed: int) -> dict[str, Any]:
    """Return {prompts, providers} that `columns_of` reads as these columns, in their order."""
    labels = _unique([column.label for column in columns])
    prompts = [
        {"label": label, "raw": write_prompt(column.prompt)} for label, column in zip(labels, columns, strict=True)
    ]
    groups = [list(group) for _, group in itertools.groupby(zip(labels, columns, strict=True), key=_settings)]
    providers: list[dict[str, Any]] = []
    for group in groups:
        name, config = _settings(group[0])
        provider: dict[str, Any] = {"id": name, "config": config | ({"seed": seed} if seed else {})}
        if len(groups) > 1:
            provider["prompts"] = [label for label, _ in group]
        providers.append(provider)
    return {"prompts": prompts, "providers": providers}


def _settings(pair: tuple[str, Column]) -> tuple[str, dict[str, Any]]:
    """Return the provider of a column: its id and config. Neighbours with the same one share it."""
    column = pair[1]
    decoding = asdict(column.decoding) | {"stop": list(column.decoding.stop)}
    del decoding["seed"]
    whole, plain = column.to_json(), Column("", Prompt("")).to_json()
    own = {name: whole[name] for name in _OWN if whole[name] != plain[name]}
    return f"{AULA}:{column.model}" if column.model else AULA, decoding | own


def _unique(labels: Sequence[str]) -> list[str]:
    found: list[str] = []
    for label in labels:
        name = next(one for n in itertools.count(1) if (one := label if n == 1 else f"{label} ({n})") not in found)
        found.append(name)
    return found


def _column(prompt: _Named, provider: _Provider, repeated: bool, alone: bool) -> Column:
    label = prompt.label
    if repeated:
        label = provider.label if alone else f"{prompt.label} · {provider.label}"
    known = {name: value for name, value in provider.config.items() if name in (*RANGES, "stop") and name != "seed"}
    base = Decoding() if known.get("temperature") else PRESETS["precise"]
    if not provider.ours:
        return Column(label, prompt.prompt, decoding=_as_far_as_known(known, base))
    own = {name: provider.config[name] for name in _OWN if name in provider.config}
    decoding = asdict(Decoding.from_options(known, base))
    data = {"label": label, "prompt": prompt.prompt.to_json(), "model": provider.model, "decoding": decoding, **own}
    return Column.from_json(data)


def _as_far_as_known(options: Mapping[str, Any], base: Decoding) -> Decoding:
    """Another service's range may be wider than ours; what is out of ours stays as it is by default."""
    for name, value in options.items():
        try:
            base = Decoding.from_options({name: value}, base)
        except BadOption:
            continue
    return base


def _named(data: object, number: int) -> _Named:
    where = f"prompts[{number}]"
    if isinstance(data, Mapping):
        if "raw" not in data:
            refuse_path(str(data.get("id") or next(iter(data.values()), "")))
            raise ExperimentInvalid(where=where, wanted='{"label": "…", "raw": "…"}')
        before, after = (str(data.get(name) or "") for name in ("prefix", "suffix"))
        raw = f"{before}{data['raw']}{after}" if isinstance(data["raw"], str) else data["raw"]
        names = [str(data[name]) for name in ("label", "id") if data.get(name)]
        for name in names:
            refuse_text(name, 0)
    else:
        raw, names = data, []
    prompt = read_prompt(raw, where)
    label = names[0] if names else textwrap.shorten(prompt.user, _LABEL, placeholder="…") or str(number)
    return _Named(label, prompt, frozenset([*names, *([raw] if isinstance(raw, str) else [])]))


def _providers(document: Mapping[str, Any]) -> list[_Provider]:
    """The file may call them `targets`, too. Without any, the model in use answers."""
    listed = _listed(document, "providers") or _listed(document, "targets") or [AULA]
    return [_provider(one) for one in listed]


def _provider(data: object) -> _Provider:
    refuse_provider(data)
    if isinstance(data, str):
        return _Provider(data, data, {}, None)
    if isinstance(data, Mapping) and "id" not in data and len(data) == 1:
        name, rest = next(iter(data.items()))
        data = {"id": name, **rest} if isinstance(rest, Mapping) else {"id": name}
        refuse_provider(data)
    if not isinstance(data, Mapping) or not isinstance(data.get("id"), str):
        raise ExperimentInvalid(where="providers", wanted='["aula:…", {"id": "…", "config": {…}}]')
    config, only = data.get("config") or {}, data.get("prompts")
    if not isinstance(config, Mapping) or not (only is None or isinstance(only, list)):
        raise ExperimentInvalid(where=data["id"], wanted='{"id": "…", "config": {…}, "prompts": ["…"]}')
    label = str(data.get("label") or data["id"])
    return _Provider(data["id"], label, config, None if only is None else tuple(str(one) for one in only))


def _asks(provider: _Provider, prompt: _Named) -> bool:
    return provider.prompts is None or not prompt.names.isdisjoint(provider.prompts)


def _listed(document: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list that may be written as its only member."""
    found = document.get(name)
    if found is None:
        return []
    return found if isinstance(found, list) else [found]
