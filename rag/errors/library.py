"""What can go wrong with questions, conversations and collections. The whole tree: rag/errors/__init__.py."""

from __future__ import annotations

from rag.errors.base import AulaError


class QuestionError(AulaError):
    """Anything about one question."""


class EmptyQuestion(QuestionError):
    """Nothing was asked."""

    messages = {"en": "Write a question first.", "es": "Escribe primero una pregunta."}


class QuestionTooLong(QuestionError):
    """`tokens`: what was asked for, `room`: what the context window takes."""

    messages = {
        "en": (
            "That does not fit into the model's context window: {tokens} tokens, and there is room for {room}. "
            "Shorten the question or the system prompt, or ask fewer documents."
        ),
        "es": (
            "Eso no cabe en la ventana de contexto del modelo: son {tokens} tokens y hay sitio para {room}. "
            "Acorta la pregunta o las instrucciones del sistema, o consulta menos documentos."
        ),
    }


class CollectionError(AulaError):
    """Anything about a collection of documents."""


class CollectionNotFound(CollectionError):
    """The id is unknown to this owner."""

    messages = {
        "en": "That collection no longer exists. Reload the page and choose another one.",
        "es": "Esa colección ya no existe. Recarga la página y elige otra.",
    }


class CollectionExists(CollectionError):
    """`name`: the one that is taken."""

    messages = {
        "en": "You already have a collection called “{name}”. Choose another name.",
        "es": "Ya tienes una colección llamada «{name}». Elige otro nombre.",
    }


class CollectionUnnamed(CollectionError):
    """`limit`: the most characters that a name may have."""

    messages = {
        "en": "A collection needs a name of up to {limit} characters. Write one and try again.",
        "es": "La colección necesita un nombre de {limit} caracteres como mucho. Escríbelo y vuelve a intentarlo.",
    }


class CollectionEmpty(CollectionError):
    """What was chosen to be asked holds no document."""

    messages = {
        "en": "There are no documents in the collection yet. Move some into it, or choose something else to ask.",
        "es": "Todavía no hay documentos en la colección. Mueve alguno a ella o elige otra cosa que consultar.",
    }


class FolderUnreadable(CollectionError):
    """`name`: the folder."""

    messages = {
        "en": "The folder “{name}” cannot be opened. Check that it is there and that Aula may read it.",
        "es": "No se puede abrir la carpeta «{name}». Comprueba que existe y que Aula puede leerla.",
    }


class ConversationNotFound(AulaError):
    """The id is unknown to this owner."""

    messages = {
        "en": "That conversation no longer exists. Start a new one.",
        "es": "Esa conversación ya no existe. Empieza una nueva.",
    }
