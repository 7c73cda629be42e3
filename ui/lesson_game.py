"""The guessing game on the page: what the player writes goes to prompts.lessons, which keeps the secret to itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import gradio as gr

from prompts.lessons.defence import Answer, Defence
from prompts.lessons.game import Game, View
from prompts.lessons.levels import asking, probes, scored
from prompts.lessons.score import score
from prompts.services import Services
from ui.components import (
    HIDDEN,
    PLAY,
    PLAY_LIMIT,
    Keywords,
    Running,
    action_list,
    block,
    buttons,
    clicked,
    guarded,
    language,
    owner_of,
)
from ui.game_view import conversation, level_brief, level_list, score_view, told
from ui.texts import say, static

Updates = tuple[object, ...]
_LONGEST = 2_000  # characters of a message


class GamePanel:
    """Its components and callbacks."""

    def __init__(self, services: Services, running: Running) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._chat = services.engine.chat
        self._running = running
        self._game = Game(services.engine.chat)

    def layout(self) -> None:
        """Lay out the game."""
        gr.Markdown(static("lesson.game_intro"), elem_classes=["aula-intro"])
        self.levels = action_list("aula-game-levels")
        self.brief = block("", "aula-game-level")
        with gr.Row(elem_id="aula-game-ask", equal_height=True):
            self.message = gr.Textbox(
                label=static("lesson.message"),
                lines=1,
                max_lines=6,
                max_length=_LONGEST,
                scale=1,
                elem_id="aula-game-message",
            )
            self.send = gr.Button(
                static("chat.send"), variant="primary", scale=0, min_width=96, elem_id="aula-game-send"
            )
            self.stop = gr.Button(static("chat.stop"), scale=0, min_width=96, visible=HIDDEN, elem_id="aula-game-stop")
        self.lines = block("", "aula-game-lines")
        with gr.Row(elem_id="aula-game-guess", equal_height=True):
            self.word = gr.Textbox(
                label=static("lesson.word"), lines=1, max_length=60, scale=1, elem_id="aula-game-word"
            )
            self.guess = gr.Button(static("lesson.guess"), scale=0, min_width=96, elem_id="aula-game-try")
        self.told = action_list("aula-game-told")
        self._scoring()

    def _scoring(self) -> None:
        with gr.Accordion(static("lesson.score_title"), open=False, elem_id="aula-game-score"):
            gr.Markdown(static("lesson.score_intro"), elem_classes=["aula-intro"])
            self.system = gr.Textbox(
                label=static("lesson.system"),
                info=static("lesson.system_info"),
                lines=4,
                max_lines=14,
                max_length=4_000,
                elem_id="aula-game-system",
            )
            with gr.Row(elem_id="aula-game-filters"):
                self.input = gr.Checkbox(
                    label=static("lesson.input"), info=static("lesson.input_info"), elem_id="aula-game-input"
                )
                self.output = gr.Checkbox(
                    label=static("lesson.output"), info=static("lesson.output_info"), elem_id="aula-game-output"
                )
            with gr.Row(elem_id="aula-game-score-go"):
                self.score = gr.Button(
                    static("lesson.score"), variant="primary", scale=0, min_width=96, elem_id="aula-game-score-run"
                )
                self.halt = gr.Button(
                    static("chat.stop"), scale=0, min_width=96, visible=HIDDEN, elem_id="aula-game-score-stop"
                )
            self.scored = block("", "aula-game-scored")

    def wire(self, blocks: gr.Blocks, opened: gr.State) -> None:
        """Connect the callbacks; `opened` changes when there is first somebody to play."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        asking_model: Keywords = quiet | {
            "concurrency_id": PLAY,
            "concurrency_limit": PLAY_LIMIT,
            "trigger_mode": "once",
        }
        stage = [self.levels, self.brief, self.lines, self.told, self.message, self.word]
        defence = [self.system, self.input, self.output]
        opened.change(self.look, None, [*stage, *defence], **quiet)
        gr.on([self.levels.click, self.told.click], self.choose, None, [*stage, *defence, self.scored], **quiet)
        asked = [self.lines, self.send, self.stop]
        gr.on([self.send.click, self.message.submit], self.ask, self.message, asked, **asking_model)
        gr.on(
            [self.guess.click, self.word.submit], self.try_word, self.word, [self.levels, self.told, self.word], **quiet
        )
        self.score.click(self.rate, defence, [self.scored, self.score, self.halt], **asking_model)
        gr.on([self.stop.click, self.halt.click], self.end, None, None, queue=False, **quiet)
        blocks.unload(self.end)

    # -- the level ---------------------------------------------------------------------------------------------------

    @guarded
    def look(self, request: gr.Request) -> Updates:
        """Show where the player stands."""
        return (*self._stage(request), *self._defence(request))

    @guarded
    def choose(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Begin a level, with another secret."""
        _, key, _ = clicked(event)
        self._running.stop(_place(request))
        self._game.choose(_player(request), int(key) if key.isdecimal() else 0)
        return (*self._stage(request), *self._defence(request), "")

    def _stage(self, request: gr.Request) -> Updates:
        lang = language(request)
        view = self._view(request)
        return (
            level_list(view, lang),
            level_brief(view.level, lang),
            conversation(view, lang),
            told(view, None, lang),
            gr.Textbox(
                value="", label=say(lang, "lesson.document" if view.level.reads == "document" else "lesson.message")
            ),
            "",
        )

    def _defence(self, request: gr.Request) -> Updates:
        defence = self._view(request).level.defence(language(request))
        return (defence.prompt.system, bool(defence.asking), defence.output)

    def _view(self, request: gr.Request) -> View:
        return self._game.view(_player(request), language(request))

    # -- playing -----------------------------------------------------------------------------------------------------

    @guarded
    def ask(self, request: gr.Request, message: str) -> Iterator[Updates]:
        """Put the player's text to the model; the answer is shown as it comes, where no filter has to see it first."""
        lang = language(request)
        text = message.strip()[:_LONGEST]
        if not text:
            return
        view = self._view(request)
        idle = buttons(busy=False)
        with self._busy(request) as cancel:
            yield (conversation(view, lang, text, Answer()), *buttons(busy=True))
            try:
                for answer in self._game.ask(_player(request), lang, text, cancel):
                    yield (conversation(view, lang, text, answer), gr.skip(), gr.skip())
            except Exception:  # whatever it is, the buttons come back, and the text stays in the box
                yield (conversation(view, lang), *idle)
                raise
        yield (conversation(self._view(request), lang), *idle)

    @guarded
    def try_word(self, request: gr.Request, word: str) -> Updates:
        """Compare a guess with the secret."""
        if not word.strip():
            return (gr.skip(), gr.skip(), gr.skip())
        lang = language(request)
        right = self._game.guess(_player(request), word)
        view = self._view(request)
        return (level_list(view, lang), told(view, right, lang), "" if right else gr.skip())

    def end(self, request: gr.Request) -> None:
        """Stop what this page's game is waiting for."""
        self._running.stop(_place(request))

    # -- the score of a defence --------------------------------------------------------------------------------------

    @guarded
    def rate(self, request: gr.Request, system: str, before: bool, after: bool) -> Iterator[Updates]:
        """Try the attacks and the harmless texts on the defence as it is written now."""
        lang = language(request)
        level = self._view(request).level
        prompt = replace(level.defence(lang).prompt, system=system)
        defence = Defence(prompt, asking(lang) if before else (), after)
        defence.check()
        idle = buttons(busy=False)
        with self._busy(request) as cancel:
            yield (gr.skip(), *buttons(busy=True))
            try:
                for found in score(self._chat(), defence, scored(), lang, probes(level.reads, lang), cancel):
                    yield (str(score_view(found, lang)), gr.skip(), gr.skip())
            except Exception:
                yield (gr.skip(), *idle)
                raise
        yield (gr.skip(), *idle)

    @contextmanager
    def _busy(self, request: gr.Request) -> Iterator[threading.Event]:
        """Give the Event that Stop and a closed page set."""
        with self._running.event(_place(request)) as cancel:
            yield cancel


def _place(request: gr.Request) -> str:
    """Return where this page's game runs; its Stop leaves the chat's answer alone."""
    return f"{request.session_hash} game"


def _player(request: gr.Request) -> str:
    return f"{owner_of(request)}\n{request.session_hash}"
