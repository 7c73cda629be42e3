"""The Test set tab: cases, checks, repeats and seed, and the button that runs them over all columns.

The table is the truth of what is tested; a run is handed to prompts.runs.background and looked at in the Results tab.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import gradio as gr
from markupsafe import Markup

from prompts.column import Column
from prompts.experiment import Experiment, Row
from prompts.services import Services
from prompts.tables.combine import crossed, zipped
from prompts.tables.reader import Table, from_rows, parse_pasted
from rag.errors import AulaError, RowEmpty
from ui import check_editor, test_draft, test_files, test_held, test_table, test_view
from ui.components import Keywords, Running, clicked, guarded, language, owner_of
from ui.play_state import Shared, columns_packet
from ui.run_pace import Paces
from ui.test_held import EMPTY, Held
from ui.test_layout import VARIABLE, TestLayout
from ui.texts import count, say
from ui.uploads import take_over

_HELD = 5  # how many components make up the test set
Updates = tuple[object, ...]


class TestTab:
    """Its components and callbacks."""

    def __init__(self, services: Services, _running: Running, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet. A browser reads what it keeps outside of folded tabs only."""
        self.draft = gr.BrowserState(None, storage_key="aula_test_set", secret="aula")  # noqa: S106 - no secret
        self._runs = services.runs
        self._saved = services.saved
        self._shared = shared
        self._paces = Paces(services.run_store)

    def layout(self) -> None:
        """Lay out the tab."""
        self.parts = TestLayout()

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks. All of them read the columns, since what is asked for depends on them."""
        parts, shared = self.parts, self._shared
        tabs = cast(gr.Tabs, shared.tabs)
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        held, columns = parts.held, shared.column_inputs
        whole = [*held, *columns]
        looked = [parts.own, *whole]
        looks = [parts.missing, parts.checks, parts.plan, parts.table, parts.own, self.draft]

        shared.opened.change(self.begin, None, [parts.intro, parts.editor.kind], **quiet)
        # As one types, only the last state of the table matters.
        changed = [one.change for one in (parts.table, parts.kept, parts.repeats, parts.seed, parts.name)]
        gr.on(
            [*changed, tabs.change, shared.arrived.change],
            self.look,
            looked,
            looks,
            trigger_mode="always_last",
            **quiet,
        )
        before = [self.draft, shared.incoming_test, *held]
        blocks.load(self.restore, before, [*held, parts.own], **quiet).then(self.look, looked, looks, **quiet)

        sources = [parts.replace, *held]
        parts.upload.upload(self.take_file, [parts.upload, *sources], [parts.upload, *held, shared.incoming], **quiet)
        parts.take.click(self.take_pasted, [parts.pasted, *sources], [parts.pasted, *held], **quiet)
        parts.combine.click(self.take_lists, [parts.lists, parts.how, *sources], held, **quiet)
        shared.incoming_test.change(self.arrive, shared.incoming_test, [*held, shared.incoming], **quiet)
        shared.new_row.change(self.arrive_row, [shared.new_row, *held], held, **quiet)

        parts.table.select(self.select, None, parts.selected, **quiet)
        parts.add_row.click(self.add_row, held, held, **quiet)
        parts.remove_row.click(self.remove_row, [parts.selected, *held], held, **quiet)
        gr.on(
            [parts.add_variable.click, parts.variable.submit],
            self.add_variable,
            [parts.variable, *held],
            [parts.variable, parts.table],
            **quiet,
        )
        parts.clear.click(self.clear, columns, held, **quiet)

        editor = parts.editor
        editor.kind.change(self.fit, editor.kind, [editor.value, editor.threshold], **quiet)
        asked = [editor.scope, parts.selected, *editor.inputs, *whole]
        editor.add.click(self.add_check, asked, [*held, parts.selected], **quiet)
        parts.checks.click(self.remove_check, whole, parts.kept, **quiet)

        parts.run.click(self.run, whole, [shared.run, tabs], **quiet)
        parts.save.click(self.save, [parts.tags, *whole], None, **quiet)
        parts.csv.click(self.as_csv, held, parts.saver, **quiet)
        parts.promptfoo.click(self.as_promptfoo, whole, parts.saver, **quiet)

    # -- what is shown -----------------------------------------------------------------------------------------------

    @guarded
    def begin(self, request: gr.Request) -> Updates:
        """Say what a test set is, and name the kinds of checks in the page's language."""
        lang = language(request)
        intro = Markup("<p>{}</p>").format(say(lang, "test.intro"))
        return (str(intro), gr.Dropdown(choices=check_editor.choices(lang)))

    @guarded
    def restore(self, request: gr.Request, draft: object, packet: object, *values: object) -> Updates:
        """Put back what this browser kept, unless something else has come by then."""
        own = test_table.blank([VARIABLE])["headers"]
        held = test_draft.read(draft, owner_of(request))
        if held is None or packet or test_held.read(values).rows:
            return (*_same(), own)
        return (*self._filled(held), own)

    @guarded
    def look(self, request: gr.Request, own: Sequence[str] | None, *values: object) -> Updates:
        """Show checks, what is missing, and what a run would be; an empty table gets the columns' variables.

        The browser keeps what there is. Before it was asked for what it kept (`own` is None), nothing happens.
        """
        lang, nothing = language(request), gr.skip()
        if own is None:
            return (nothing,) * 6
        try:
            columns = self._columns(values, lang)
            held = test_held.read(values[:_HELD])
        except AulaError as error:
            said = str(Markup('<p class="aula-error">{}</p>').format(error.text(lang)))
            return (said, nothing, "", nothing, nothing, nothing)
        checks = str(test_view.checks(held.common(columns), held.checks is None, held.rows, lang))
        grid = None
        if columns and not held.rows:
            grid, own = test_table.for_variables(values[0], test_held.variables(columns), own)
        draft = test_draft.of(held, owner_of(request))
        said, plan = test_view.told(held, columns, lambda: self._paces.seconds(owner_of(request)), lang)
        if draft == test_draft.TOO_LARGE:
            said += Markup('<p class="aula-note">{}</p>').format(say(lang, "test.draft_large"))
        return (str(said), checks, str(plan), grid or nothing, own, draft)

    def _columns(self, values: Sequence[object], lang: str) -> tuple[Column, ...]:
        return self._shared.read_columns(values[_HELD:], lang)

    # -- cases from elsewhere ----------------------------------------------------------------------------------------

    @guarded
    def take_file(self, request: gr.Request, file: str | None, replaces: bool, *values: object) -> Updates:
        """Take in a file with cases, or a whole experiment with its columns."""
        if not file:
            return tuple(gr.skip() for _ in range(2 + _HELD))
        with take_over([{"path": file}]) as uploads:
            found = test_files.taken(uploads[0][1], uploads[0][0].read_bytes())
        if isinstance(found, Experiment):
            _tell(count(language(request), "test.taken", len(found.rows)), request)
            return (None, *test_held.of(found), _with_columns(found))
        return (None, *self._more(found, replaces, values, request), gr.skip())

    @guarded
    def take_pasted(self, request: gr.Request, text: str, replaces: bool, *values: object) -> Updates:
        """Take in what was pasted, and empty the box."""
        return ("", *self._more(parse_pasted(text), replaces, values, request))

    @guarded
    def take_lists(self, request: gr.Request, text: str, how: str, replaces: bool, *values: object) -> Updates:
        """Make rows of lists of values, side by side or each with each, labelled by what differs."""
        rows = (zipped if how == "zipped" else crossed)(test_files.lists(text))
        return self._more(from_rows(rows), replaces, values, request) if rows else _same()

    def _more(self, table: Table, replaces: bool, values: Sequence[object], request: gr.Request) -> Updates:
        """Put a table below what there is, or in its place."""
        held = test_held.read(values)
        whole = table if replaces or not held.rows else test_table.joined(held.table, table)
        rows = test_table.rows_of(whole, held.rows)
        _tell(count(language(request), "test.taken", len(table.rows)), request)
        return self._rows(replace(held, rows=rows, table=whole))

    @guarded
    def arrive(self, packet: Mapping[str, Any] | None) -> Updates:
        """Take in an experiment from another tab."""
        if not packet:
            return (*_same(), gr.skip())
        experiment = Experiment.from_json(packet["experiment"])
        return (*test_held.of(experiment), _with_columns(experiment))

    @guarded
    def arrive_row(self, packet: Mapping[str, Any] | None, *values: object) -> Updates:
        """Take in one more row from another tab."""
        if not packet:
            return _same()
        held = test_held.read(values)
        rows = (*held.rows, Row({name: str(value) for name, value in packet["values"].items()}))
        return self._rows(replace(held, rows=rows))

    # -- the table ---------------------------------------------------------------------------------------------------

    def select(self, event: gr.SelectData) -> int:
        """Remember the row that was last gone to."""
        return int(event.index[0]) if isinstance(event.index, (list, tuple)) else 0

    @guarded
    def add_row(self, *values: object) -> Updates:
        """Add an empty row at the end."""
        return (test_table.with_row(values[0]), *_same()[1:])

    @guarded
    def remove_row(self, selected: int, *values: object) -> Updates:
        """Take out the row that was last gone to."""
        return (test_table.without_row(values[0], selected), *_same()[1:])

    @guarded
    def add_variable(self, name: str, *values: object) -> Updates:
        """Add a column to the table, before what is expected."""
        return ("", test_table.with_variable(values[0], name))

    @guarded
    def clear(self, request: gr.Request, *columns: object) -> Updates:
        """Begin with an empty table for the columns' variables."""
        found = self._shared.read_columns(columns, language(request))
        return (test_table.blank(test_held.variables(found)), dict(EMPTY), 1, 0, "")

    def _filled(self, held: Held) -> Updates:
        """Return what all the components are to hold."""
        return (*self._rows(held)[:2], held.repeats, held.seed, held.name)

    def _rows(self, held: Held) -> Updates:
        """Return new rows for the table; what is being typed in the other boxes meanwhile stays."""
        return (test_table.show(held.rows, held.table.columns), held.kept(), *_same()[2:])

    # -- checks ------------------------------------------------------------------------------------------------------

    @guarded
    def fit(self, request: gr.Request, kind: str) -> Updates:
        """Show what the chosen kind of check wants."""
        return check_editor.fitting(kind, language(request))

    @guarded
    def add_check(self, request: gr.Request, scope: str, selected: int, *values: object) -> Updates:
        """Add the check of the editor, for all rows or for the one that was last gone to. Raises RowEmpty."""
        check, values = check_editor.read(*values[:4]), values[4:]
        held = test_held.read(values[:_HELD])
        if scope != "row":
            common = held.common(self._columns(values, language(request)))
            return (gr.skip(), replace(held, checks=(*common, check)).kept(), *_same()[2:], gr.skip())
        at = test_table.line_of(values[0], selected)  # the table's empty lines are no rows
        if at is None:
            raise RowEmpty(row=selected + 1)
        rows = [replace(row, checks=(*row.checks, check)) if n == at else row for n, row in enumerate(held.rows)]
        return (*self._rows(replace(held, rows=tuple(rows))), at)

    @guarded
    def remove_check(self, request: gr.Request, event: gr.EventData, *values: object) -> object:
        """Take out one of the checks for all rows."""
        do, key, _ = clicked(event)
        if do != "remove" or not key.isdecimal():
            return gr.skip()
        held = test_held.read(values[:_HELD])
        common = held.common(self._columns(values, language(request)))
        return replace(held, checks=tuple(check for n, check in enumerate(common) if n != int(key))).kept()

    # -- run, keep, take away ----------------------------------------------------------------------------------------

    @guarded
    def run(self, request: gr.Request, *values: object) -> Updates:
        """Start the run and go to where it is looked at."""
        experiment = test_held.read(values[:_HELD]).ready(self._columns(values, language(request)))
        return (self._runs.start(owner_of(request), experiment, experiment.name), gr.Tabs(selected="results"))

    @guarded
    def save(self, request: gr.Request, tags: str, *values: object) -> None:
        """Keep columns and test set in the library: as a new version, where there is an experiment of that name."""
        owner, lang = owner_of(request), language(request)
        experiment = self._experiment(values, lang)
        name = experiment.name or " | ".join(column.label for column in experiment.columns)
        same = next((one for one in self._saved.list(owner, "experiment") if one.name == name), None)
        given = [tag.strip() for tag in tags.split(",") if tag.strip()]
        key, tagged = (same.key, same.tags) if same else (None, ())
        item = self._saved.save(owner, "experiment", name, experiment.to_json(), given or tagged, key)
        _tell(say(lang, "test.saved", name=item.name, n=item.version), request)

    @guarded
    def as_csv(self, *values: object) -> str:
        """Give the table as a file."""
        return test_files.as_csv(test_held.read(values).rows)

    @guarded
    def as_promptfoo(self, request: gr.Request, *values: object) -> str:
        """Give columns and test set as promptfoo's file."""
        return test_files.as_promptfoo(self._experiment(values, language(request)))

    def _experiment(self, values: Sequence[object], lang: str) -> Experiment:
        return test_held.read(values[:_HELD]).experiment(self._columns(values, lang))


def _with_columns(experiment: Experiment) -> object:
    """Return what puts an experiment's columns, with its first row's values, into the Compare tab."""
    return columns_packet(experiment.columns, dict(experiment.rows[0].values))


def _same() -> Updates:
    return tuple(gr.skip() for _ in range(_HELD))


def _tell(text: str, request: gr.Request) -> None:
    gr.Info(str(Markup.escape(text)), title=say(language(request), "notice.title"), duration=4)
