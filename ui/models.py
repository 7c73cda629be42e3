"""The Models tab: what is here, what can be had, downloads, and which one answers. It fetches nothing itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

import gradio as gr
from markupsafe import Markup

from rag.downloads import Download
from rag.engine import EngineStatus
from rag.models import Entry
from rag.services import Services
from ui import switch_view
from ui.components import action_list, block, button, clicked, guarded, language, percent, progress_bar, size, time_left
from ui.texts import grouped, say, static, table


class ModelsTab:
    """Its components and callbacks."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._engine = services.engine
        self._catalogue = services.catalogue
        self._folder = services.settings.models_dir

    def layout(self) -> None:
        """Lay out the tab."""
        self.list = action_list("aula-models")
        with gr.Row(elem_id="aula-hub", equal_height=False):
            self.hub = gr.Textbox(
                label=static("models.hub"),
                info=static("models.hub_info"),
                placeholder=static("models.hub_hint"),
                max_lines=1,
                max_length=300,
                scale=1,
                elem_id="aula-hub-name",
            )
            self.fetch = gr.Button(static("models.download"), scale=0, min_width=120, elem_id="aula-hub-fetch")
        self.where = block("", "aula-folder")

    def show(self, lang: str) -> str:
        """Return the lists of models."""
        status = self._engine.status()
        downloads = {download.name: download for download in status.downloads}
        known = {entry.name for entry in self._catalogue.entries()}
        typed = [row for row in status.downloads if row.name not in known and (row.error or row.state == "running")]
        sections = [Markup('<ul class="aula-rows">{}</ul>').format(_join(_typed(row, lang) for row in typed))]
        if status.model and status.error is not None:  # a switch that failed while another model goes on answering
            sections.append(Markup('<p class="aula-error" role="alert">{}</p>').format(status.error.text(lang)))
        for kind in ("llm", "embedding"):
            entries = self._catalogue.entries("llm" if kind == "llm" else "embedding")
            entries.sort(key=lambda entry: not self._catalogue.installed(entry.name))
            rows = Markup("").join(self._row(entry, status, downloads.get(entry.name), lang) for entry in entries)
            title = say(lang, "models.chat_models" if kind == "llm" else "models.embedding_models")
            note = Markup("") if kind == "llm" else Markup("<p>{}</p>").format(say(lang, "models.embedding_note"))
            sections.append(
                Markup('<section><h3>{}</h3>{}<ul class="aula-rows">{}</ul></section>').format(title, note, rows)
            )
        return str(Markup("").join(sections))

    def folder(self, lang: str) -> str:
        """Return the sentence on putting a file into the folder by hand."""
        look = say(lang, "models.folder")
        return str(Markup('<p class="aula-caption">{}<br><code>{}</code></p>').format(look, self._folder))

    def _row(self, entry: Entry, status: EngineStatus, download: Download | None, lang: str) -> Markup:
        running = download is not None and download.state == "running"
        meta = [size(entry.bytes, lang)]
        if entry.licence:
            meta.append(say(lang, "models.licence", name=entry.licence))
        if entry.languages:
            words = table(lang)
            meta.append(", ".join(words.get(f"lang.{tongue}", tongue) for tongue in entry.languages))
        if entry.context:
            meta.append(say(lang, "models.context", n=grouped(entry.context, lang)))
        note = entry.note.get(lang) or entry.note.get("en") or ""
        body = Markup('<span class="aula-name">{}</span> {}<span class="aula-meta">{}</span>').format(
            entry.title, self._mark(entry, status, lang), " · ".join(meta)
        )
        if note:
            body += Markup('<span class="aula-note-plain">{}</span>').format(note)
        if download is not None:
            body += _outcome(download, lang)
        if status.switch is not None and status.switch.name == entry.name:
            body += switch_view.progress(status.switch, lang)
        return Markup(
            '<li class="aula-row" data-model="{}"><div class="aula-row-main">{}</div>'
            '<div class="aula-actions">{}</div></li>'
        ).format(entry.name, body, self._actions(entry, status, running, lang))

    def _mark(self, entry: Entry, status: EngineStatus, lang: str) -> Markup:
        if entry.name == status.model or (entry.name == status.embedding and status.embedding_state == "ready"):
            key = "in_use"
        elif entry.name == status.loading or (entry.name == status.embedding and status.embedding_state == "loading"):
            key = "loading"
        elif self._catalogue.installed(entry.name):
            key = "installed"
        else:
            return Markup("")
        return Markup('<span class="aula-mark {}">{}</span>').format(key, say(lang, f"models.{key}"))

    def _actions(self, entry: Entry, status: EngineStatus, running: bool, lang: str) -> Markup:
        if running:
            label = say(lang, "header.cancel")
            return button(say(lang, "common.cancel"), "cancel", entry.name, kind="small", label=label)
        if not self._catalogue.installed(entry.name):
            label = say(lang, "models.download_name", title=entry.title, size=size(entry.bytes, lang))
            return button(say(lang, "models.download"), "download", entry.name, kind="small", label=label)
        if status.switch is not None and status.switch.name == entry.name:
            return switch_view.actions(status.switch, entry.title, lang)
        label = say(lang, "models.verify_name", title=entry.title)
        actions = button(say(lang, "models.verify"), "verify", entry.name, kind="small quiet", label=label)
        serving = (status.model, status.loading) if entry.kind == "llm" else (status.embedding,)
        if entry.name not in serving:
            label = say(lang, "models.use_name", title=entry.title)
            actions = button(say(lang, "models.use"), "use", entry.name, kind="small primary", label=label) + actions
        return actions

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData) -> None:
        """Use, download, cancel or check a model of the list."""
        lang = language(request)
        do, name, _ = clicked(event)
        if do == "use":
            self._engine.use(name)
        elif do == "download":
            self._engine.pull(name)
        elif do == "cancel":
            self._engine.cancel_download(name)
        elif do.startswith("switch-"):
            self._change(do)
        elif do == "verify":
            title = self._catalogue.entry(name).title
            good = self._catalogue.verify(name)
            text = str(Markup.escape(say(lang, "models.verified" if good else "models.not_verified", title=title)))
            (gr.Info if good else gr.Warning)(text, title=say(lang, "notice.title" if good else "error.title"))

    def _change(self, do: str) -> None:
        """Pause, resume or cancel the change to another embedding model."""
        if do == "switch-pause":
            self._engine.switching.pause()
        elif do == "switch-resume":
            self._engine.switching.resume()
        elif do == "switch-cancel":
            self._engine.switching.cancel()

    @guarded
    def fetch_typed(self, request: gr.Request, typed: str) -> str:
        """Download a model that is named by its place on the hub."""
        del request
        name = typed.strip()
        if not name:
            return typed
        self._engine.pull(name if re.match(r"(?i)hub:|https?:", name) else f"hub:{name}")
        return ""


