"""What the backup panel shows, as HTML. It knows no file and no callback."""

from __future__ import annotations

from markupsafe import Markup

from rag.backup_manifest import Manifest
from ui.components import button, percent, progress_bar, size
from ui.handover import MINUTES, PREFIX
from ui.texts import count, grouped, say


def idle(lang: str, said: str = "", alert: str = "") -> str:
    """Return what can be done; `said` is how the last thing ended, `alert` why it failed."""
    choose = Markup(
        '<label class="aula-button">{}<input type="file" accept=".zip" id="aula-backup-file"></label>'
    ).format(say(lang, "backup.choose"))
    actions = Markup('<div class="aula-actions">{}{}</div>').format(button(say(lang, "backup.make"), "make"), choose)
    return _panel(lang, _alert(alert) + _said(said) + actions)


def users(lang: str) -> str:
    """Return how it is done where several people have documents here."""
    commands = [f"python -m rag.backup {what} FILE" for what in ("make", "check", "restore")]
    listed = Markup("").join(Markup("<code>{}</code><br>").format(command) for command in commands)
    return _panel(lang, Markup('<p class="aula-caption">{}<br>{}</p>').format(say(lang, "backup.users"), listed))


def working(what: str, done: int, total: int, lang: str) -> str:
    """Return how far the work is, and what stops it."""
    figures = f"{what} · {percent(done, total, lang)}" if total else what
    return _panel(
        lang,
        Markup('<p role="status">{}</p>{}{}').format(figures, progress_bar(done, total, what), _stop(lang)),
    )


def chooser(token: str, name: str, lang: str) -> str:
    """Return the place that the panel's script sends the chosen file to."""
    what = say(lang, "backup.sending", name=name)
    return _panel(
        lang,
        Markup('<div data-put="{}" data-key="{}"><p role="status">{}</p>{}</div>{}').format(
            PREFIX + token, token, what, progress_bar(0, 1, what), _stop(lang)
        ),
    )


def made(token: str, count_: int, lang: str, alert: str = "") -> str:
    """Return the link to a backup of so many bytes, which serves once; `alert`: why it is there again."""
    told = say(lang, "backup.made", size=size(count_, lang), n=MINUTES)
    link = Markup('<a class="aula-button primary" href="{}" download data-take="{}">{}</a>').format(
        PREFIX + token, token, say(lang, "backup.download")
    )
    drop = button(say(lang, "backup.discard"), "discard", token, kind="quiet")
    return _panel(lang, _alert(alert) + _said(told) + Markup('<div class="aula-actions">{}{}</div>').format(link, drop))


def taking(token: str, lang: str) -> str:
    """Return that the browser is fetching it."""
    drop = button(say(lang, "common.cancel"), "discard", token, kind="small")
    return _panel(lang, _said(say(lang, "backup.taking")) + Markup("<p>{}</p>").format(drop))


def ready(token: str, name: str, manifest: Manifest, lang: str, alert: str = "") -> str:
    """Return what a backup holds that was checked, and the question; `alert`: why it was not put back just now."""
    facts = say(
        lang,
        "backup.found",
        name=name,
        created=manifest.created[:16].replace("T", " "),
        documents=count(lang, "backup.documents", manifest.documents),
        conversations=count(lang, "backup.conversations", manifest.conversations),
    )
    lost = say(lang, "backup.lost", n=grouped(manifest.lost, lang)) if manifest.lost else ""
    restore = button(
        say(lang, "backup.restore"),
        "restore",
        token,
        ask=say(lang, "backup.restore_ask"),
        cancel=say(lang, "common.cancel"),
        kind="primary",
    )
    drop = button(say(lang, "backup.discard"), "discard", token, kind="quiet")
    note = Markup('<p class="aula-note">{}</p>').format(lost) if lost else Markup("")
    return _panel(
        lang, _alert(alert) + _said(facts) + note + Markup('<div class="aula-actions">{}{}</div>').format(restore, drop)
    )


def restored(lang: str) -> str:
    """Return that it is done: what the page holds besides the lists is still of before."""
    again = Markup('<button type="button" class="aula-button primary" data-reload>{}</button>').format(
        say(lang, "backup.reload")
    )
    return _panel(lang, _said(say(lang, "backup.restored")) + again)


def _panel(lang: str, inside: Markup) -> str:
    return str(
        Markup('<section aria-label="{}"><p class="aula-caption">{}</p>{}</section>').format(
            say(lang, "backup.title"), say(lang, "backup.about"), inside
        )
    )


def _said(text: str) -> Markup:
    return Markup('<p role="status">{}</p>').format(text) if text else Markup("")


def _alert(text: str) -> Markup:
    return Markup('<p class="aula-error" role="alert">{}</p>').format(text) if text else Markup("")


def _stop(lang: str) -> Markup:
    return Markup("<p>{}</p>").format(button(say(lang, "common.cancel"), "stop", kind="small"))
