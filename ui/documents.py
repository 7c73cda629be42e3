"""The Documents tab: files in, their way through the pipeline, what is held. It reads no file itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gradio as gr
from markupsafe import Markup

from rag.jobs import Job
from rag.services import Services
from rag.store import Document
from ui.components import action_list, button, clicked, guarded, language, owner_of, progress_bar, size, time_left
from ui.inspector import InspectorPanel
from ui.texts import count, say, static, table
from ui.uploads import Uploaded, take_over

SAMPLES = Path(__file__).parent.parent / "documents"
_STEPS = ("reading", "splitting", "embedding", "done")
Updates = tuple[object, ...]


class DocumentsTab:
    """Its components and callbacks."""

    def __init__(self, services: Services) -> None:
        """Use the lower layers; nothing is laid out yet."""
        self._library = services.library
        self.inspector = InspectorPanel(services)

    def layout(self) -> None:
        """Lay out the tab."""
        self.upload = gr.File(
            label=static("docs.upload"), file_count="multiple", height=150, elem_id="aula-upload", type="filepath"
        )
        self.samples = gr.Button(static("docs.samples"), elem_id="aula-samples", size="md", scale=0, min_width=80)
        self.jobs = action_list("aula-jobs")
        self.documents = action_list("aula-documents")
        self.inspector.layout()
        self.timer = gr.Timer(0.7, active=False)

    @property
    def outputs(self) -> list[gr.components.Component]:
        """Return what `show` fills."""
        return [self.jobs, self.documents, self.timer]

    # -- what the callbacks of the page call -------------------------------------------------------------------

    def show(self, owner: str, lang: str) -> Updates:
        """Return jobs, documents and whether to look again soon."""
        jobs = self._library.jobs(owner)
        return (
            job_list(jobs, lang),
            document_list(self._library.documents(owner), lang),
            gr.Timer(active=any(not job.ended for job in jobs)),
        )

    def add(self, owner: str, files: Uploaded) -> None:
        """Take uploaded files over; nothing of them stays in the upload cache."""
        with take_over(files) as uploads:
            self._library.add(owner, uploads)

    def add_samples(self, owner: str, lang: str) -> None:
        """Take in the documents that ship with the app."""
        found = sorted(SAMPLES.glob("*.pdf"))
        if not found:
            raise gr.Error(say(lang, "docs.samples_missing"), title=say(lang, "error.title"), print_exception=False)
        self._library.add(owner, [(path, path.name) for path in found])

    @guarded
    def manage(self, request: gr.Request, event: gr.EventData) -> None:
        """Cancel or clear jobs, delete a document."""
        owner = owner_of(request)
        do, key, _ = clicked(event)
        if do == "cancel":
            self._library.cancel(owner, key)
        elif do == "clear":
            self._library.forget(owner, [job.id for job in self._library.jobs(owner)])
        elif do == "delete":
            name = self._library.document(owner, key).name
            self._library.delete(owner, key)
            lang = language(request)
            told = str(Markup.escape(say(lang, "docs.deleted", name=name)))
            gr.Info(told, title=say(lang, "notice.title"), duration=4)


def job_list(jobs: Sequence[Job], lang: str) -> str:
    """Return the uploads of this run: stage, bar, what was found, cancel."""
    if not jobs:
        return ""
    rows = Markup("").join(_job(job, lang) for job in jobs)
    clear = button(say(lang, "docs.clear_jobs"), "clear", kind="small") if any(job.ended for job in jobs) else ""
    return str(
        Markup('<section><header><h3>{}</h3>{}</header><ul class="aula-rows">{}</ul></section>').format(
            say(lang, "docs.jobs"), clear, rows
        )
    )


def _job(job: Job, lang: str) -> Markup:
    failed = job.kind == "cut" and job.stage == "failed"
    stage = say(lang, "docs.stage_failed_cut" if failed else f"docs.stage_{job.stage}")
    facts = _facts(job.pages, job.chunks, job.language, job.unit, lang)
    what = [say(lang, "docs.job_cut")] if job.kind == "cut" else []
    message = say(lang, "docs.duplicate") if job.status == "duplicate" else job.message(lang)
    bar = Markup("")
    stop = Markup("")
    if not job.ended:
        left = f" · {time_left(job.eta_s, lang)}" if job.eta_s else ""
        figures = f" {job.done}/{job.total}" if job.total else ""
        stage = f"{stage}{figures}{left}"
        bar = progress_bar(job.done, job.total, f"{job.name}: {stage}")
        label = say(lang, "docs.cancel", name=job.name)
        stop = button(say(lang, "common.cancel"), "cancel", job.id, label=label, kind="small")
    return Markup(
        '<li class="aula-row {}" data-stage="{}"><div class="aula-row-main"><span class="aula-name">{}</span>'
        '<span class="aula-meta">{}</span>{}{}{}</div>{}</li>'
    ).format(
        job.stage, job.stage, job.name, " · ".join([*what, stage, *facts]), _steps(job, lang), bar, _note(message), stop
    )


def _steps(job: Job, lang: str) -> Markup:
    """Return the four steps, with those behind, the one at hand and those to come marked."""
    if job.stage in ("failed", "cancelled"):
        return Markup("")
    steps = _STEPS[1:] if job.kind == "cut" else _STEPS  # its pages were read long ago
    at = steps.index(job.stage) if job.stage in steps else -1
    items = Markup("").join(
        Markup('<li class="{}">{}</li>').format(
            "past" if n < at or job.stage == "done" else "now" if n == at else "", say(lang, f"docs.step_{step}")
        )
        for n, step in enumerate(steps)
    )
    return Markup('<ol class="aula-steps" aria-label="{}">{}</ol>').format(say(lang, "docs.steps"), items)


def document_list(documents: Sequence[Document], lang: str) -> str:
    """Return what is held: name, size, language, what is amiss, delete."""
    title = Markup("<h3>{}</h3>").format(say(lang, "docs.list"))
    if not documents:
        return str(title + Markup('<p class="aula-empty">{}</p>').format(say(lang, "docs.empty")))
    rows = Markup("").join(_document(document, lang) for document in documents)
    return str(title + Markup('<ul class="aula-rows">{}</ul>').format(rows))


def _document(document: Document, lang: str) -> Markup:
    facts = _facts(document.pages, document.chunks, document.language, document.unit, lang)
    if document.status != "ready":
        facts.insert(0, say(lang, f"docs.status_{document.status}"))
    delete = button(
        say(lang, "common.delete"),
        "delete",
        document.id,
        label=say(lang, "docs.delete", name=document.name),
        ask=say(lang, "docs.delete_ask", name=document.name),
        ok=say(lang, "common.delete"),
        cancel=say(lang, "common.cancel"),
        kind="small",
    )
    meta = " · ".join([*facts, size(document.bytes, lang)])
    actions = Markup('<div class="aula-actions">{}{}</div>').format(_see(document, lang), delete)
    return Markup(
        '<li class="aula-row" data-document="{}"><div class="aula-row-main"><span class="aula-name">{}</span>'
        '<span class="aula-meta">{}</span>{}</div>{}</li>'
    ).format(document.id, document.name, meta, _note(document.message(lang)), actions)


def _see(document: Document, lang: str) -> Markup:
    """Return the button that opens the viewer; see ui/viewer.py."""
    written = document.unit == "section"  # it has no pictures
    label = say(lang, "docs.see_text_name" if written else "docs.see_pages_name", name=document.name)
    return Markup(
        '<button type="button" class="aula-button small" data-cite data-document="{}" data-page="1" data-spans=""'
        ' aria-label="{}" title="{}">{}</button>'
    ).format(document.id, label, label, say(lang, "docs.see_text" if written else "docs.see_pages"))


def _facts(pages: int, chunks: int, tongue: str, unit: str, lang: str) -> list[str]:
    facts = []
    if pages:
        facts.append(count(lang, "docs.sections" if unit == "section" else "docs.pages", pages))
    if chunks:
        facts.append(count(lang, "docs.chunks", chunks))
    if tongue:
        facts.append(table(lang).get(f"lang.{tongue}", tongue))
    return facts


def _note(message: str) -> Markup:
    return Markup('<span class="aula-note">{}</span>').format(message) if message else Markup("")
