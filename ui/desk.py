"""What lies on the Compare tab's desk: the columns, the shared variables, the last answers, and how all is shown anew.

It changes nothing by itself: callbacks hand it what is to lie there, and get the updates back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import gradio as gr
from markupsafe import Markup

from prompts.column import Column, differences
from prompts.lint.linter import lint
from prompts.lint.text import Finding
from prompts.reply import Reply
from prompts.services import Services
from rag.errors import AulaError
from ui import column_draft, reply_view, variable_boxes
from ui.column_editor import (
    FIELDS,
    LEAST,
    LETTERS,
    MOST,
    WIDTH,
    ColumnEditor,
    Fields,
    fields,
    prompt_of,
    read,
    written,
)
from ui.column_filling import empty, updates
from ui.components import HIDDEN, action_list, block, button, seen
from ui.diff_view import differ_line
from ui.lint_view import findings
from ui.strategy_choices import StrategyChoices, chosen
from ui.texts import say, static
from ui.variable_boxes import VariableBoxes

Updates = tuple[object, ...]
Replies = list[Mapping[str, object] | None]

# Dots for a narrow screen, where the columns are swiped: a click or Enter brings a column into view.
_GO = """
element.addEventListener('click', event => {
  const button = event.target.closest('[data-go]');
  if (!button) return;
  for (const side of document.querySelectorAll('.aula-play-side')) {
    const part = side.children[button.dataset.go];
    if (part) side.scrollTo({left: part.offsetLeft - side.offsetLeft, behavior: 'smooth'});
  }
});
"""


class Desk:
    """The components of two to four columns and of what they share. `inputs` is what callbacks read."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing that is seen is laid out yet."""
        # Outside of the tabs: what stands in one that is not open does not know yet, on loading, what was kept.
        self.draft = gr.BrowserState(None, storage_key="aula_columns", secret="aula")  # noqa: S106 - no secret
        self._services = services
        self.strategies = StrategyChoices(services)
        self.editors = [ColumnEditor(n) for n in range(MOST)]
        self.boxes = VariableBoxes()

    # -- layout ------------------------------------------------------------------------------------------------

    def layout_columns(self) -> None:
        """Lay out the columns, and what says in what they differ."""
        self.count = gr.State(LEAST)
        self.replies = gr.State([])
        self.before = gr.State(None)  # what brings back the columns that others took the place of
        self.undo = gr.Button(static("play.undo"), size="sm", visible=HIDDEN, elem_id="aula-play-undo")
        self.differs = block("", "aula-differs")
        self.dots = block("", "aula-dots", _GO)
        with gr.Row(elem_id="aula-play-columns", elem_classes=["aula-play-side"], equal_height=False):
            for editor in self.editors:
                editor.layout()

    def layout_variables(self) -> None:
        """Lay out the shared boxes."""
        with gr.Column(elem_id="aula-variables"):
            self.variables_head = action_list("aula-variables-head")
            self.boxes.layout()

    def layout_answers(self) -> None:
        """Lay out the answers, side by side as the columns are."""
        with gr.Row(elem_id="aula-play-answers", elem_classes=["aula-play-side"], equal_height=False):
            for editor in self.editors:
                editor.layout_answer()

    @property
    def columns(self) -> list[gr.components.Component]:
        """Return how many columns there are, and all their inputs: what `column_editor.read` takes."""
        return [self.count, *(part for editor in self.editors for part in editor.inputs)]

    @property
    def inputs(self) -> list[gr.components.Component]:
        """Return columns, answers and variables, for `split`."""
        return [*self.columns, self.replies, *self.boxes.parts]

    @property
    def around(self) -> list[gr.components.Component]:
        """Return what is shown anew as one types: lint, differences, variables."""
        lints = [editor.lint for editor in self.editors]
        return [*lints, self.differs, self.variables_head, *self.boxes.parts, self.draft]

    @property
    def outputs(self) -> list[gr.blocks.Block]:
        """Return everything that `laid` shows."""
        frames: list[gr.blocks.Block] = [frame for one in self.editors for frame in (one.whole, one.answer_frame)]
        heads = [part for one in self.editors for part in (one.head, one.chooser, one.about, one.answer)]
        proposals = [part for one in self.editors for part in (one.proposal, one.proposed)]
        whole = [self.replies, self.dots, self.before, self.undo]
        return [*frames, *self.columns, *heads, *proposals, *whole, *self.around]

    # -- updates -----------------------------------------------------------------------------------------------

    def split(self, values: Sequence[object]) -> tuple[list[Fields], Replies, Sequence[object]]:
        """Return the columns' fields, their answers, and the values of the boxes, from those of `inputs`."""
        cut = 1 + MOST * WIDTH
        rows = fields(values[:cut])
        kept, none = values[cut], [None] * MOST
        replies: Replies = [*kept, *none] if isinstance(kept, list) else list(none)
        return rows, replies[: len(rows)], values[cut + 1 :]

    def laid(
        self,
        rows: Sequence[Fields],
        replies: Replies,
        boxes: Sequence[object],
        owner: str,
        lang: str,
        put: Mapping[str, str] | None = None,
        before: Mapping[str, object] | None = None,
    ) -> Updates:
        """Return the updates of `outputs` for columns `rows` with their answers; `put` are new values of variables.

        A proposal belongs to the column that stood there: it goes. `before` (column_draft.before) can be brought back.
        """
        count = len(rows)
        padded = [*rows, *(empty(n) for n in range(count, MOST))]
        models = self._models(lang, [str(row["model"] or "") for row in padded])
        choices = self.strategies.choices(owner, lang)
        frames = [gr.Column(visible=n // 2 < count) for n in range(2 * MOST)]
        parts = [part for row in padded for part in self._fields(row, models)]
        heads: list[object] = []
        for n, row in enumerate(padded):
            reply = replies[n] if n < len(replies) else None
            shown = Reply.from_json(reply) if reply else None
            name = _strategy(row)
            heads += [
                head(n, count, lang),
                gr.Dropdown(choices=choices, value=chosen(name, choices)),
                self.strategies.about(name, lang),
                reply_view.answer(shown, LETTERS[n], lang),
            ]
        whole = (list(replies), dots(count, lang), before, gr.Button(visible=seen(before is not None)))
        around = self.seen(rows, boxes, owner, lang, put)
        return (*frames, count, *parts, *heads, *(["", None] * MOST), *whole, *around)

    def seen(
        self,
        rows: Sequence[Fields],
        boxes: Sequence[object],
        owner: str,
        lang: str,
        put: Mapping[str, str] | None = None,
    ) -> Updates:
        """Return the updates of `around`."""
        lints = [findings(self.lint(row), written(row), lang) for row in rows]
        lints += [""] * (MOST - len(rows))
        names = variable_boxes.wanted(rows)
        held = variable_boxes.filled(boxes) | dict(put or {})
        shown = variable_boxes.show(names, held, boxes[0], lang, put=bool(put))
        draft = column_draft.kept(rows, held, owner)
        head = variables_head(bool(names), lang, long=draft is None)
        return (*lints, self._differ(rows, lang), head, *shown, gr.skip() if draft is None else draft)

    def lint(self, row: Fields) -> list[Finding]:
        """Return what the golden rules say of a column's prompt."""
        if not written(row):
            return []
        return lint(prompt_of(row), schema=bool(str(row["schema"] or "").strip()))

    def models(self, lang: str, wanted: Sequence[object]) -> list[gr.Dropdown]:
        """Return the updates of the models to choose from, one a column."""
        choices = self._models(lang, [str(name or "") for name in wanted])
        return [gr.Dropdown(choices=choices) for _ in range(MOST)]

    def _models(self, lang: str, wanted: Sequence[str]) -> list[tuple[str, str]]:
        catalogue = self._services.catalogue
        here = [(one.title, one.name) for one in catalogue.entries("llm") if catalogue.installed(one.name)]
        known = {name for _, name in here}
        missing = [(name, name) for name in sorted({*wanted} - known - {""})]  # asked, it says where to get it
        return [(say(lang, "play.model_in_use"), ""), *here, *missing]

    def _fields(self, row: Fields, models: list[tuple[str, str]]) -> list[object]:
        found = updates(row, FIELDS)
        found[FIELDS.index("model")] = gr.Dropdown(choices=models, value=str(row["model"] or ""))
        return found

    def _differ(self, rows: Sequence[Fields], lang: str) -> str:
        if not any(written(row) for row in rows):
            return ""
        values = [len(rows), *(row[name] for row in rows for name in FIELDS)]
        values += [None] * ((MOST - len(rows)) * WIDTH)
        try:
            return differ_line(differences(self._named(read(values, lang))), lang)
        except AulaError as error:  # half-written: it is said here, where it can be put right
            return str(Markup('<p class="aula-error" role="status">{}</p>').format(error.text(lang)))

    @property
    def in_use(self) -> str:
        """Return the name of the model in use, empty where there is none."""
        return self._services.engine.status().model or ""

    def _named(self, columns: Sequence[Column]) -> list[Column]:
        """Return the columns with the model in use by its name, so that it does not differ from itself."""
        return [replace(column, model=column.model or self.in_use) for column in columns]


def _strategy(row: Fields) -> str:
    """Return what a column came from."""
    kept = row["kept"] if isinstance(row["kept"], Mapping) else {}
    return str(kept.get("strategy") or "")


def head(number: int, count: int, lang: str) -> str:
    """Return a column's letter and what can be done with it as a whole."""
    letter = LETTERS[number]
    actions = button(say(lang, "play.use"), "chat", label=say(lang, "play.use_name", letter=letter), kind="small")
    targets = [(LETTERS[n], str(n)) for n in range(count) if n != number]
    copies = Markup("").join(
        button(name, "copy", to, label=say(lang, "play.copy_name", letter=letter, other=name), kind="small")
        for name, to in targets
    )
    if count < MOST:
        label = say(lang, "play.copy_new_name", letter=letter)
        copies += button(say(lang, "play.copy_new"), "copy", str(count), label=label, kind="small")
    actions += Markup(
        '<details class="aula-copy"><summary>{}</summary><span class="aula-actions">{}</span></details>'
    ).format(say(lang, "play.copy"), copies)
    if count > LEAST:
        name = say(lang, "play.remove_name", letter=letter)
        actions += button(say(lang, "play.remove"), "remove", label=name, kind="small quiet")
    return str(
        Markup('<header class="aula-col-head"><h3>{}</h3><div class="aula-actions">{}</div></header>').format(
            say(lang, "play.column", letter=letter), actions
        )
    )


def dots(count: int, lang: str) -> str:
    """Return the dots that stand for the columns where only one fits on the screen."""
    buttons = Markup("").join(
        Markup('<button type="button" class="aula-dot" data-go="{}" aria-label="{}">{}</button>').format(
            n, say(lang, "play.go_to", letter=LETTERS[n]), LETTERS[n]
        )
        for n in range(count)
    )
    return str(Markup('<nav aria-label="{}">{}</nav>').format(say(lang, "play.columns"), buttons))


def variables_head(some: bool, lang: str, long: bool = False) -> str:
    """Return what stands over the shared boxes, or how to get one; `long`: too much for the browser to keep."""
    caption = Markup('<p class="aula-caption">{}</p>')
    note = caption.format(say(lang, "play.draft_long")) if long else Markup("")
    if not some:
        return str(caption.format(say(lang, "play.variables_none")) + note)
    head = Markup("<h3>{}</h3>").format(say(lang, "play.variables"))
    return str(head + caption.format(say(lang, "play.variables_info")) + note)
