"""Pieces that every tab uses: who asks, in which language, what happens to errors, figures and lists as HTML.

HTML is only ever put together with markupsafe, which escapes whatever is filled in: names and passages are data.
"""

from __future__ import annotations

import functools
import inspect
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, Literal, ParamSpec, TypeVar, cast

import gradio as gr
from markupsafe import Markup, escape

from rag.errors import AulaError, Cancelled
from ui.page import COOKIE, choose_language
from ui.texts import decimal, grouped, say

log = logging.getLogger("aula")
Keywords = dict[str, Any]  # arguments of Gradio's listeners, whose types are Gradio's own
P = ParamSpec("P")
R = TypeVar("R")

MODEL = "model"  # the concurrency group of the chat's questions to the language model
MODEL_LIMIT = 4  # so many may wait for it with their passages found already; the model answers one at a time
PLAY = "playground"  # what asks the model for minutes has a group of its own: it must not keep the chat from its turn
PLAY_LIMIT = 8
LOCAL = "local"  # the owner where nobody has to log in
# What a run of many updates shows and hides is hidden so and never with False: that takes it out of the page, and
# Gradio 6 can then lose the update that would bring it back when another follows at once.
HIDDEN: Final = "hidden"

# A list of rows with buttons: a click on [data-do] reaches Python as {do, id, value}. page.js asks where it must.
_ON_CLICK = """
element.addEventListener('click', async event => {
  const button = event.target.closest('[data-do]');
  if (!button || !element.contains(button) || button.disabled) return;
  const answer = await window.aula.confirm(button);
  if (answer === null) return;
  trigger('click', {do: button.dataset.do, id: button.dataset.id || '', value: answer});
});
"""


def seen(whether: bool) -> Literal[True, "hidden"]:
    """Return what `visible` must be for a part that stays in the page while it is hidden."""
    return whether or HIDDEN


def buttons(busy: bool) -> tuple[gr.Button, gr.Button]:
    """Return the updates of the button that begins something and of the one that stops it: only one is seen."""
    return gr.Button(visible=seen(not busy)), gr.Button(visible=seen(busy))


def idle() -> tuple[gr.Button, gr.Button]:
    """Put the button back that begins something, however it ended."""
    return buttons(busy=False)


def owner_of(request: gr.Request) -> str:
    """Return whose documents and conversations these are."""
    return str(request.username) if request.username else LOCAL


def language(request: gr.Request) -> str:
    """Return the language of the page that asks ("es" or "en"); for the API, by its Accept-Language header."""
    cookies, headers = request.cookies or {}, request.headers or {}
    return choose_language(cookies.get(COOKIE), headers.get("accept-language"))


def friendly(error: AulaError, lang: str) -> gr.Error:
    """Return the toast for an error that was foreseen."""
    return gr.Error(str(escape(error.text(lang))), title=say(lang, "error.title"), print_exception=False)


def logged(error: Exception) -> str:
    """Log an unforeseen error and return the reference number that it stands under."""
    reference = secrets.token_hex(3).upper()
    log.error("error %s", reference, exc_info=error)
    return reference


def apology(error: Exception, lang: str) -> gr.Error:
    """Log an unforeseen error and return the toast that names its reference number."""
    text = say(lang, "error.unexpected", reference=logged(error))
    return gr.Error(text, title=say(lang, "error.title"), print_exception=False, duration=None)


@contextmanager
def _shown(arguments: tuple[object, ...]) -> Iterator[None]:
    try:
        yield
    except (Cancelled, gr.Error):
        raise
    except AulaError as error:
        raise friendly(error, _language_of(arguments)) from error
    except Exception as error:
        raise apology(error, _language_of(arguments)) from error


def _language_of(arguments: tuple[object, ...]) -> str:
    request = next((value for value in arguments if isinstance(value, gr.Request)), None)
    return language(request) if request is not None else "en"


