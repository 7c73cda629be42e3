"""The Library tab: saved strategies and experiments, their versions, and the runs so far. It runs nothing itself."""

from __future__ import annotations

import json
import re
from typing import cast

import gradio as gr
from markupsafe import Markup

from prompts.column import Column
from prompts.experiment import Experiment
from prompts.runs.saved import Item
from prompts.runs.store import RunRecord
from prompts.services import Services
from rag.errors import ExperimentInvalid
from ui import carriers, saved_view
from ui.components import Keywords, Running, action_list, clicked, guarded, language, owner_of
from ui.outcomes import share
from ui.play_state import Shared, columns_packet, test_packet
from ui.run_opened import opened
from ui.run_summaries import of_done
from ui.texts import say, static
from ui.uploads import Uploaded, take_over

_LARGEST = 20_000_000  # bytes of a file that is taken in
_ALL = ""  # the choice that stands for every tag
Updates = tuple[object, ...]


class SavedTab:
    """Its components and callbacks."""

    def __init__(self, services: Services, running: Running, shared: Shared) -> None:
        """Use the lower layers; nothing is laid out yet."""
        del running  # nothing here keeps anybody waiting
        self._saved = services.saved
        self._runs = services.runs
        self._store = services.run_store
        self._shared = shared

    def layout(self) -> None:
        """Lay out the tab."""
        gr.Markdown(static("saved.title"), elem_classes=["aula-heading"])
        self.tag = gr.Dropdown(
            [(str(static("saved.all_tags")), _ALL)],
            value=_ALL,
            label=static("saved.tag"),
            visible=False,
            elem_id="aula-saved-tag",
        )
        self.list = action_list("aula-saved")
        with gr.Accordion(static("saved.take_in"), open=False, elem_id="aula-saved-take"):
            self.upload = gr.File(
                label=static("saved.file"),
                file_count="multiple",
                height=120,
                type="filepath",
                elem_id="aula-saved-file",
            )
        gr.Markdown(static("saved.history"), elem_classes=["aula-heading"])
        self.history = action_list("aula-history")
        self.versions = carriers.shower("aula-saved-versions")
        self.saver = carriers.saver("aula-saved-saver")

    def wire(self, blocks: gr.Blocks) -> None:
        """Connect the callbacks. Choices are not preprocessed: a tag may be gone by the time it is chosen."""
        del blocks  # what is here is only looked up once the tab is opened
        tabs = cast(gr.Tabs, self._shared.tabs)
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private", "preprocess": False}
        held = [self.tag, self.list, self.history]
        gr.on([*opened(tabs, "library"), self.tag.input], self.look, self.tag, held, **quiet)
        made = [self._shared.incoming, self._shared.incoming_test, tabs, self.versions, self.saver]
        gr.on([self.list.click, self.versions.click], self.manage, None, made, **quiet).then(
            self.look, self.tag, held, **quiet
        )
        told = [self._shared.run, self._shared.incoming_test, tabs]
        self.history.click(self.manage_run, None, told, **quiet).then(self.look, self.tag, held, **quiet)
        self.upload.upload(self.take_in, self.upload, self.upload, **quiet).then(self.look, self.tag, held, **quiet)

    # -- what is shown -----------------------------------------------------------------------------------------------

    @guarded
    def look(self, request: gr.Request, tag: object) -> Updates:
        """Show what is saved under a tag, and the runs."""
        owner, lang = owner_of(request), language(request)
        tags = self._saved.tags(owner)
        tag = tag if tag in tags else _ALL
        choices = [(say(lang, "saved.all_tags"), _ALL), *((one, one) for one in tags)]
        found = self._saved.list(owner, tag=str(tag) or None)
        runs = [
            (run, self._runs.progress(owner, run.id).done, self._line(run, lang)) for run in self._store.list(owner)
        ]
        return (
            gr.Dropdown(choices=choices, value=tag, visible=bool(tags)),
            str(saved_view.items(found, bool(tag), lang)),
            str(saved_view.history(runs, lang)),
        )

    def _line(self, run: RunRecord, lang: str) -> str:
        """Return a run's verdict in a line; empty while it is not done, or where nothing was checked."""
        if run.state != "done":
            return ""
        found = of_done(self._store, run)
        parts = [f"{column.label} {share(column.accuracy, lang)}" for column in found.columns if column.n]
        return " · ".join([*parts, *(pair.verdict.text(lang) for pair in found.pairs[:1])])

    # -- what is done with what is saved -----------------------------------------------------------------------------

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Open, rename, tag, duplicate, share or delete something saved, or go back to one of its versions."""
        owner, lang = owner_of(request), language(request)
        do, key, value = clicked(event)
        nothing: list[object] = [gr.skip() for _ in range(5)]
        if do == "open":
            return self._opened(self._saved.get(owner, key))
        if do == "share":
            item = self._saved.get(owner, key)
            text = json.dumps(self._saved.export(owner, key), ensure_ascii=False, indent=2)
            nothing[4] = carriers.file(f"{file_name(item.name)}.json", "application/json", text)
        elif do in ("versions", "difference", "restore"):
            nothing[3] = self._versions(owner, do, key, lang)
        elif do == "rename":
            self._saved.rename(owner, key, value)
        elif do == "tag":
            self._saved.tag(owner, key, [tag.strip() for tag in value.split(",")])
        elif do == "duplicate":
            self._saved.duplicate(owner, key)
        elif do == "delete":
            self._saved.delete(owner, key)
        return tuple(nothing)

    def _opened(self, item: Item) -> Updates:
        """Return what puts an item into the tab where it is worked with."""
        if item.kind == "strategy":
            packet = columns_packet([Column.from_json(item.content)])
            return (packet, gr.skip(), gr.Tabs(selected="compare"), gr.skip(), gr.skip())
        packet = test_packet(Experiment.from_json(item.content))
        return (gr.skip(), packet, gr.Tabs(selected="test"), gr.skip(), gr.skip())

    def _versions(self, owner: str, do: str, key: str, lang: str) -> str:
        """Return the dialog with the versions, after going back to one where that was asked for."""
        key, _, number = key.partition(":")
        version = int(number) if number.isdecimal() else 0
        if do == "restore":
            self._saved.restore(owner, key, version)
        old = self._saved.get(owner, key, version) if do == "difference" else None
        item = self._saved.get(owner, key)
        return carriers.dialog(saved_view.versions(item, self._saved.versions(owner, key), old, lang))

    @guarded
    def take_in(self, request: gr.Request, files: Uploaded) -> None:
        """Save what shared files hold."""
        owner, lang = owner_of(request), language(request)
        with take_over(files) as uploads:
            for path, name in uploads:
                if path.stat().st_size > _LARGEST:
                    raise ExperimentInvalid(where=name, wanted="< 20 MB")
                item = self._saved.import_(owner, read_shared(path.read_bytes(), name))
                told = str(Markup.escape(say(lang, "saved.taken_in", name=item.name)))
                gr.Info(told, title=say(lang, "notice.title"), duration=4)

    # -- what is done with a run -------------------------------------------------------------------------------------

    @guarded
    def manage_run(self, request: gr.Request, event: gr.EventData) -> Updates:
        """Open, rename, replay or delete a run, or set its experiment up again."""
        owner = owner_of(request)
        do, key, value = clicked(event)
        if do == "open":
            return (self._store.get(owner, key).id, gr.skip(), gr.Tabs(selected="results"))
        if do == "replay":
            return (self._runs.replay(owner, key), gr.skip(), gr.Tabs(selected="results"))
        if do == "test":
            return (gr.skip(), test_packet(self._store.get(owner, key).experiment), gr.Tabs(selected="test"))
        if do == "rename":
            self._store.rename(owner, key, value)
        elif do == "delete":
            self._runs.delete(owner, key)
        return (gr.skip(), gr.skip(), gr.skip())


def read_shared(data: bytes, name: str) -> object:
    """Return the JSON of a shared file. Raises ExperimentInvalid."""
    try:
        found: object = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ExperimentInvalid(where=name, wanted='{"kind": "experiment", …}') from error
    return found


def file_name(name: str) -> str:
    """Return a name that every system takes as a file's, without what it may not hold."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")[:60] or "aula"