def _typed(download: Download, lang: str) -> Markup:
    """Return the row of a model that was named by hand and is not on the list yet."""
    body = Markup('<span class="aula-name">{}</span> {}').format(download.title, _outcome(download, lang))
    stop = Markup("")
    if download.state == "running":
        label = say(lang, "header.cancel")
        stop = button(say(lang, "common.cancel"), "cancel", download.name, kind="small", label=label)
    return Markup(
        '<li class="aula-row" data-model="{}"><div class="aula-row-main">{}</div>'
        '<div class="aula-actions">{}</div></li>'
    ).format(download.name, body, stop)


def _outcome(download: Download, lang: str) -> Markup:
    if download.state == "running":
        return _progress(download, lang)
    if download.error is None:
        return Markup("")
    return Markup('<span class="aula-error" role="alert">{}</span>').format(download.error.text(lang))


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _progress(download: Download, lang: str) -> Markup:
    done = say(lang, "models.progress", done=size(max(download.done, 1), lang), total=size(download.total, lang))
    text = f"{percent(download.done, download.total, lang)} · {done}"
    if download.eta_s is not None:
        text += f" · {time_left(download.eta_s, lang)}"
    bar = progress_bar(download.done, download.total, text)
    return Markup('<span class="aula-meta">{}</span>{}').format(text, bar)
