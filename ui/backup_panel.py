"""The backup on the Documents tab: make one and take it away, check one and put it back. It packs nothing itself."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime
from typing import TypeVar

import gradio as gr

from prompts.services import Services
from rag.backup import make
from rag.backup_check import check
from rag.backup_manifest import Manifest
from rag.errors import AulaError, Cancelled, RestoreBusy
from rag.restoring import restore_live
from ui.backup_view import chooser, idle, made, ready, restored, taking, users, working
from ui.components import Keywords, Running, action_list, apology, clicked, guarded, language
from ui.handover import Handover
from ui.texts import say

T = TypeVar("T")
Step = Callable[[int, int], None]
Task = Callable[[Step, threading.Event], T]
_LOOK_S = 0.4
_BEGINS_S = 10.0  # as long a browser may take to follow a link
_LONGEST_NAME = 200  # characters of a file's name

# The file that was chosen is sent when Python has named a place for it; the page's own parts are Gradio's.
_SCRIPT = """
let chosen = null, sending = null;
const tell = (what, key, value) => trigger('click', {do: what, id: key || '', value: value || ''});
element.addEventListener('change', event => {
  chosen = event.target.files?.[0] ?? null;
  if (chosen) tell('offer', '', chosen.name);
});
element.addEventListener('click', event => {
  if (event.target.closest('[data-reload]')) location.reload();
  const link = event.target.closest('[data-take]');
  if (link) setTimeout(() => tell('take', link.dataset.take), 500);  // once the browser has followed it
  if (event.target.closest('[data-do="stop"]')) sending?.abort();
});
watch('value', () => {
  const place = element.querySelector('[data-put]');
  if (!place || !chosen) return;
  const file = chosen, bar = place.querySelector('progress');
  chosen = null;
  sending = new XMLHttpRequest();
  sending.upload.onprogress = sent => { if (bar && sent.total) bar.value = 100 * sent.loaded / sent.total; };
  sending.onloadend = () => tell(sending.status === 204 ? 'arrived' : 'unsent', place.dataset.key, file.name);
  sending.open('PUT', place.dataset.put);
  sending.send(file);
});
"""


class BackupPanel:
    """Its component and callbacks. Where people log in, it only says how it is done on the machine."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._services = services
        self._handover = Handover(services.settings.backup_dir)
        self._running = Running()
        self._checked: dict[str, Manifest] = {}  # by the token of what was handed over
        self._long = {"make": self._make, "take": self._take, "arrived": self._check, "restore": self._restore}

    def layout(self) -> None:
        """Lay out the panel."""
        self.panel = action_list("aula-backup", _SCRIPT)

    def wire(self) -> None:
        """Connect the callbacks; what is shown first is filled when the page is loaded."""
        quiet: Keywords = {"show_progress": "hidden", "api_visibility": "private"}
        gr.on(None, self.show, None, self.panel, **quiet)
        self.panel.click(self.act, None, self.panel, trigger_mode="multiple", **quiet)

    @guarded
    def show(self, request: gr.Request) -> str:
        """Show what can be done."""
        lang = language(request)
        return users(lang) if request.username else idle(lang)

    @guarded
    def act(self, request: gr.Request, event: gr.EventData) -> Iterator[object]:
        """Do what was clicked, showing how far it is."""
        lang = language(request)
        do, token, value = clicked(event)
        if request.username:
            yield users(lang)
        elif do == "stop":
            self._running.stop(request.session_hash)
            yield gr.skip()
        elif do == "offer":
            name = value[:_LONGEST_NAME]
            yield chooser(self._handover.expect(name), name, lang)
        elif do in self._long:
            yield from self._told(self._long[do](token, lang, request.session_hash), token, lang)
        else:
            self._discard(token)
            yield idle(lang, alert=say(lang, "backup.not_sent") if do == "unsent" else "")

    def _told(self, work: Iterator[object], token: str, lang: str) -> Iterator[object]:
        """Show what went wrong in the panel itself: nobody may be looking when a long work ends."""
        try:
            yield from work
        except Cancelled:
            yield idle(lang, say(lang, "backup.stopped"))
        except AulaError as error:
            yield idle(lang, alert=error.text(lang))
        except Exception as error:
            yield idle(lang, alert=str(apology(error, lang).message))
        else:
            return
        self._discard(token)

    def _discard(self, token: str) -> None:
        self._handover.discard(token)
        self._checked.pop(token, None)

    def _make(self, _token: str, lang: str, session: str | None) -> Iterator[object]:
        settings, now = self._services.settings, datetime.now(UTC).astimezone()
        settings.backup_dir.mkdir(parents=True, exist_ok=True)
        target = settings.backup_dir / f"{uuid.uuid4().hex}.zip"
        try:
            yield from self._worked(
                lambda step, cancel: make(settings, target, step, cancel), say(lang, "backup.making"), lang, session
            )
            size = target.stat().st_size
            yield made(self._handover.give(target, f"aula-{now:%Y-%m-%d-%H%M}.zip"), size, lang)
        finally:
            target.unlink(missing_ok=True)

    def _take(self, token: str, lang: str, _session: str | None) -> Iterator[object]:
        """Say that it is being downloaded until its last byte has been sent; one that broke off is offered again."""
        began = time.monotonic()
        while (state := self._handover.state(token)) == "going" or (
            state == "waiting" and time.monotonic() - began < _BEGINS_S
        ):
            yield taking(token, lang)
            time.sleep(_LOOK_S)
        if state == "waiting":
            yield made(token, self._handover.size(token), lang, say(lang, "backup.broke_off"))
            return
        self._discard(token)
        yield idle(lang, say(lang, "backup.taken")) if state == "sent" else idle(lang)

    def _check(self, token: str, lang: str, session: str | None) -> Iterator[object]:
        path, name = self._handover.arrived(token), self._handover.called(token)
        manifest = yield from self._worked(
            lambda step, cancel: check(path, self._kept(token, step), cancel, name),
            say(lang, "backup.checking", name=name),
            lang,
            session,
        )
        self._checked[token] = manifest
        yield ready(token, name, manifest, lang)

    def _kept(self, token: str, step: Step) -> Step:
        """Return a step that also lets the file wait on."""

        def kept(done: int, total: int) -> None:
            self._handover.keep(token)
            step(done, total)

        return kept

    def _restore(self, token: str, lang: str, session: str | None) -> Iterator[object]:
        path, name = self._handover.arrived(token), self._handover.called(token)

        def put_back(step: Step, cancel: threading.Event) -> Manifest:
            busy, kept = self._services.engine.answering, self._kept(token, step)
            manifest = restore_live(self._services, path, busy, kept, cancel, name)
            self._discard(token)
            return manifest

        try:
            yield from self._worked(put_back, say(lang, "backup.restoring", name=name), lang, session)
        except RestoreBusy as busy:  # the file is good, and need not be sent again
            if token not in self._checked:
                raise
            self._handover.keep(token)
            yield ready(token, name, self._checked[token], lang, busy.text(lang))
        else:
            yield restored(lang)

    def _worked(self, task: Task[T], what: str, lang: str, session: str | None) -> Generator[object, None, T]:
        """Do `task` in a thread and show how far it is; it is ended when the page is closed. Raises what it raises."""
        at = (0, 0)

        def step(done: int, total: int) -> None:
            nonlocal at
            at = (done, total)

        with self._running.event(session) as cancel, ThreadPoolExecutor(1, "aula-backup") as worker:
            future = worker.submit(task, step, cancel)
            try:
                while not wait([future], timeout=_LOOK_S).done:
                    yield working(what, *at, lang)
            finally:
                cancel.set()  # before the executor waits for its thread
            return future.result()
