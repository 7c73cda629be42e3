"""A strategy: a way of asking with its why, its source and a worked example, as a file of YAML holds it.

It knows the form of the file; where files lie is prompts.library's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from prompts import yaml_text
from prompts.column import Column
from prompts.prompt import Prompt
from prompts.words import LANGUAGES
from rag.errors import (
    BadOption,
    ExperimentInvalid,
    PromptError,
    StrategyInvalid,
    StrategyUnreadable,
    TemplateCode,
)
from rag.settings import PRESETS, Decoding

KINDS = ("strategy", "task")
LAST = 1_000  # the order of a file that gives none: after the shipped ones
_TEXT = "{en: …, es: …}"
_FORMS = {"prompts": 'user: "…"', "worked": 'values: {…: "…"}, answer: "…"'}


@dataclass(frozen=True)
class Worked:
    """An example that can be run as it is: a value for every variable, and the answer it should lead to."""

    values: Mapping[str, str]
    answer: str


@dataclass(frozen=True)
class Strategy:
    """`kind`: a way of asking, or a task of language processing asked in one way. The rest is Column's, by language.

    `why` says when it helps and when it does not; `source` names a paper and year with its address, or a golden rule
    of the lecture. Strategies with the same texts for the request differ in what is left: see `column.differences`.
    """

    name: str
    kind: Literal["strategy", "task"]
    order: int
    title: Mapping[str, str]
    why: Mapping[str, str]
    source: str
    prompts: Mapping[str, Prompt]
    worked: Mapping[str, Worked]
    decoding: Decoding = field(default_factory=lambda: PRESETS["precise"])
    samples: int = 1
    schema: Mapping[str, Any] | None = None
    retrieval: bool = False
    parse: str = "text"
    tags: tuple[str, ...] = ()

    def column(self, lang: str) -> Column:
        """Return it as a column of the playground, in `lang` (one that is not known reads English)."""
        lang = lang if lang in LANGUAGES else "en"
        return Column(
            label=self.title[lang],
            prompt=self.prompts[lang],
            strategy=self.name,
            decoding=self.decoding,
            retrieval=self.retrieval,
            samples=self.samples,
            schema=self.schema,
            parse=self.parse,
        )

    def to_yaml(self) -> str:
        """Return the text that `from_yaml` reads; what is as it would be anyway is left out."""
        usual = asdict(PRESETS["precise"])
        decoding = {key: value for key, value in asdict(self.decoding).items() if value != usual[key]}
        if "stop" in decoding:
            decoding["stop"] = list(decoding["stop"])
        whole = {
            "kind": self.kind,
            "order": self.order,
            "title": dict(self.title),
            "why": dict(self.why),
            "source": self.source,
            "tags": list(self.tags),
            "parse": "" if self.parse == "text" else self.parse,
            "decoding": decoding,
            "samples": 0 if self.samples == 1 else self.samples,
            "retrieval": self.retrieval,
            "schema": dict(self.schema or {}),
            "prompts": {lang: prompt.to_json() for lang, prompt in self.prompts.items()},
            "worked": {lang: {"values": dict(w.values), "answer": w.answer} for lang, w in self.worked.items()},
        }
        kept = {key: value for key, value in whole.items() if value or key == "order"}
        return yaml_text.write(kept)

    @classmethod
    def from_yaml(cls, name: str, text: str) -> Strategy:
        """Read a file's text; `name` is the file's, without .yaml. What exists in one language stands for both.

        Raises StrategyInvalid, StrategyUnreadable (both ExperimentInvalid) and TemplateCode; they name file and field.
        """
        data = _loaded(name, text)
        allowed = [one.name for one in fields(cls) if one.name != "name"]
        unknown = sorted(str(key) for key in data.keys() - set(allowed))
        if unknown:
            raise StrategyInvalid(where=f"{name}.yaml: {unknown[0]}", wanted=", ".join(allowed))
        reader = _Reader(name, data)
        prompts = {lang: reader.prompt(lang, one) for lang, one in reader.languages("prompts", Mapping).items()}
        column = reader.column(prompts["en"])
        return cls(
            name=name,
            kind=reader.kind(),
            order=reader.order(),
            title=reader.languages("title", str),
            why=reader.languages("why", str),
            source=reader.text("source"),
            prompts=prompts,
            worked={lang: reader.worked(lang, one, prompts[lang]) for lang, one in reader.languages("worked").items()},
            decoding=column.decoding,
            samples=column.samples,
            schema=reader.schema(column.schema),
            retrieval=column.retrieval,
            parse=column.parse,
            tags=reader.tags(),
        )


def _loaded(name: str, text: str) -> Mapping[str, Any]:
    try:
        data = yaml_text.read(text)
    except PromptError as error:
        raise StrategyUnreadable(file=f"{name}.yaml", reason=error) from error
    if not isinstance(data, Mapping):
        raise StrategyInvalid(where=f"{name}.yaml", wanted=f"title: {_TEXT}")
    return data


@dataclass(frozen=True)
class _Reader:
    """Reads the fields of one file, and names it in what it raises."""

    name: str
    data: Mapping[str, Any]

    def wrong(self, where: str, wanted: str) -> StrategyInvalid:
        """Return the error to raise for a field."""
        return StrategyInvalid(where=f"{self.name}.yaml: {where}", wanted=wanted)

    def languages(self, key: str, kind: type | tuple[type, ...] = Mapping) -> dict[str, Any]:
        """Return a field's value in every language; a language that is missing has the other's."""
        given = self.data.get(key)
        if kind is str and isinstance(given, str):
            given = dict.fromkeys(LANGUAGES, given)
        if not isinstance(given, Mapping) or not given or given.keys() - set(LANGUAGES):
            raise self.wrong(key, _TEXT)
        for lang, value in given.items():
            if not isinstance(value, kind) or not value:
                raise self.wrong(f"{key}.{lang}", _FORMS.get(key, "…"))
        first = next(iter(given.values()))
        return {lang: given.get(lang, first) for lang in LANGUAGES}

    def text(self, key: str) -> str:
        """Return a field that is one text."""
        value = self.data.get(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "…")
        return value.strip()

    def prompt(self, lang: str, data: object) -> Prompt:
        """Return the prompt in one language."""
        where = f"prompts.{lang}"
        unknown = data.keys() - {"system", "examples", "user", "begin"} if isinstance(data, Mapping) else set()
        if unknown:
            raise self.wrong(f"{where}.{sorted(map(str, unknown))[0]}", "system, examples, user, begin")
        try:
            prompt = Prompt.from_json(data)
        except ExperimentInvalid as error:
            raise self.wrong(f"{where}.{error.params['where']}", str(error.params["wanted"])) from error
        except TemplateCode as error:
            raise TemplateCode(found=f"{self.name}.yaml: {where}: {error.params['found']}") from error
        if not prompt.user.strip():
            raise self.wrong(f"{where}.user", '"…"')
        return prompt

    def column(self, prompt: Prompt) -> Column:
        """Return decoding, samples, schema, retrieval and parse, as a column holds them."""
        names = ("decoding", "samples", "schema", "retrieval", "parse")
        given = {key: self.data[key] for key in names if key in self.data}
        if not isinstance(given.get("retrieval", False), bool):
            raise self.wrong("retrieval", "true, false")
        try:
            return Column.from_json({"prompt": prompt.to_json(), **given})
        except BadOption as error:
            raise self.wrong(str(error.params["option"]), str(error.params["allowed"])) from error
        except ExperimentInvalid as error:
            raise self.wrong(str(error.params["where"]), str(error.params["wanted"])) from error

    def schema(self, schema: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return the schema if it is one."""
        try:
            Draft202012Validator.check_schema(schema or {})
        except SchemaError as error:
            raise self.wrong("schema", f"JSON Schema ({error.message[:120]})") from error
        return schema

    def worked(self, lang: str, data: Mapping[str, Any], prompt: Prompt) -> Worked:
        """Return the worked example, which must fill the prompt."""
        where = f"worked.{lang}"
        values, answer = data.get("values"), data.get("answer")
        if not isinstance(values, Mapping) or not all(isinstance(one, str) for one in values.values()):
            raise self.wrong(f"{where}.values", ", ".join(f'{name}: "…"' for name in prompt.variables) or "{}")
        missing = set(prompt.variables) - values.keys()
        if missing:
            raise self.wrong(f"{where}.values", f'{sorted(missing)[0]}: "…"')
        if not isinstance(answer, str) or not answer.strip():
            raise self.wrong(f"{where}.answer", '"…"')
        return Worked({str(key): str(value).strip() for key, value in values.items()}, answer.strip())

    def kind(self) -> Literal["strategy", "task"]:
        """Return which of KINDS it is; "strategy" where nothing is said."""
        kind = self.data.get("kind", "strategy")
        if kind not in KINDS:
            raise self.wrong("kind", ", ".join(KINDS))
        return cast('Literal["strategy", "task"]', kind)

    def order(self) -> int:
        """Return its place in the list, LAST where nothing is said."""
        order = self.data.get("order", LAST)
        if isinstance(order, bool) or not isinstance(order, int):
            raise self.wrong("order", f"1 – {LAST}")
        return order

    def tags(self) -> tuple[str, ...]:
        """Return the tags."""
        tags = self.data.get("tags", [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            raise self.wrong("tags", "[…, …]")
        return tuple(tags)
