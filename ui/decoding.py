"""The choices that go with a question: documents, language, decoding, system prompt; laid out and read, no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import gradio as gr

from rag.collections import Collection, chosen
from rag.settings import PRESETS, RANGES, Decoding
from rag.store import Document
from ui.texts import say, static

NUMBERS = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty", "max_tokens")
_STEPS = {"temperature": 0.05, "top_p": 0.01, "min_p": 0.01, "repeat_penalty": 0.05}
_LONGEST = 2048  # of an answer, on the slider; the API allows what the window holds
_DEFAULT = PRESETS["precise"]


@dataclass(frozen=True)
class Choices:
    """What a person has set, as a callback gets it. `documents` may name collections (see rag.collections.chosen)."""

    documents: list[str] | None
    options: dict[str, object]


class Panel:
    """The components. `inputs` are in the order in which `read` takes their values."""

    def __init__(self) -> None:
        """Lay the panel out in the current block."""
        with gr.Accordion(static("chat.options"), open=False, elem_id="aula-asking"):
            self.scope = gr.Radio(
                [(str(static(f"chat.scope_{name}")), name) for name in ("all", "some", "none")],
                value="all",
                label=static("chat.documents"),
                elem_id="aula-scope",
            )
            self.chosen = gr.CheckboxGroup(
                [], label=static("chat.chosen"), visible=False, elem_id="aula-chosen", elem_classes=["aula-scroll"]
            )
            self.language = gr.Radio(
                [(str(static(f"chat.language_{name}")), name) for name in ("question", "es", "en")],
                value="question",
                label=static("chat.answer_language"),
                elem_id="aula-answer-language",
            )
        with gr.Accordion(static("chat.decoding"), open=False, elem_id="aula-decoding"):
            self.preset = gr.Radio(
                [(str(static(f"chat.preset_{name}")), name) for name in PRESETS],
                value="precise",
                label=static("chat.preset"),
                info=static("chat.preset_info"),
                elem_id="aula-preset",
            )
            self.sliders = [_slider(name) for name in NUMBERS]
            self.seed = gr.Number(
                _DEFAULT.seed,
                label=static("chat.seed"),
                info=static("chat.seed_info"),
                precision=0,
                minimum=RANGES["seed"][0],
                maximum=RANGES["seed"][1],
                elem_id="aula-seed",
            )
        with gr.Accordion(static("chat.system"), open=False, elem_id="aula-system"):
            self.system = gr.Textbox(
                label=static("chat.system_label"),
                placeholder=static("chat.system_hint"),
                info=static("chat.system_info"),
                lines=3,
                max_lines=8,
                max_length=4000,
            )

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Return the components that go along with a question."""
        return [self.scope, self.chosen, self.language, self.system, self.seed, *self.sliders]

    def wire(self) -> None:
        """Connect the parts of the panel with each other."""
        self.preset.input(
            _preset,
            self.preset,
            [*self.sliders, self.seed],
            show_progress="hidden",
            api_visibility="private",
            queue=False,
        )
        self.scope.change(
            _show_chosen, self.scope, self.chosen, show_progress="hidden", api_visibility="private", queue=False
        )

    @staticmethod
    def read(values: Sequence[object], lang: str) -> Choices:
        """Return what the components hold. Raises gr.Error when only some documents are asked and none is named."""
        scope, ticked, language, system, seed, *numbers = values
        options: dict[str, object] = dict(zip(NUMBERS, numbers, strict=True))
        options |= {"language": language, "system": system or "", "seed": -1 if seed is None else seed}
        named = [str(key) for key in ticked] if isinstance(ticked, list) else []
        if scope == "some" and not named:
            raise gr.Error(say(lang, "chat.choose_one"), title=say(lang, "error.title"), print_exception=False)
        documents = None if scope == "all" else named if scope == "some" else []
        return Choices(documents, options)


def _slider(name: str) -> gr.Slider:
    low, high, whole = RANGES[name]
    return gr.Slider(
        max(low, 16) if name == "max_tokens" else low,
        min(high, _LONGEST),
        value=getattr(_DEFAULT, name),
        step=16 if name == "max_tokens" else 1 if whole else _STEPS[name],
        label=static(f"chat.{name}"),
        info=static(f"chat.{name}_info"),
        elem_id=f"aula-{name.replace('_', '-')}",
    )


def _preset(name: str) -> list[float | int]:
    decoding: Decoding = PRESETS.get(name, _DEFAULT)
    return [*(getattr(decoding, number) for number in NUMBERS), decoding.seed]


def _show_chosen(scope: str) -> gr.CheckboxGroup:
    return gr.CheckboxGroup(visible=scope == "some")


def document_choices(
    collections: Sequence[Collection], documents: Sequence[Document], lang: str, value: Sequence[str] | None = None
) -> gr.CheckboxGroup:
    """Return the update that lists collections, then documents.

    `value`: those that are to be ticked, as far as they still exist.
    """
    shelves = [
        (say(lang, "chat.collection_choice", name=one.name, n=one.documents), chosen(one.id)) for one in collections
    ]
    choices = [*shelves, *((document.name, document.id) for document in documents)]
    if value is None:
        return gr.CheckboxGroup(choices=choices)
    known = {key for _, key in choices}
    return gr.CheckboxGroup(choices=choices, value=[key for key in value if key in known])
