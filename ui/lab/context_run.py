"""A run of the Context panel: what was asked for is checked, laid out, measured, and its map drawn as it grows.

It knows no components: what it yields is what is said of the plan, of how far it has come, the map, and what is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import dataclass, field

import gradio as gr

from lab import needle
from lab.filler import Needle
from lab.needle import Outcome, Trial
from lab.pace import Pace, measure
from rag.errors import AulaError, BadOption, Cancelled, NeedleIncomplete
from rag.llm import LlamaChat
from ui.lab import context_view
from ui.lab.context_text import sentences
from ui.lab.pace import Clock, Seldom, bar, status
from ui.lab.shared import Shared, Told, worked
from ui.texts import say

Updates = tuple[object, ...]  # plan, told, map, Kept
Sizes = tuple[int, int, int, int]  # the longest prompt in tokens, lengths, depths, repeats
Run = Generator[Updates, None, None]
WORDS = 300  # characters of the sentence, and of the question


@dataclass(frozen=True)
class Kept:
    """What was found in this session; another question, text or model (`key`) begins anew."""

    key: tuple[str, ...] = ()
    outcomes: tuple[Outcome, ...] = field(default=())

    def adding(self, one: Outcome) -> Kept:
        """Return it with an outcome that takes the place of an earlier one of the same trial."""
        place = (one.length, one.depth, one.repeat)
        rest = (old for old in self.outcomes if (old.length, old.depth, old.repeat) != place)
        return Kept(self.key, (*rest, one))


@dataclass(frozen=True)
class Asked:
    """What a run is about, checked: the model's name ("": the one in use), whose text, the needle, the grid."""

    model: str
    owner: str
    text: str
    hidden: Needle
    sizes: Sizes
    lang: str


@dataclass(frozen=True)
class Ready:
    """What is asked of a loaded model, and how fast it is."""

    chat: LlamaChat
    made: list[Trial]
    pace: Pace
    kept: Kept


class Map:
    """The map as it grows; `heard` are outcomes that come from another thread."""

    def __init__(self, ready: Ready, title: str, lang: str) -> None:
        """Begin with what was found before."""
        self.heard: list[Outcome] = []
        self._kept, self._title, self._lang = ready.kept, title, lang
        self._drawn = 0
        self._clock, self._seldom = Clock(), Seldom()

    def grown(self, done: int, total: int) -> Updates:
        """Return how far it has come, with the map where it has grown and was not drawn a moment ago."""
        told = str(bar(done, total, self._clock, say(self._lang, "lab.context.reading"), self._lang))
        grows = len(self.heard) > self._drawn and self._seldom.due()
        return gr.skip(), told, *(self.drawn() if grows else (gr.skip(), gr.skip()))

    def drawn(self) -> Updates:
        """Return the map with all that was heard, and what is kept of it; nothing where nothing is new."""
        if len(self.heard) == self._drawn:
            return gr.skip(), gr.skip()
        new = self.heard[self._drawn :]
        self._drawn += len(new)
        for one in new:
            self._kept = self._kept.adding(one)
        return str(context_view.drawn(self._kept.outcomes, self._title, self._lang)), self._kept


def run(shared: Shared, asked: Asked, kept: object, cancel: threading.Event, paces: dict[str, Pace]) -> Run:
    """Load, lay out, measure, say how long it will take, and ask; what was found stays when it ends early.

    `paces` learns the model's. Raises Cancelled, and as Shared.chat, context_text.sentences and lab.needle do.
    """
    lang, skip = asked.lang, gr.skip()
    yield skip, str(status(say(lang, "lab.context.loading"))), skip, skip
    ready = yield from worked(lambda told: _ready(shared, asked, kept, cancel), lambda *told: (skip,) * 4, cancel)
    paces[ready.chat.model] = ready.pace
    yield _plan(ready, lang), skip, skip, skip
    map_ = Map(ready, shared.services.catalogue.entry(ready.chat.model).title, lang)

    def work(told: Told) -> None:
        needle.run(ready.chat, asked.hidden, ready.made, ready.pace.cost, map_.heard.append, cancel, told)

    try:
        yield from worked(work, map_.grown, cancel)
    except AulaError:
        yield skip, skip, *map_.drawn()
        raise
    yield skip, str(status(say(lang, "lab.context.done"))), *map_.drawn()


def _ready(shared: Shared, asked: Asked, kept: object, cancel: threading.Event) -> Ready:
    chat = shared.chat(asked.model)
    if cancel.is_set():
        raise Cancelled
    wanted = needle.grid(*asked.sizes, chat.sequences.size)
    library = shared.services.library
    read, speaks = sentences(library, asked.owner, asked.text, wanted.lengths[-1], asked.lang)
    made = needle.trials(chat, asked.hidden, read, wanted, speaks, cancel)
    key = (chat.model, asked.text, asked.hidden.sentence, asked.hidden.question, *asked.hidden.expected)
    begun = kept if isinstance(kept, Kept) and kept.key == key else Kept(key)
    return Ready(chat, made, measure(chat, made[0].tokens, cancel), begun)


def _plan(ready: Ready, lang: str) -> str:
    seconds = needle.work(ready.made, ready.pace.cost) / ready.pace.read
    news = sum(len(trial.tokens) - trial.shared for trial in ready.made)
    return str(context_view.plan(len(ready.made), news, context_view.lasts(seconds, lang), lang))


def needle_of(sentence: object, question: object, expected: object) -> Needle:
    """Return what was written. Raises NeedleIncomplete, BadOption."""
    said, asked, words = (" ".join(str(one or "").split()) for one in (sentence, question, expected))
    for name, one in (("sentence", said), ("question", asked), ("expected", words)):
        if len(one) > WORDS:
            raise BadOption(option=name, allowed=f"1-{WORDS}")
    each = tuple(word.strip() for word in words.split(",") if word.strip())
    if not (said and asked and each):
        raise NeedleIncomplete
    return Needle(said, asked, each)


def sizes_of(values: tuple[object, ...]) -> Sizes:
    """Return what four sliders sent as whole numbers, 0 where it is none; the grid then says what is allowed."""
    longest, lengths, depths, repeats = (_whole(one) for one in values)
    return longest, lengths, depths, repeats


def _whole(value: object) -> int:
    try:
        return int(float(str(value)))
    except (ValueError, OverflowError):
        return 0
