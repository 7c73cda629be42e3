"""One column of the Compare tab: the components that hold a prompt, its model and its decoding; laid out and read.

It asks no model. Components are read in one place only: `read` gives Columns, `fields` the values behind them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from prompts.column import COLUMNS, MOST_SAMPLES, PARSES, Column
from prompts.prompt import Prompt, Shot
from rag.errors import BadOption, ExperimentInvalid
from rag.settings import PRESETS, RANGES
from ui.components import action_list, block
from ui.decoding import NUMBERS
from ui.texts import static

MOST = COLUMNS[1]
LEAST = 2  # side by side there are two at the least
LETTERS = "ABCD"
SHOTS = 8  # examples with boxes of their own; more of them, from a file, are kept and sent but cannot be edited here
SHOT_BOXES = tuple(f"{key}_{n}" for n in range(SHOTS) for key in ("said", "answered"))
PROMPT = ("system", *SHOT_BOXES, "user", "begin", "kept")  # what holds the prompt
# What a column's components hold, in the order of `ColumnEditor.inputs`. `kept` is what has no component.
FIELDS = ("label", *PROMPT, "model", *NUMBERS, "seed", "samples", "retrieval", "schema", "parse")
WIDTH = len(FIELDS)
Fields = dict[str, Any]
_LABELS = {"label": "play.label", "system": "play.system", "user": "play.user", "begin": "play.begin"}
_INFOS = {"user": "play.user_info", "begin": "play.begin_info"}
_PARSES = {
    "text": "play.parse_text",
    "number": "play.parse_number",
    "label": "play.parse_label",
    "json": "play.parse_json",
    "last_line": "play.parse_last_line",
}
_STEPS = {"temperature": 0.05, "top_p": 0.01, "min_p": 0.01, "repeat_penalty": 0.05}
_SCHEMA = '{"type": "object", …}'
_DEFAULT = PRESETS["precise"]


class ColumnEditor:
    """The components of column `number`, counted from 0."""

    def __init__(self, number: int) -> None:
        """Nothing is laid out yet."""
        self.number = number

    def layout(self) -> None:
        """Lay out the column in the current block; only the first LEAST are seen at first."""
        n = self.number
        with gr.Column(
            visible=n < LEAST, min_width=0, elem_id=f"aula-col-{n}", elem_classes=["aula-play-col"]
        ) as self.whole:
            self.which = gr.State(n)
            self.head = action_list(f"aula-col-head-{n}")
            self.chooser = gr.Dropdown([], label=static("play.strategy"), value=None, elem_id=f"aula-strategy-{n}")
            self.about = block("", f"aula-about-{n}")
            parts: dict[str, gr.components.Component] = {"label": self._text("label", lines=1, max_length=80)}
            parts["system"] = self._text("system", lines=2)
            with gr.Accordion(static("play.shots"), open=False, elem_id=f"aula-shots-{n}") as self.examples:
                parts |= self._shots()
                self.more = gr.Button(static("play.shot_add"), size="sm", elem_id=f"aula-shot-add-{n}")
            parts["user"] = self._text("user", lines=4)
            parts["begin"] = self._text("begin", lines=1)
            with gr.Accordion(static("play.settings"), open=False, elem_id=f"aula-settings-{n}"):
                parts |= self._settings()
            parts["kept"] = gr.State({})
            self.parts = parts
            self.lint = action_list(f"aula-lint-{n}")
            self.improve = gr.Button(static("play.improve"), size="sm", elem_id=f"aula-improve-{n}")
            self.halt = gr.Button(static("chat.stop"), size="sm", visible=False, elem_id=f"aula-improve-stop-{n}")
            self.proposal = action_list(f"aula-proposal-{n}")
            self.proposed = gr.State(None)
            self._saving()

    def layout_answer(self) -> None:
        """Lay out the column's answer in the current block, apart from the column."""
        with gr.Column(
            visible=self.number < LEAST, min_width=0, elem_classes=["aula-play-answer"]
        ) as self.answer_frame:
            self.answer = action_list(f"aula-answer-{self.number}")

    def _saving(self) -> None:
        n = self.number
        with gr.Accordion(static("play.save"), open=False, elem_id=f"aula-save-{n}"):
            self.name = gr.Textbox(label=static("play.save_name"), max_length=120, elem_id=f"aula-save-name-{n}")
            self.tags = gr.Textbox(
                label=static("play.save_tags"), info=static("play.save_tags_info"), elem_id=f"aula-save-tags-{n}"
            )
            self.save = gr.Button(static("common.save"), size="sm", elem_id=f"aula-save-go-{n}")

    def _text(self, name: str, lines: int = 1, max_length: int = 40_000) -> gr.Textbox:
        return gr.Textbox(
            label=static(_LABELS[name]),
            info=static(_INFOS[name]) if name in _INFOS else None,
            lines=lines,
            max_lines=1 if name == "label" else 16,
            max_length=max_length,
            elem_id=f"aula-{name}-{self.number}",
        )

    def _shots(self) -> dict[str, gr.components.Component]:
        """Lay out pairs of boxes, one below the other: a table does not fit into a column, or on a phone."""
        found: dict[str, gr.components.Component] = {}
        for n in range(SHOTS):
            for key, label in (("said", "play.shot_user"), ("answered", "play.shot_assistant")):
                found[f"{key}_{n}"] = gr.Textbox(
                    label=static(label),
                    visible=n == 0,
                    lines=1,
                    max_lines=10,
                    max_length=40_000,
                    elem_id=f"aula-{key}-{n}-{self.number}",
                    elem_classes=[f"aula-shot-{key}"],
                )
        return found

    def _settings(self) -> dict[str, gr.components.Component]:
        n = self.number
        found: dict[str, gr.components.Component] = {
            "model": gr.Dropdown(
                [(str(static("play.model_in_use")), "")],
                value="",
                label=static("play.model"),
                elem_id=f"aula-model-{n}",
            )
        }
        found |= {name: self._number(name) for name in (*NUMBERS, "seed", "samples")}
        found["retrieval"] = gr.Checkbox(
            False, label=static("play.retrieval"), info=static("play.retrieval_info"), elem_id=f"aula-retrieval-{n}"
        )
        found["schema"] = gr.Textbox(
            label=static("play.schema"),
            info=static("play.schema_info"),
            placeholder='{"type": "object", "properties": {"city": {"type": "string"}}}',
            lines=2,
            max_lines=12,
            elem_id=f"aula-schema-{n}",
        )
        found["parse"] = gr.Dropdown(
            [(str(static(_PARSES[parse])), parse) for parse in PARSES],
            value="text",
            label=static("play.parse"),
            info=static("play.parse_info"),
            elem_id=f"aula-parse-{n}",
        )
        return found

    def _number(self, name: str) -> gr.Number:
        low, high, whole = RANGES.get(name, (1, MOST_SAMPLES, True))
        samples = name == "samples"
        return gr.Number(
            1 if samples else getattr(_DEFAULT, name),
            label=static("play.samples" if samples else f"chat.{name}"),
            info=static("play.samples_info") if samples else None,
            minimum=low,
            maximum=high,
            step=1 if whole else _STEPS[name],
            precision=0 if whole else None,
            elem_id=f"aula-{name.replace('_', '-')}-{self.number}",
        )

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Return what holds the column, in the order of FIELDS."""
        return [self.parts[name] for name in FIELDS]


def fields(values: Sequence[object]) -> list[Fields]:
    """Return the values of the columns that are seen; `values` are how many there are, then all columns' inputs."""
    shown, *rest = values
    count = max(LEAST, min(int(str(shown or LEAST)), MOST))
    return [dict(zip(FIELDS, rest[n * WIDTH : (n + 1) * WIDTH], strict=True)) for n in range(count)]


