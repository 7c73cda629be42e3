"""The list of kept conversations in the sidebar, as HTML. It opens nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.history import Conversation
from ui.components import button
from ui.texts import say

_PEN = Markup(
    '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2 14l.8-3.4L11 2.4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2'
    'L5.4 13.2z" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linejoin="round"/></svg>'
)
_BIN = Markup(
    '<svg viewBox="0 0 16 16" aria-hidden="true"><path d="M2.5 4.2h11M6 4V2.5h4V4M4 4.2l.6 9.3h6.8l.6-9.3M6.6 6.8v4.4'
    'M9.4 6.8v4.4" fill="none" stroke="currentColor" stroke-width="1.3" stroke-linecap="round"/></svg>'
)


def conversation_list(conversations: Sequence[Conversation], current: str, lang: str) -> str:
    """Return the list; `current` is the id of the open one, or empty."""
    if not conversations:
        return str(Markup('<p class="aula-empty">{}</p>').format(say(lang, "sidebar.empty")))
    rows = Markup("").join(_row(conversation, conversation.id == current, lang) for conversation in conversations)
    return str(
        Markup('<ul class="aula-conversations" aria-label="{}">{}</ul>').format(say(lang, "sidebar.title"), rows)
    )


def _row(conversation: Conversation, current: bool, lang: str) -> Markup:
    title = conversation.title
    no = say(lang, "common.cancel")
    rename = button(
        _PEN,
        "rename",
        conversation.id,
        label=say(lang, "sidebar.rename", title=title),
        ask=say(lang, "sidebar.rename_ask"),
        write=title,
        ok=say(lang, "common.save"),
        cancel=no,
        kind="icon",
    )
    delete = button(
        _BIN,
        "delete",
        conversation.id,
        label=say(lang, "sidebar.delete", title=title),
        ask=say(lang, "sidebar.delete_ask", title=title),
        ok=say(lang, "common.delete"),
        cancel=no,
        kind="icon",
    )
    mark = Markup(' aria-current="true"') if current else Markup("")
    opener = Markup('<button type="button" class="aula-title" data-do="open" data-id="{}"{}>{}</button>').format(
        conversation.id, mark, title
    )
    return Markup("<li>{}{}{}</li>").format(opener, rename, delete)
