"""Gradio fetches a file that is given as a web address. Aula fetches nothing: such a call is refused before that.

Every call of the page, the API and the MCP tools passes through `Blocks.process_api`, with its data as it came.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr

from ui.components import language
from ui.texts import say

_WEB = ("http://", "https://")


def names_web_address(data: object) -> bool:
    """Tell whether there is a file in `data`, however deep, that would have to be fetched from the web."""
    if isinstance(data, Mapping):
        place = data.get("path") or data.get("url")  # a file that was uploaded has both, and its url is ours
        if isinstance(place, str) and place.strip().lower().startswith(_WEB):
            return True
        return any(names_web_address(value) for value in data.values())
    if isinstance(data, Sequence) and not isinstance(data, str):
        return any(names_web_address(value) for value in data)
    return False


class LocalBlocks(gr.Blocks):
    """gr.Blocks that takes no file from the web."""

    async def process_api(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - Gradio's own types
        """Refuse web addresses, then do as Gradio does."""
        if names_web_address(inputs):
            request = kwargs.get("request")
            lang = language(request) if isinstance(request, gr.Request) else "en"
            raise gr.Error(say(lang, "error.web_address"), title=say(lang, "error.title"), print_exception=False)
        result: dict[str, Any] = await super().process_api(block_fn, inputs, *args, **kwargs)
        return result
