"""Run in the Compare tab: asks the columns one after the other, shows each answer as it grows, and what differs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence

import gradio as gr
from markupsafe import Markup

from prompts.ask import failed
from prompts.column import Column
from prompts.reply import Reply
from prompts.services import Services
from rag.errors import AulaError, Cancelled, NothingToRun
from ui import reply_view
from ui.column_editor import LETTERS, MOST, read
from ui.components import (
    HIDDEN,
    PLAY,
    PLAY_LIMIT,
    Keywords,
    Running,
    block,
    buttons,
    guarded,
    language,
    logged,
    owner_of,
)
from ui.desk import Desk
from ui.diff_view import two_texts
from ui.texts import LANGUAGES, say, static
from ui.variable_boxes import check_filled, filled

Updates = tuple[object, ...]
PACE_S = 0.2  # a model may write faster than a page full of boxes can be drawn
_SHOWN = {"text": "play.diff_answers", "prompt": "play.diff_prompts"}


class RunPanel:
    """Run and Stop with what they show below the columns: a line that says how far it is, and the difference."""

    def __init__(self, services: Services, running: Running, desk: Desk) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._services = services
        self._running = running
        self._desk = desk

    def layout(self) -> None:
        """Lay out the buttons."""
        with gr.Row(elem_id="aula-play-go"):
            self.run = gr.Button(static("play.run"), variant="primary", scale=0, elem_id="aula-play-run")
            self.stop = gr.Button(static("chat.stop"), scale=0, visible=HIDDEN, elem_id="aula-play-stop")
            self.told = block("", "aula-play-told")

    def layout_diff(self) -> None:
        """Lay out the difference between two columns."""
        with gr.Accordion(static("play.diff"), open=False, elem_id="aula-play-diff"):
            with gr.Row(elem_id="aula-diff-choices"):
                letters = list(LETTERS)
                self.left = gr.Dropdown(letters, value="A", label=static("play.diff_from"), elem_id="aula-diff-left")
                self.right = gr.Dropdown(letters, value="B", label=static("play.diff_to"), elem_id="aula-diff-right")
                self.what = gr.Radio(
                    [(str(static(key)), name) for name, key in _SHOWN.items()],
                    value="text",
                    label=static("play.diff_what"),
                    elem_id="aula-diff-what",
                )
            self.diff = block("", "aula-diff")

    def wire(self, blocks: gr.Blocks, opened: gr.State) -> None:
        """Connect the callbacks; `opened` changes when there is first somebody to read."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        desk = self._desk
        answers = [editor.answer for editor in desk.editors]
        compared = [self.left, self.right, self.what, desk.replies]
        self.run.click(
            self.ask,
            desk.inputs,
            [*answers, desk.replies, self.told, self.run, self.stop],
            concurrency_id=PLAY,
            concurrency_limit=PLAY_LIMIT,
            trigger_mode="once",
            **quiet,
        )
        gr.on(
            [self.left.change, self.right.change, self.what.change, desk.replies.change],
            self.differ,
            compared,
            self.diff,
            trigger_mode="always_last",
            **quiet,
        )
        self.stop.click(self.halt, None, None, queue=False, show_progress="hidden", api_visibility="private")
        opened.change(self.differ, compared, self.diff, **quiet)
        opened.change(self.hint, None, self.told, **quiet)
        blocks.unload(self.halt)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def ask(self, request: gr.Request, *values: object) -> Iterator[Updates]:
        """Ask all columns in order; one that fails says why in its place, and the others go on."""
        lang, owner = language(request), owner_of(request)
        columns = read(values[: len(self._desk.columns)], lang)
        texts = filled(self._desk.split(values)[2])
        _check(columns, texts)
        replies: list[Reply | None] = [Reply()] * len(columns)
        with self._running.event(key_of(request)) as cancel, self._running.event(_moved(request)) as moved:
            yield self._all(replies, "", lang, running=True)
            try:
                yield from self._each(columns, texts, replies, lang, owner, cancel, moved)
            except Exception:
                yield self._idle("")
                raise
            if moved.is_set():
                yield self._idle(say(lang, "play.told_moved"))
                return
            yield self._all(replies, ended(replies, cancel.is_set(), lang), lang, running=False)

    def _each(
        self,
        columns: Sequence[Column],
        texts: Mapping[str, str],
        replies: list[Reply | None],
        lang: str,
        owner: str,
        cancel: threading.Event,
        moved: threading.Event,
    ) -> Iterator[Updates]:
        """Ask one column after the other and put what they say into `replies`; nothing is shown once they `moved`."""
        for n, column in enumerate(columns):
            yield self._one(n, Reply(), say(lang, "play.told", letter=LETTERS[n], n=n + 1, total=len(columns)), lang)
            for reply in paced(self._asked(column, texts, owner, cancel)):
                replies[n] = reply
                if not moved.is_set():
                    yield self._one(n, reply, gr.skip(), lang)
            if cancel.is_set():
                replies[n + 1 :] = [None] * (len(columns) - n - 1)
                return
            yield (*(gr.skip() for _ in range(MOST)), _kept(replies), gr.skip(), gr.skip(), gr.skip())

    def _asked(self, column: Column, texts: Mapping[str, str], owner: str, cancel: threading.Event) -> Iterator[Reply]:
        """Yield a column's reply as it grows, cut short where all was stopped."""
        last = Reply()
        seed = column.decoding.seed
        seeds = [seed if seed < 0 else seed + n for n in range(column.samples)]
        try:
            for last in self._services.asker.ask(column, texts, seeds, owner, cancel):
                yield last
        except Cancelled:
            yield Reply("done", last.text, last.prompt, last.model, stats={"finish_reason": "cancelled"})
        except AulaError as error:
            yield failed(error, column)
        except Exception as error:  # the other columns go on
            yield broken(logged(error), column)

    def _all(self, replies: Sequence[Reply | None], told: str, lang: str, running: bool) -> Updates:
        shown = [self._shown(reply, n, lang, running) for n, reply in enumerate(replies)]
        shown += [gr.skip() for _ in range(MOST - len(replies))]
        return (*shown, _kept(replies), reply_line(told), *buttons(running))

    def _shown(self, reply: Reply | None, number: int, lang: str, running: bool) -> str:
        if reply is None and not running:
            return reply_view.skipped(LETTERS[number], lang)
        return reply_view.answer(reply, LETTERS[number], lang)

    def _one(self, number: int, reply: Reply, told: object, lang: str) -> Updates:
        shown: list[object] = [gr.skip() for _ in range(MOST)]
        if reply.stage != "waiting":
            shown[number] = reply_view.answer(reply, LETTERS[number], lang)
        return (*shown, gr.skip(), reply_line(told) if isinstance(told, str) else told, gr.skip(), gr.skip())

    def _idle(self, told: str) -> Updates:
        """Return the buttons as before a run; the answers stay what they are."""
        answers = (gr.skip() for _ in range(MOST + 1))
        return (*answers, reply_line(told), *buttons(busy=False))

    @guarded
    def hint(self, request: gr.Request) -> str:
        """Say how to run without the mouse."""
        return reply_line(say(language(request), "play.run_hint"))

    def halt(self, request: gr.Request) -> None:
        """Stop all columns of this page."""
        self._running.stop(key_of(request))

    def overtaken(self, request: gr.Request) -> None:
        """Stop, and write no answer any more: the columns on the page are no longer those that were asked."""
        self._running.stop(_moved(request))
        self.halt(request)

    @guarded
    def differ(self, request: gr.Request, left: object, right: object, what: object, replies: object) -> str:
        """Show the difference between two columns' answers, or their exact prompts."""
        lang = language(request)
        texts = [_text(replies, str(letter), str(what)) for letter in (left, right)]
        if texts[0] is None or texts[1] is None:
            return reply_line(say(lang, "play.diff_empty"))
        return two_texts(texts[0], texts[1], (str(left), str(right)), lang)


