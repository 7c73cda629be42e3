"""The components of the Test set tab, laid out from the cases down to the button that runs them; they do nothing."""

from __future__ import annotations

import gradio as gr

from prompts.experiment import MOST_REPEATS
from ui import carriers
from ui.check_editor import CheckEditor
from ui.components import action_list, block
from ui.test_table import blank
from ui.texts import static

VARIABLE = "question"  # the first column of an empty table


class TestLayout:
    """The components. `held` are those that make up the test set, in the order of ui.test_held.Held."""

    def __init__(self) -> None:
        """Lay the tab out in the current block."""
        # What the table has no words for: {"rows": [...], "checks": [...] or None: Aula chooses}.
        self.kept = gr.State({"rows": [], "checks": None})
        self.selected = gr.State(0)
        # The headers that Aula gave the table last: others are somebody's. None until what the browser keeps is read.
        self.own = gr.State(None)
        self.intro = block("", "aula-test-intro")
        self._sources()
        self._table()
        self.missing = block("", "aula-test-missing")
        self.checks = action_list("aula-test-checks")
        with gr.Accordion(static("test.add_check"), open=False, elem_id="aula-test-check"):
            self.editor = CheckEditor()
        self._running()
        self._files()
        self.saver = carriers.saver("aula-test-saver")

    def _sources(self) -> None:
        with gr.Accordion(static("test.bring"), open=False, elem_id="aula-test-bring"):
            self.upload = gr.File(label=static("test.file"), height=130, type="filepath", elem_id="aula-test-file")
            self.pasted = gr.Textbox(
                label=static("test.paste"),
                info=static("test.paste_info"),
                lines=3,
                max_lines=12,
                elem_id="aula-test-paste",
            )
            self.take = gr.Button(static("test.take"), size="md", scale=0, elem_id="aula-test-take")
        with gr.Accordion(static("test.combine"), open=False, elem_id="aula-test-combine"):
            self.lists = gr.Textbox(
                label=static("test.lists"),
                info=static("test.lists_info"),
                placeholder="city: Lugo | Soria\nyear: 1900 | 2000",
                lines=3,
                max_lines=12,
                elem_id="aula-test-lists",
            )
            self.how = gr.Radio(
                [(str(static("test.crossed")), "crossed"), (str(static("test.zipped")), "zipped")],
                value="crossed",
                label=static("test.how"),
                elem_id="aula-test-how",
            )
            self.combine = gr.Button(static("test.make_rows"), size="md", scale=0, elem_id="aula-test-make")
        self.replace = gr.Checkbox(
            False, label=static("test.replace"), info=static("test.replace_info"), elem_id="aula-test-replace"
        )

    def _table(self) -> None:
        self.table = gr.Dataframe(
            blank([VARIABLE]),
            label=static("test.table"),
            type="pandas",
            datatype="str",
            wrap=True,
            interactive=True,
            buttons=[],
            show_row_numbers=True,
            max_height=420,
            elem_id="aula-test-table",
        )
        with gr.Row(elem_id="aula-test-edit"):
            self.add_row = gr.Button(static("test.add_row"), size="md", scale=0, elem_id="aula-test-add-row")
            self.remove_row = gr.Button(static("test.remove_row"), size="md", scale=0, elem_id="aula-test-remove-row")
            self.variable = gr.Textbox(
                label=static("test.variable"), max_length=60, scale=0, min_width=180, elem_id="aula-test-variable"
            )
            self.add_variable = gr.Button(
                static("test.add_variable"), size="md", scale=0, elem_id="aula-test-add-variable"
            )
            self.clear = gr.Button(static("test.clear"), size="md", scale=0, elem_id="aula-test-clear")

    def _running(self) -> None:
        with gr.Row(elem_id="aula-test-numbers"):
            self.repeats = gr.Number(
                1,
                label=static("test.repeats"),
                info=static("test.repeats_info"),
                minimum=1,
                maximum=MOST_REPEATS,
                step=1,
                precision=0,
                elem_id="aula-test-repeats",
            )
            self.seed = gr.Number(
                0,
                label=static("test.seed"),
                info=static("test.seed_info"),
                minimum=0,
                step=1,
                precision=0,
                elem_id="aula-test-seed",
            )
            self.name = gr.Textbox(
                label=static("test.name"), info=static("test.name_info"), max_length=120, elem_id="aula-test-name"
            )
        self.plan = block("", "aula-test-plan")
        self.run = gr.Button(static("test.run"), variant="primary", size="lg", scale=0, elem_id="aula-test-run")

    def _files(self) -> None:
        with gr.Accordion(static("test.keep"), open=False, elem_id="aula-test-keep"):
            self.tags = gr.Textbox(label=static("saved.tags"), info=static("saved.tags_ask"), elem_id="aula-test-tags")
            with gr.Row():
                self.save = gr.Button(static("test.save"), size="md", scale=0, elem_id="aula-test-save")
                self.csv = gr.Button(static("test.as_csv"), size="md", scale=0, elem_id="aula-test-csv")
                self.promptfoo = gr.Button(
                    static("test.as_promptfoo"), size="md", scale=0, elem_id="aula-test-promptfoo"
                )

    @property
    def held(self) -> list[gr.components.Component]:
        """Return what makes up the test set."""
        return [self.table, self.kept, self.repeats, self.seed, self.name]
