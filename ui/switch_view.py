"""How far another embedding model has come in taking over, as HTML; it decides and changes nothing."""

from __future__ import annotations

from markupsafe import Markup

from rag.switching import Switch
from ui.components import button, percent, progress_bar, time_left
from ui.texts import grouped, say


def progress(switch: Switch, lang: str) -> Markup:
    """Return the passages done so far with a bar, or why it stopped, and what goes on meanwhile."""
    if switch.error is not None:
        return Markup('<span class="aula-error" role="alert">{}</span>').format(switch.error.text(lang))
    key = "models.switch_paused" if switch.state == "paused" else "models.switching"
    text = say(lang, key, done=grouped(switch.done, lang), total=grouped(switch.total, lang))
    if switch.total:
        text = f"{percent(switch.done, switch.total, lang)} · {text}"
    if switch.eta_s is not None and switch.state == "running":
        text += f" · {time_left(switch.eta_s, lang)}"
    bar = progress_bar(switch.done, switch.total, text)
    note = say(lang, "models.switch_note")
    return Markup('<span class="aula-meta">{}</span>{}<span class="aula-note-plain">{}</span>').format(text, bar, note)


def actions(switch: Switch, title: str, lang: str) -> Markup:
    """Return the buttons: pause or go on, and leave it."""
    if switch.state == "running":
        label = say(lang, "models.switch_pause", title=title)
        first = button(say(lang, "docs.pause"), "switch-pause", switch.name, kind="small", label=label)
    else:
        label = say(lang, "models.switch_resume", title=title)
        first = button(say(lang, "docs.resume"), "switch-resume", switch.name, kind="small", label=label)
    label = say(lang, "models.switch_cancel", title=title)
    return first + button(say(lang, "common.cancel"), "switch-cancel", switch.name, kind="small quiet", label=label)
