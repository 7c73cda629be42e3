"""Blocks that carry what a callback gives into the browser: a file to save, or what a dialog shows.

Neither lies in a cache nor has an address: it travels in the answer to whoever asked, and to nobody else.
"""

from __future__ import annotations

import base64
import secrets

import gradio as gr
from markupsafe import Markup

from ui.components import block

_SAVE = "window.aula.saves(element, watch);"
_SHOW = "window.aula.shows(element, data => trigger('click', data), watch);"


def saver(elem_id: str) -> gr.HTML:
    """Return the block that saves what `file` gives."""
    return block("", elem_id, _SAVE)


def shower(elem_id: str) -> gr.HTML:
    """Return the block that shows what `dialog` gives; buttons in it trigger its `click`, as in an action list."""
    return block("", elem_id, _SHOW)


def file(name: str, kind: str, content: str | bytes) -> str:
    """Return a file for `saver`; `kind` is its media type."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    return str(
        Markup('<a hidden data-nonce="{}" data-name="{}" data-type="{}" data-content="{}"></a>').format(
            secrets.token_hex(4), name, kind, base64.b64encode(data).decode("ascii")
        )
    )


def dialog(content: Markup) -> str:
    """Return a dialog's content for `shower`, opened anew even where it is the same as before."""
    return str(Markup('<article hidden data-nonce="{}">{}</article>').format(secrets.token_hex(4), content))