def read(values: Sequence[object], lang: str) -> tuple[Column, ...]:
    """Return the columns. Raises TemplateCode, ExperimentInvalid, BadOption where one cannot be asked as it stands."""
    del lang  # what cannot be read is said by an error, in both languages
    columns = [column_of(one, n) for n, one in enumerate(fields(values))]
    seen: set[str] = set()
    for n, column in enumerate(columns):
        if column.label in seen:  # results name columns by their label
            columns[n] = replace(column, label=f"{column.label} ({LETTERS[n]})")
        seen.add(columns[n].label)
    return tuple(columns)


def column_of(values: Fields, number: int) -> Column:
    """Return column `number`, counted from 0. Raises TemplateCode, ExperimentInvalid, BadOption."""
    prompt = prompt_of(values)
    prompt.check()
    kept = _kept(values)
    decoding: Fields = {name: values[name] for name in (*NUMBERS, "seed") if values[name] is not None}
    return Column.from_json(
        {
            "label": str(values["label"] or "").strip() or LETTERS[number],
            "prompt": prompt.to_json(),
            "strategy": kept.get("strategy", ""),
            "model": values["model"] or "",
            "decoding": decoding | {"stop": kept.get("stop") or []},
            "retrieval": bool(values["retrieval"]),
            "documents": kept.get("documents"),
            "samples": _samples(values["samples"]),
            "schema": _schema(str(values["schema"] or "")),
            "parse": values["parse"] or "text",
        },
        number + 1,
    )


def prompt_of(values: Fields) -> Prompt:
    """Return a column's prompt as it stands, template code and all."""
    return Prompt(
        user=str(values["user"] or ""),
        system=str(values["system"] or ""),
        shots=shots_of(values),
        begin=str(values["begin"] or ""),
    )


def written(values: Fields) -> bool:
    """Return whether anything stands in a column's prompt."""
    return any(text.strip() for text in prompt_of(values).texts())


def shots_of(values: Fields) -> tuple[Shot, ...]:
    """Return the examples that hold anything, and those that have no boxes."""
    pairs = [(str(values[f"said_{n}"] or ""), str(values[f"answered_{n}"] or "")) for n in range(SHOTS)]
    pairs += [(str(user), str(assistant)) for user, assistant in _kept(values).get("shots") or []]
    return tuple(Shot(user, assistant) for user, assistant in pairs if user.strip() or assistant.strip())


def _kept(values: Fields) -> Mapping[str, Any]:
    return values["kept"] if isinstance(values["kept"], Mapping) else {}


def _samples(value: object) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        raise BadOption(option="samples", allowed=f"1 – {MOST_SAMPLES}") from None


def _schema(text: str) -> Mapping[str, Any] | None:
    if not text.strip():
        return None
    try:
        loaded = json.loads(text)
        json.dumps(loaded, indent=2)  # nested too deeply, it could not be put into the page again
    except (ValueError, RecursionError):
        raise ExperimentInvalid(where="schema", wanted=_SCHEMA) from None
    if not isinstance(loaded, dict):
        raise ExperimentInvalid(where="schema", wanted=_SCHEMA)
    return loaded