def paced(replies: Iterator[Reply]) -> Iterator[Reply]:
    """Yield what can be seen to grow: the first words, then a few times a second, and the end."""
    shown, stage = 0.0, ""
    for reply in replies:
        now = time.monotonic()
        if reply.stage != stage or reply.stage == "done" or now - shown >= PACE_S:
            shown, stage = now, reply.stage
            yield reply


def key_of(request: gr.Request) -> str:
    """Return what names the runs of one page: the chat's own Stop leaves them alone."""
    return f"{request.session_hash}:compare"


def _moved(request: gr.Request) -> str:
    return f"{request.session_hash}:moved"


def broken(reference: str, column: Column) -> Reply:
    """Return the reply of a column that failed in a way that nobody has foreseen, logged under `reference`."""
    said = {lang: say(lang, "error.unexpected", reference=reference) for lang in LANGUAGES}
    return Reply("done", model=column.model, error=said)


def ended(replies: Sequence[Reply | None], stopped: bool, lang: str) -> str:
    """Return what is said at the end of a run: whether all, some or none of the columns have answered."""
    failures = sum(bool(reply and reply.error) for reply in replies)
    if stopped:
        return say(lang, "play.told_stopped")
    if failures == len(replies):
        return say(lang, "play.told_failed")
    if failures:
        return say(lang, "play.told_some", n=len(replies) - failures, total=len(replies))
    return say(lang, "play.told_done")


def _kept(replies: Sequence[Reply | None]) -> list[Mapping[str, object] | None]:
    """Return the answers that have come whole, for the desk to keep."""
    return [reply.to_json() if reply and reply.stage == "done" else None for reply in replies]


def reply_line(text: str) -> str:
    """Return a line that is read out when it changes."""
    return str(Markup('<p class="aula-caption" role="status">{}</p>').format(text)) if text else ""


def _check(columns: Sequence[Column], texts: Mapping[str, str]) -> None:
    """Raise NothingToRun, VariableMissing before the first column is asked."""
    if not all(column.prompt.user.strip() for column in columns):
        raise NothingToRun
    check_filled(columns, texts)


def _text(replies: object, letter: str, what: str) -> str | None:
    """Return a column's answer or prompt, if there is one."""
    number = LETTERS.find(letter)
    if not isinstance(replies, list) or not 0 <= number < len(replies) or not replies[number]:
        return None
    found = replies[number].get("prompt" if what == "prompt" else "text")
    return str(found) if found else None
