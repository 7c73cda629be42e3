"""The buttons of a row of the Documents tab, by what they do; what a press comes to is in ui/documents.py."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from ui.components import button
from ui.document_states import Row
from ui.texts import say

_PASSWORD = Markup(' data-write="" data-secret')


def _see(row: Row, opened: bool, lang: str) -> Markup:
    """Return the button that opens the viewer; see ui/viewer.py."""
    del opened
    written = row.unit != "page"  # it has no pictures
    label = say(lang, "docs.see_text_name" if written else "docs.see_pages_name", name=row.name)
    return Markup(
        '<button type="button" class="aula-button small" data-cite data-document="{}" data-page="1" data-spans=""'
        ' aria-label="{}" title="{}">{}</button>'
    ).format(row.key, label, label, say(lang, "docs.see_text" if written else "docs.see_pages"))


def _ledger(row: Row, opened: bool, lang: str) -> Markup:
    return Markup(
        '<button type="button" class="aula-button small" data-do="ledger" data-id="{}" aria-expanded="{}"'
        ' aria-label="{}" title="{}">{}</button>'
    ).format(
        row.key,
        "true" if opened else "false",
        *(say(lang, "docs.ledger_name", name=row.name),) * 2,
        say(lang, "docs.ledger"),
    )


def _plain(do: str) -> Callable[[Row, bool, str], Markup]:
    """Return the button of what is done at once; a job's own buttons name the job, the others the row."""

    def made(row: Row, opened: bool, lang: str) -> Markup:
        del opened
        key = row.job.id if row.job is not None and do != "retry" else row.key
        return button(say(lang, f"docs.{do}"), do, key, label=say(lang, f"docs.{do}_name", name=row.name), kind="small")

    return made


def _unlock(row: Row, opened: bool, lang: str) -> Markup:
    del opened
    return _asking("unlock", row.job.id if row.job else row.key, row.name, _PASSWORD, "small primary", lang)


def _move(row: Row, opened: bool, lang: str) -> Markup:
    del opened
    chosen = Markup(' data-choose="{}"').format(row.shelf[0] if row.shelf else "")
    return _asking("move", row.key, row.name, chosen, "small", lang)


def _asking(do: str, key: str, name: str, more: Markup, kind: str, lang: str) -> Markup:
    """Return a button whose dialog asks for more than a yes: a password, or one of the list's choices."""
    label = say(lang, f"docs.{do}_name", name=name)
    return Markup(
        '<button type="button" class="aula-button {}" data-do="{}" data-id="{}" aria-label="{}" title="{}"'
        ' data-ask="{}" data-ok="{}" data-cancel="{}"{}>{}</button>'
    ).format(
        kind,
        do,
        key,
        label,
        label,
        say(lang, f"docs.{do}_ask", name=name),
        say(lang, f"docs.{do}_ok"),
        say(lang, "common.cancel"),
        more,
        say(lang, f"docs.{do}"),
    )


def _cancel(row: Row, opened: bool, lang: str) -> Markup:
    del opened
    kept = row.document is not None and row.document.status == "locked"  # pages of it, of which its job knows nothing
    begun = row.job is not None and row.job.kind != "cut" and (row.job.read > 0 or kept)
    text = say(lang, "common.cancel")
    return button(
        text,
        "cancel",
        row.job.id if row.job else row.key,
        label=say(lang, "docs.cancel", name=row.name),
        ask=say(lang, "docs.cancel_ask", name=row.name) if begun else "",
        ok=say(lang, "docs.cancel_ok"),
        cancel=say(lang, "docs.cancel_not"),
        kind="small",
    )


def _delete(row: Row, opened: bool, lang: str) -> Markup:
    del opened
    return button(
        say(lang, "common.delete"),
        "delete",
        row.key,
        label=say(lang, "docs.delete", name=row.name),
        ask=say(lang, "docs.delete_ask", name=row.name),
        ok=say(lang, "common.delete"),
        cancel=say(lang, "common.cancel"),
        kind="small",
    )


BUTTONS: dict[str, Callable[[Row, bool, str], Markup]] = {
    "see": _see,
    "ledger": _ledger,
    "retry": _plain("retry"),
    "unlock": _unlock,
    "pause": _plain("pause"),
    "resume": _plain("resume"),
    "cancel": _cancel,
    "move": _move,
    "delete": _delete,
    "dismiss": _plain("dismiss"),
}
