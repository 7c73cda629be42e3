"""When one of the Playground's inner tabs is in view: what nobody sees is neither read nor sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import gradio as gr


def opened(tabs: gr.Tabs | None, name: str) -> list[Callable[..., Any]]:
    """Return the triggers by which the inner tab `name` comes into view: its own, and that of the Playground."""
    found = cast(gr.Tabs, tabs)  # laid out before it is wired
    inner = next(tab for tab in found.children if isinstance(tab, gr.Tab) and tab.id == name)
    return [inner.select, *([found.parent.select] if isinstance(found.parent, gr.Tab) else [])]


def here() -> gr.Checkbox:
    """Return the component that takes, as the last of a callback's inputs, what `ask` gives."""
    return gr.Checkbox(False, visible=False)


def ask(name: str) -> str:
    """Return the script that lets the browser say in the last input whether the inner tab `name` is in view."""
    return f"(...given) => [...given.slice(0, -1), window.aula.here('{name}')]"