def guarded(callback: Callable[P, R]) -> Callable[P, R]:
    """Show errors of a callback as toasts, in the language of the gr.Request that it takes, else in English."""
    if inspect.isgeneratorfunction(callback):

        @functools.wraps(callback)
        def stream(*args: P.args, **kwargs: P.kwargs) -> Iterator[object]:
            with suppress(Cancelled), _shown((*args, *kwargs.values())):
                yield from cast("Iterator[object]", callback(*args, **kwargs))

        return cast("Callable[P, R]", stream)

    @functools.wraps(callback)
    def once(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with _shown((*args, *kwargs.values())):
                return callback(*args, **kwargs)
        except Cancelled:
            return cast(R, gr.skip())  # the page stays as it is

    return once


class Running:
    """The answers on their way, by browser session, so that Stop and a closed page can end them."""

    def __init__(self) -> None:
        """Begin with none."""
        self._events: dict[str, set[threading.Event]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def event(self, session: str | None) -> Iterator[threading.Event]:
        """Give an Event that `stop` sets; it is also set when the block is left in any way."""
        event = threading.Event()
        key = session or ""
        with self._lock:
            self._events.setdefault(key, set()).add(event)
        try:
            yield event
        finally:
            event.set()
            with self._lock:
                self._events[key].discard(event)
                if not self._events[key]:
                    del self._events[key]

    def stop(self, session: str | None) -> None:
        """End all of a session's answers."""
        with self._lock:
            for event in self._events.get(session or "", ()):
                event.set()


def block(value: str = "", elem_id: str | None = None, script: str | None = None) -> gr.HTML:
    """Return an HTML block in the page's own style."""
    return gr.HTML(
        value, elem_id=elem_id, elem_classes=["aula-block"], js_on_load=script, padding=False, apply_default_css=False
    )


def action_list(elem_id: str, script: str = "", value: str = "") -> gr.HTML:
    """Return an HTML block whose [data-do] buttons trigger `click` with {do, id, value}; `script` runs besides."""
    return block(value, elem_id, _ON_CLICK + script)


def clicked(event: gr.EventData) -> tuple[str, str, str]:
    """Return what was clicked in an action list: (do, id, value)."""
    data = event._data if isinstance(event._data, dict) else {}
    return str(data.get("do", "")), str(data.get("id", "")), str(data.get("value", ""))


def button(
    text: str,
    do: str,
    key: str = "",
    *,
    label: str = "",
    ask: str = "",
    write: str | None = None,
    ok: str = "",
    cancel: str = "",
    kind: str = "",
) -> Markup:
    """Return a button of an action list. `ask`: what to confirm first; `write`: a text to edit, sent as its value."""
    attributes = Markup(' data-id="{}"').format(key) if key else Markup("")
    if label:
        attributes += Markup(' aria-label="{}" title="{}"').format(label, label)
    if ask:
        attributes += Markup(' data-ask="{}" data-ok="{}" data-cancel="{}"').format(ask, ok or text, cancel)
    if write is not None:
        attributes += Markup(' data-write="{}"').format(write)
    return Markup('<button type="button" class="aula-button {}" data-do="{}"{}>{}</button>').format(
        kind, do, attributes, text
    )


def progress_bar(done: float, total: float, label: str) -> Markup:
    """Return a bar; with no total known yet, one that only says that it is working."""
    if total <= 0:
        return Markup('<progress class="aula-progress" aria-label="{}"></progress>').format(label)
    return Markup('<progress class="aula-progress" aria-label="{}" max="100" value="{}"></progress>').format(
        label, f"{min(100.0, 100 * done / total):.1f}"
    )


def percent(done: float, total: float, lang: str) -> str:
    """Return "43 %" as `lang` writes it; nothing known is 0."""
    value = int(100 * done / total) if total > 0 else 0
    return f"{min(value, 100)} %" if lang == "es" else f"{min(value, 100)}%"


def size(count: int, lang: str) -> str:
    """Return a size in bytes for people, in powers of ten as disks are sold."""
    if count <= 0:
        return say(lang, "models.size_unknown")
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} kB"
    if count < 1_000_000_000:
        return f"{round(count / 1_000_000)} MB"
    return f"{decimal(count / 1_000_000_000, lang)} GB"


def time_left(seconds: float, lang: str) -> str:
    """Return "about 2 min left" for a number of seconds."""
    if seconds < 60:
        n, unit = max(1, round(seconds)), "seconds"
    elif seconds < 3600:
        n, unit = round(seconds / 60), "minutes"
    else:
        n, unit = round(seconds / 3600), "hours"
    shown = say(lang, f"common.{unit}", n=grouped(n, lang))
    return say(lang, "header.left_one" if n == 1 else "header.left", time=shown)
