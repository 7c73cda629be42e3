"""The sampler's values in the Next-token panel: sliders, and what sets them all at once. They draw nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import gradio as gr

from lab.sampler import Settings
from rag.settings import PRESETS
from ui.components import Keywords
from ui.lab.beginning import Span, numbers, slider
from ui.lab.shared import QUIET
from ui.texts import static

SLIDERS: dict[str, Span] = {  # by the name of a field of Settings
    "repeat_penalty": (0.5, 2.0, 0.05, False),
    "frequency_penalty": (-2.0, 2.0, 0.1, False),
    "presence_penalty": (-2.0, 2.0, 0.1, False),
    "penalty_window": (0, 256, 1, True),
    "top_k": (0, 200, 1, True),
    "typical_p": (0.05, 1.0, 0.05, False),
    "top_p": (0.0, 1.0, 0.01, False),
    "min_p": (0.0, 1.0, 0.01, False),
    "temperature": (0.0, 2.0, 0.05, False),
}
_ROWS = tuple(tuple(SLIDERS)[first : first + 2] for first in range(0, len(SLIDERS), 2))
USUAL = Settings(top_k=40, top_p=0.95, min_p=0.05, temperature=0.8)  # what llama.cpp does unless told
WAYS: dict[str, Settings] = {
    "usual": USUAL,
    "off": Settings(),
    **{name: Settings.from_decoding(one) for name, one in PRESETS.items()},
}


class SamplerValues:
    """The sliders, in the order in which `settings_of` takes their values."""

    def __init__(self) -> None:
        """Lay them out in the current block."""
        with gr.Accordion(static("lab.next.values"), open=True, elem_id="aula-lab-next-values"):
            self.way = gr.Radio(
                [
                    (str(static("lab.next.way_usual")), "usual"),
                    (str(static("lab.next.way_off")), "off"),
                    *((str(static(f"chat.preset_{name}")), name) for name in PRESETS),
                ],
                value="usual",
                label=static("lab.next.way"),
                info=static("lab.next.way_info"),
                elem_id="aula-lab-next-way",
            )
            self.sliders: list[gr.Slider] = []
            for row in _ROWS:
                with gr.Row():
                    self.sliders += [slider("next", name, SLIDERS[name], getattr(USUAL, name)) for name in row]

    def wire(
        self,
        redraw: Callable[..., object],
        inputs: Sequence[gr.components.Component],
        output: gr.components.Component,
        keywords: Keywords,
    ) -> None:
        """Call `redraw` whenever a person changes a value; an example that sets them calls its own."""
        moved = [slider.input for slider in self.sliders]
        gr.on(moved, _way, self.sliders, self.way, queue=False, trigger_mode="always_last", **QUIET)
        self.way.input(_values, self.way, self.sliders, queue=False, **QUIET).then(redraw, inputs, output, **keywords)
        gr.on(moved, redraw, inputs, output, **keywords)


def settings_of(values: Sequence[object]) -> Settings:
    """Return what the sliders hold. Raises BadOption."""
    return Settings(**numbers(SLIDERS, values))  # type: ignore[arg-type]


def _way(*values: float) -> str | None:
    """Return what the values are called; none that has no name stays chosen."""
    held = [float(value) for value in values]
    return next((way for way, told in WAYS.items() if [float(getattr(told, name)) for name in SLIDERS] == held), None)


def _values(way: str) -> list[float]:
    settings = WAYS.get(way, USUAL)
    return [getattr(settings, name) for name in SLIDERS]
