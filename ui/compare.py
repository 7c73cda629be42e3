"""The Compare tab: ways of asking side by side, over one shared input. It lays out, and edits what lies on the desk.

What runs the columns is compare_run.py, what improves a prompt improving.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gradio as gr
from markupsafe import Markup, escape

from prompts.column import Column
from prompts.services import Services
from ui import column_draft
from ui.column_editor import LEAST, LETTERS, MOST, PROMPT, SHOT_BOXES, ColumnEditor, Fields, column_of, read, written
from ui.column_filling import empty, put, put_prompt, updates
from ui.compare_run import RunPanel
from ui.components import Keywords, Running, action_list, clicked, guarded, language, owner_of
from ui.desk import Desk, Replies
from ui.improving import Improving
from ui.lab.opening import in_answer, of_reply
from ui.lint_view import key_of
from ui.play_state import Shared, chat_packet
from ui.strategy_choices import SAVED_KIND
from ui.texts import say, static
from ui.variable_boxes import filled

Updates = tuple[object, ...]

# Typing is followed at a distance, so that the page answers to words and not to letters; Ctrl+Enter runs.
_FOLLOW = """
const root = element.closest('#aula-compare');
if (root) {
  root.aulaTyped = () => trigger('click', {});
  if (!root.dataset.followed) {
    root.dataset.followed = 'yes';
    let due = 0;
    root.addEventListener('input', event => {
      if (!event.target.closest('.aula-play-col, #aula-variables')) return;
      clearTimeout(due);
      due = setTimeout(() => root.aulaTyped(), 350);
    });
    root.addEventListener('keydown', event => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setTimeout(() => root.querySelector('#aula-play-run')?.click(), 0);
    });
  }
}
"""


class CompareTab:
    """Its components and callbacks."""

    def __init__(self, services: Services, running: Running, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._services = services
        self._shared = shared
        self.desk = Desk(services)
        self.run = RunPanel(services, running, self.desk)
        self.improving = Improving(services, running, self.desk)

    # -- layout ------------------------------------------------------------------------------------------------

    def layout(self) -> None:
        """Lay out the tab and tell the other tabs where the columns are."""
        with gr.Column(elem_id="aula-compare"):
            self.typed = gr.HTML("", js_on_load=_FOLLOW, padding=False, apply_default_css=False, elem_id="aula-typed")
            self.note = action_list("aula-play-note")
            self.desk.layout_columns()
            self.add = gr.Button(static("play.add"), size="sm", elem_id="aula-play-add")
            self.desk.layout_variables()
            self.run.layout()
            self.desk.layout_answers()
            self.run.layout_diff()
        self._shared.column_inputs = self.desk.columns
        self._shared.read_columns = read

    # -- wiring ------------------------------------------------------------------------------------------------

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks."""
        desk = self.desk
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        chosen = [editor.chooser for editor in desk.editors]
        listed = [*chosen, *(editor.parts["model"] for editor in desk.editors), self.note]
        models: list[gr.components.Component] = [editor.parts["model"] for editor in desk.editors]
        arriving = [self._shared.incoming, self._shared.arrived, desk.draft, *desk.inputs]
        gr.on(
            [self._shared.opened.change, self._shared.incoming.change],
            self.arrive,
            arriving,
            [self._shared.arrived, *desk.outputs],
            trigger_mode="always_last",  # one after the other: the second finds what the first has put there
            **quiet,
        ).then(self.listed, models, listed, **quiet)
        touched = [self.typed.click, *(trigger for editor in desk.editors for trigger in _choices_of(editor))]
        gr.on(touched, self.follow, desk.inputs, desk.around, queue=False, trigger_mode="always_last", **quiet)
        self.add.click(self.added, desk.inputs, desk.outputs, **quiet)
        desk.undo.click(self.undone, [desk.before, *desk.inputs], desk.outputs, **quiet)
        for editor in desk.editors:
            self._wire_column(editor, listed, quiet)
        self.run.wire(blocks, self._shared.opened)
        self.improving.wire(blocks)

    def _wire_column(self, editor: ColumnEditor, listed: list[gr.components.Component], quiet: Keywords) -> None:
        desk = self.desk
        own = [editor.which, *desk.inputs]
        editor.chooser.input(self.choose, [editor.chooser, *own], desk.outputs, **quiet)
        editor.head.click(self.arrange, own, desk.outputs, **quiet)
        editor.head.click(self.to_chat, own, self._shared.to_chat, **quiet)
        editor.answer.click(self.to_steps, [editor.which, desk.replies], self._shared.to_steps, **quiet)
        prompt = [editor.parts[name] for name in PROMPT]
        editor.lint.click(self.fix, own, [*prompt, *desk.around], **quiet)
        shots = [editor.parts[name] for name in SHOT_BOXES]
        editor.more.click(self.one_more_shot, shots, shots, **quiet)
        saving = [editor.which, editor.name, editor.tags, *desk.columns]
        models = [one.parts["model"] for one in desk.editors]
        editor.save.click(self.save, saving, editor.name, **quiet).success(self.listed, models, listed, **quiet)

    # -- callbacks ---------------------------------------------------------------------------------------------

    @guarded
    def arrive(self, request: gr.Request, packet: object, arrived: object, draft: object, *values: object) -> Updates:
        """Show the desk as it was left, or the first two strategies on a new one; then put in what was sent.

        `arrived` is the nonce of what was put in last, "" for nothing, None before the desk was shown at all. What
        another tab or the chat sends may have no columns: only values of variables.
        """
        lang, owner = language(request), owner_of(request)
        nonce = str(packet.get("nonce", "")) if isinstance(packet, Mapping) else ""
        if arrived is not None and nonce in ("", arrived):
            return tuple(gr.skip() for _ in range(1 + len(self.desk.outputs)))
        rows, replies, boxes = self.desk.split(values)
        put_in: dict[str, str] = {}
        if arrived is None:
            rows, put_in = self._first(rows, draft, owner, lang)
        if not isinstance(packet, Mapping) or nonce in ("", arrived):
            return (str(arrived or ""), *self.desk.laid(rows, replies, boxes, owner, lang, put_in))
        before = column_draft.before(rows, replies, {**filled(boxes), **put_in})
        columns = [put(Column.from_json(one, n)) for n, one in enumerate(packet.get("columns") or [], 1)]
        if len(columns) > MOST:
            gr.Warning(say(lang, "play.first_four", n=str(len(columns))), title=say(lang, "notice.title"))
        if columns:
            rows, replies = column_draft.taken_in(rows, replies, columns[:MOST])
            self._overtaken(request)
        put_in |= {str(name): str(text) for name, text in (packet.get("values") or {}).items()}
        return (nonce, *self.desk.laid(rows, replies, boxes, owner, lang, put_in, before))

    def _first(self, rows: list[Fields], draft: object, owner: str, lang: str) -> tuple[list[Fields], dict[str, str]]:
        """Return the columns to begin with and the values of their variables: the draft, what is there, or new ones."""
        found = column_draft.found(draft, owner)  # first: the page may have lost columns that the draft still has
        if found:
            return found
        if any(written(row) for row in rows):
            return rows, {}
        first = self.desk.strategies.choices(owner, lang)[:LEAST]
        picked = [self.desk.strategies.pick(value, owner, lang) for _, value in first]
        values = {name: text for one in reversed(picked) for name, text in one.values.items()}
        return [put(one.columns[0]) for one in picked], values

    @guarded
    def listed(self, request: gr.Request, *models: object) -> Updates:
        """List the strategies and models to choose from, and what of a person's own could not be read."""
        lang, owner = language(request), owner_of(request)
        choices = self.desk.strategies.choices(owner, lang)
        problems = "\n".join(self.desk.strategies.problems(lang))
        lists = [gr.Dropdown(choices=choices) for _ in range(MOST)]
        return (*lists, *self.desk.models(lang, models), note(problems))

    @guarded
    def follow(self, request: gr.Request, *values: object) -> Updates:
        """Show what the golden rules say of what was typed, in what the columns differ, and the variables."""
        rows, _, boxes = self.desk.split(values)
        return self.desk.seen(rows, boxes, owner_of(request), language(request))

    @guarded
    def choose(self, request: gr.Request, value: object, which: int, *values: object) -> Updates:
        """Fill a column with a strategy, or two with the pair of a golden rule."""
        lang, owner = language(request), owner_of(request)
        rows, replies, boxes = self.desk.split(values)
        picked = self.desk.strategies.pick(str(value or ""), owner, lang)
        before = column_draft.before(rows, replies, filled(boxes))
        first = min(which, len(rows) - len(picked.columns))
        for n, column in enumerate(picked.columns, first):
            rows[n], replies[n] = put(column), None
        self._overtaken(request)
        return self.desk.laid(rows, replies, boxes, owner, lang, picked.values, before)

    @guarded
    def added(self, request: gr.Request, *values: object) -> Updates:
        """Add a column that is a copy of the last one: then one thing can be changed in it."""
        rows, replies, boxes = self.desk.split(values)
        return self._copied(rows, replies, boxes, len(rows) - 1, len(rows), request)

    @guarded
    def arrange(self, request: gr.Request, event: gr.EventData, which: int, *values: object) -> Updates:
        """Copy a column to another one, or take it away."""
        do, key, _ = clicked(event)
        lang, owner = language(request), owner_of(request)
        rows, replies, boxes = self.desk.split(values)
        if do == "copy" and key.isdigit():
            return self._copied(rows, replies, boxes, which, int(key), request)
        if do == "remove" and len(rows) > LEAST and which < len(rows):
            before = column_draft.before(rows, replies, filled(boxes))
            del rows[which], replies[which]
            self._overtaken(request)
            return self.desk.laid(rows, replies, boxes, owner, lang, before=before)
        return tuple(gr.skip() for _ in self.desk.outputs)

    def _copied(
        self, rows: list[Fields], replies: Replies, boxes: Sequence[object], which: int, to: int, request: gr.Request
    ) -> Updates:
        lang, owner = language(request), owner_of(request)
        if to >= MOST or which >= len(rows):
            raise gr.Error(say(lang, "play.no_more"), title=say(lang, "error.title"), print_exception=False)
        before = column_draft.before(rows, replies, filled(boxes)) if to < len(rows) else None
        if to >= len(rows):
            rows.append(empty(len(rows)))
            replies.append(None)
            to = len(rows) - 1
        rows[to], replies[to] = {**rows[which], "label": _copy_of(rows, which, to)}, None
        self._overtaken(request)
        return self.desk.laid(rows, replies, boxes, owner, lang, before=before)

    def _overtaken(self, request: gr.Request) -> None:
        """End what was asked of columns that stand elsewhere now, or nowhere."""
        self.run.overtaken(request)
        self.improving.end(request)

    @guarded
    def undone(self, request: gr.Request, before: object, *values: object) -> Updates:
        """Bring back what stood here; once more, and it is as it was."""
        if not isinstance(before, Mapping):
            return tuple(gr.skip() for _ in self.desk.outputs)
        rows, replies, boxes = self.desk.split(values)
        now = column_draft.before(rows, replies, filled(boxes))
        self._overtaken(request)
        return self.desk.laid(
            before["rows"], before["replies"], boxes, owner_of(request), language(request), before["values"], now
        )

    @guarded
    def fix(self, request: gr.Request, event: gr.EventData, which: int, *values: object) -> Updates:
        """Apply the fix of a finding."""
        _, key, _ = clicked(event)
        rows, _, boxes = self.desk.split(values)
        found = [one for one in self.desk.lint(rows[which]) if key_of(one) == key and one.fixed is not None]
        if not found or found[0].fixed is None:
            return tuple(gr.skip() for _ in range(len(PROMPT) + len(self.desk.around)))
        rows[which] |= put_prompt(found[0].fixed, rows[which]["kept"])
        return (*updates(rows[which], PROMPT), *self.desk.seen(rows, boxes, owner_of(request), language(request)))

    @guarded
    def one_more_shot(self, request: gr.Request, *texts: object) -> list[object]:
        """Show the boxes of one more example."""
        del request
        return updates(dict(zip(SHOT_BOXES, texts, strict=True)), SHOT_BOXES, more=1)

    @guarded
    def save(self, request: gr.Request, which: int, name: object, tags: object, *values: object) -> str:
        """Keep a column in the person's library."""
        lang = language(request)
        column = read(values, lang)[which]
        title = str(name or "").strip() or column.label
        split = [tag.strip() for tag in str(tags or "").split(",")]
        self._services.saved.save(owner_of(request), SAVED_KIND, title, column.to_json(), [tag for tag in split if tag])
        gr.Info(saved(title, lang), title=say(lang, "notice.title"))
        return ""

    @guarded
    def to_chat(self, request: gr.Request, event: gr.EventData, which: int, *values: object) -> object:
        """Hand a column to the chat, with what the boxes hold."""
        if clicked(event)[0] != "chat":
            return gr.skip()
        del request
        rows, _, boxes = self.desk.split(values)
        return chat_packet(column_of(rows[which], which), filled(boxes), self.desk.in_use)

    @guarded
    def to_steps(self, request: gr.Request, which: int, replies: object) -> object:
        """Hand a column's answer to the Lab."""
        return of_reply(in_answer(replies, which), say(language(request), "play.answer_of", letter=LETTERS[which]))


def _choices_of(editor: ColumnEditor) -> list[object]:
    """Return the events of what is chosen rather than typed."""
    return [editor.parts[name].input for name in ("model", "retrieval", "parse")]  # type: ignore[attr-defined]


def _copy_of(rows: Sequence[Fields], which: int, to: int) -> str:
    label = str(rows[which]["label"] or LETTERS[which])
    return f"{label.removesuffix(f' ({LETTERS[which]})')} ({LETTERS[to]})"


def saved(name: str, lang: str) -> str:
    """Return the notice that something is in the library; Gradio takes it as HTML."""
    return str(escape(say(lang, "play.saved", name=name)))


def note(text: str) -> str:
    """Return a note over the columns, or nothing."""
    return str(Markup('<p class="aula-error">{}</p>').format(text)) if text else ""
