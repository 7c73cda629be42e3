"""What stands above the tabs: the model in use and what is being fetched; and the notices of the Chat tab."""

from __future__ import annotations

from markupsafe import Markup

from rag.downloads import Download
from rag.engine import EngineStatus
from ui.components import button, percent, progress_bar, time_left
from ui.texts import say

BRAND = "<h1>Aula</h1>"
LANGUAGES = (  # which one is current shows by the page's own lang attribute; see style.css and page.js
    '<nav class="aula-languages"><a href="?lang=es" hreflang="es" lang="es" title="Español">ES</a>'
    '<a href="?lang=en" hreflang="en" lang="en" title="English">EN</a></nav>'
)


def status_line(status: EngineStatus, lang: str) -> str:
    """Return the model in use, its state, and each download with its bar, time left and cancel."""
    key = status.state if status.state in ("ready", "loading", "failed") else "none"
    if key == "loading" and not status.title:
        key = "none"
    shown = say(lang, f"header.{key}", title=status.title)
    parts = [Markup('<span class="aula-state {}">{}</span>').format(key, shown)]
    if status.embedding_state == "loading":
        parts.append(Markup('<span class="aula-state loading">{}</span>').format(say(lang, "header.embedding_loading")))
    elif status.embedding_state == "failed":
        parts.append(Markup('<span class="aula-state failed">{}</span>').format(say(lang, "header.embedding_failed")))
    parts += [_download(download, lang) for download in running(status)]
    return str(Markup('<div class="aula-status" role="status">{}</div>').format(Markup("").join(parts)))


def running(status: EngineStatus) -> list[Download]:
    """Return the downloads that are on their way."""
    return [download for download in status.downloads if download.state == "running"]


def busy(status: EngineStatus) -> bool:
    """Tell whether the header will change by itself soon."""
    moving = {status.state, status.embedding_state} & {"none", "loading"}  # none: the engine has not begun yet
    changing = status.switch is not None and status.switch.state == "running"
    return bool(running(status) or moving or changing)


def _download(download: Download, lang: str) -> Markup:
    so_far = percent(download.done, download.total, lang)
    text = say(lang, "header.downloading", title=download.title, percent=so_far)
    if download.eta_s is not None:
        text += " · " + time_left(download.eta_s, lang)
    stop = button(say(lang, "common.cancel"), "cancel", download.name, label=say(lang, "header.cancel"), kind="small")
    bar = progress_bar(download.done, download.total, text)
    return Markup('<span class="aula-download">{} {} {}</span>').format(text, bar, stop)


def notices(status: EngineStatus, documents: int, lang: str) -> str:
    """Return the cards above the conversation: the next step of someone who begins, and what the model cannot do."""
    parts = []
    if documents == 0:
        parts.append(_empty(lang))
    if status.is_starter:
        parts.append(_starter(status, lang))
    elif status.state in ("none", "failed") and not running(status):
        text = status.error.text(lang) if status.error else say(lang, "notice.no_model")
        parts.append(_card(Markup("<p>{}</p>").format(text), button(say(lang, "notice.models"), "models")))
    return str(Markup("").join(parts))


def _empty(lang: str) -> Markup:
    text = Markup("<h2>{}</h2><p>{}</p>").format(say(lang, "notice.empty_title"), say(lang, "notice.empty"))
    add = button(say(lang, "notice.add"), "documents", kind="primary")
    return _card(text, add + button(say(lang, "notice.samples"), "samples"))


def _starter(status: EngineStatus, lang: str) -> Markup:
    text = Markup("<p>{}").format(say(lang, "notice.starter"))
    coming = next((download for download in running(status) if download.name == status.awaited), None)
    if coming is not None:
        so_far = percent(coming.done, coming.total, lang)
        text += " " + Markup.escape(say(lang, "notice.starter_coming", title=coming.title, percent=so_far))
        return _card(text + Markup("</p>"), Markup(""))
    text += " " + Markup.escape(say(lang, "notice.starter_choose")) + Markup("</p>")
    return _card(text, button(say(lang, "notice.models"), "models"))


def _card(text: Markup, actions: Markup) -> Markup:
    row = Markup('<div class="aula-actions">{}</div>').format(actions) if actions else Markup("")
    return Markup('<aside class="aula-card"><div>{}</div>{}</aside>').format(text, row)
