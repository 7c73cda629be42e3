"""Conversations and their messages in aula.sqlite; it knows nothing of models, nor of documents but their ids."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update

from rag.database import conversations, messages, reading
from rag.erasure import unquoted
from rag.errors import ConversationNotFound

TITLE_LENGTH = 60


@dataclass(frozen=True)
class Conversation:
    """`documents`: the chosen ones; None is all, an empty list is plain chat."""

    id: str
    title: str
    updated: datetime
    documents: list[str] | None


@dataclass(frozen=True)
class Message:
    """`role` is "user" or "assistant"; `meta` is what was shown with it (sources, figures)."""

    id: int
    role: str
    content: str
    meta: dict[str, object] = field(default_factory=dict)


class History:
    """Every call names the owner, and another's conversation is as one that is not there (ConversationNotFound)."""

    def __init__(self, database: Engine) -> None:
        """Use an open database."""
        self._database = database
        self._reads = reading(database)

    def conversations(self, owner: str) -> list[Conversation]:
        """Return the owner's conversations, the last used first."""
        query = (
            select(conversations)
            .where(conversations.c.owner == owner)
            .order_by(conversations.c.updated.desc(), conversations.c.id)
        )
        with self._reads.connect() as connection:
            return [
                Conversation(row.id, row.title, row.updated.replace(tzinfo=UTC), row.documents)
                for row in connection.execute(query)
            ]

    def create(self, owner: str, title: str, documents: Sequence[str] | None = None) -> str:
        """Start a conversation and return its id."""
        key = uuid.uuid4().hex
        chosen = None if documents is None else list(documents)
        with self._database.begin() as connection:
            connection.execute(
                insert(conversations).values(
                    id=key, owner=owner, title=shorten(title), documents=chosen, updated=datetime.now(UTC)
                )
            )
        return key

    def rename(self, owner: str, conversation: str, title: str) -> None:
        """Give it another title; an empty one changes nothing."""
        with self._database.begin() as connection:
            _check(connection, owner, conversation)
            if title.strip():
                connection.execute(
                    update(conversations).where(conversations.c.id == conversation).values(title=shorten(title))
                )

    def choose(self, owner: str, conversation: str, documents: Sequence[str] | None) -> None:
        """Remember which documents it asks."""
        chosen = None if documents is None else list(documents)
        with self._database.begin() as connection:
            _check(connection, owner, conversation)
            connection.execute(update(conversations).where(conversations.c.id == conversation).values(documents=chosen))

    def delete(self, owner: str, conversation: str) -> None:
        """Remove it with its messages."""
        with self._database.begin() as connection:
            _check(connection, owner, conversation)
            connection.execute(delete(conversations).where(conversations.c.id == conversation))

    def messages(self, owner: str, conversation: str) -> list[Message]:
        """Return its messages in order."""
        query = select(messages).where(messages.c.conversation == conversation).order_by(messages.c.id)
        with self._reads.connect() as connection:
            _check(connection, owner, conversation)
            return [Message(row.id, row.role, row.content, row.meta) for row in connection.execute(query)]

    def append(
        self,
        owner: str,
        conversation: str,
        role: str,
        content: str,
        meta: Mapping[str, object] | None = None,
    ) -> int:
        """Add a message at the end and return its id; `meta` is kept without quotes of what is deleted by now."""
        now = datetime.now(UTC)
        with self._database.begin() as connection:
            _check(connection, owner, conversation)
            kept = unquoted(connection, owner, meta or {})
            added = connection.execute(
                insert(messages).values(conversation=conversation, role=role, content=content, meta=kept, created=now)
            )
            connection.execute(update(conversations).where(conversations.c.id == conversation).values(updated=now))
            key = added.inserted_primary_key
            return int(key[0]) if key else 0

    def cut(self, owner: str, conversation: str, message: int) -> None:
        """Remove a message and all that came after it."""
        with self._database.begin() as connection:
            _check(connection, owner, conversation)
            connection.execute(
                delete(messages).where(messages.c.conversation == conversation, messages.c.id >= message)
            )


def shorten(title: str) -> str:
    """Return a title of one line and at most TITLE_LENGTH characters, cut between words."""
    line = " ".join(title.split())
    if len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 1].rsplit(" ", 1)[0].rstrip(" ,.;:") + "…"


def _check(connection: Connection, owner: str, conversation: str) -> None:
    query = select(conversations.c.id).where(conversations.c.id == conversation, conversations.c.owner == owner)
    if connection.execute(query).first() is None:
        raise ConversationNotFound
