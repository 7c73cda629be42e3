"""The editor that makes a check: its components, what each kind of check wants in words, and the check they give."""

from __future__ import annotations

import json

import gradio as gr

from prompts.checks.registry import KINDS, validate
from prompts.experiment import read_check
from prompts.outcome import Check
from rag.errors import BadCheck
from ui.texts import say, static

# The kinds that can be chosen, the usual ones first; what is only kept for promptfoo cannot be made here.
_USUAL = ("exact-match", "number", "equals", "contains", "contains-any", "contains-all", "regex", "starts-with", "f1")
_GROUPS = frozenset({"assert-set"})
CHOICES = (
    *_USUAL,
    *(kind.type for kind in KINDS.values() if kind.judge and kind.type not in _USUAL and kind.type not in _GROUPS),
)
_WANTS = {
    "text": "test.wants_text",
    "texts": "test.wants_texts",
    "list": "test.wants_list",
    "number": "test.wants_number",
    "schema": "test.wants_schema",
    "elements": "test.wants_elements",
    "regex": "test.wants_regex",
    "language": "test.wants_language",
    "rubric": "test.wants_rubric",
    "nothing": "test.wants_nothing",
}
_THRESHOLDS = {
    "number": "test.threshold_number",
    "latency": "test.threshold_latency",
    "levenshtein": "test.threshold_levenshtein",
}


class CheckEditor:
    """Its components. `inputs` are in the order in which `read` takes their values."""

    def __init__(self) -> None:
        """Lay the editor out in the current block."""
        self.kind = gr.Dropdown(list(CHOICES), value=CHOICES[0], label=static("test.kind"), elem_id="aula-check-kind")
        self.value = gr.Textbox(
            "{{expected}}",
            label=static("test.value"),
            info=static("test.wants_texts"),
            lines=1,
            max_lines=10,
            elem_id="aula-check-value",
        )
        with gr.Row():
            self.threshold = gr.Number(
                None,
                label=static("test.threshold"),
                info=static("test.threshold_score"),
                visible=False,
                elem_id="aula-check-threshold",
            )
            self.negate = gr.Checkbox(
                False, label=static("test.negate"), info=static("test.negate_info"), elem_id="aula-check-negate"
            )
        self.scope = gr.Radio(
            [(str(static("test.for_all")), "all"), (str(static("test.for_row")), "row")],
            value="all",
            label=static("test.for"),
            elem_id="aula-check-scope",
        )
        self.add = gr.Button(static("test.add_check"), size="md", scale=0, elem_id="aula-check-add")

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Return what holds the check."""
        return [self.kind, self.value, self.threshold, self.negate]


def choices(lang: str) -> list[tuple[str, str]]:
    """Return the kinds by their names in words, each with promptfoo's."""
    return [(f"{KINDS[name].title.text(lang)} ({name})", name) for name in CHOICES]


def fitting(kind: str, lang: str) -> tuple[object, object]:
    """Return the value's and the threshold's component as a kind of check wants them."""
    known = KINDS[kind]
    value = gr.Textbox(info=say(lang, _WANTS[known.wants]), visible=known.wants != "nothing")
    has = known.threshold is not None or kind == "latency"
    info = say(lang, _THRESHOLDS.get(kind, "test.threshold_score"))
    return value, gr.Number(value=known.threshold, info=info, visible=has)


def read(kind: object, value: object, threshold: object, negate: object) -> Check:
    """Return the check that the components hold. Raises BadCheck where it cannot work, UnsafeCheck."""
    name = str(kind)
    known = KINDS.get(name)
    if known is None:
        raise BadCheck(type=name, reason="type")
    has = known.threshold is not None or name == "latency"
    check = read_check(
        {
            "type": f"not-{name}" if negate else name,
            "value": _value(name, str(value or "")),
            "threshold": float(str(threshold)) if has and threshold is not None else None,
        }
    )
    validate(check)
    return check


def _value(kind: str, text: str) -> object:
    """Return what was written as the kind wants it: JSON for a schema, a number where it is one, else text."""
    wants, text = KINDS[kind].wants, text.strip()
    if wants == "nothing" or not text:
        return None
    if wants == "schema":
        return _schema(kind, text)
    if wants == "number":
        try:
            return json.loads(text) if text[0] in "-0123456789{" and not text.startswith("{{") else text
        except ValueError:
            return text
    return text


def _schema(kind: str, text: str) -> object:
    try:
        found: object = json.loads(text)
    except ValueError as error:
        raise BadCheck(type=kind, reason=str(error)) from error
    return found
