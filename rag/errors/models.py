"""What can go wrong with a model: its files, its download, its loading. The whole tree: rag/errors/__init__.py."""

from __future__ import annotations

from rag.errors.base import AulaError


class ModelError(AulaError):
    """Anything about a model's files or its loading."""


class ModelNotFound(ModelError):
    """`name`: what was asked for."""

    messages = {
        "en": "There is no model called “{name}”. The Models tab lists the ones you can use.",
        "es": "No hay ningún modelo llamado «{name}». En la pestaña Modelos están los que puedes usar.",
    }


class ModelNotInstalled(ModelError):
    """`name`: the model whose files are missing."""

    messages = {
        "en": "The model “{name}” is not on this machine yet. Download it in the Models tab.",
        "es": "El modelo «{name}» todavía no está en este equipo. Descárgalo en la pestaña Modelos.",
    }


class ModelNotReady(ModelError):
    """No model can answer at the moment."""

    messages = {
        "en": "The model is still loading. Wait a few seconds and try again; the Models tab shows how far it is.",
        "es": (
            "El modelo todavía se está cargando. Espera unos segundos y vuelve a intentarlo; "
            "en la pestaña Modelos puedes ver cómo va."
        ),
    }


class ModelLoadFailed(ModelError):
    """`name`: the model, `reason`: what the engine said."""

    messages = {
        "en": "The model “{name}” could not be loaded ({reason}). Choose another one in the Models tab.",
        "es": "No se ha podido cargar el modelo «{name}» ({reason}). Elige otro en la pestaña Modelos.",
    }


class EmbedderMissing(ModelError):
    """No embedding model is installed."""

    messages = {
        "en": (
            "There is no search model on this machine yet, and it is what makes the embeddings. "
            "Get one in the Models tab."
        ),
        "es": (
            "Todavía no hay ningún modelo de búsqueda en este equipo, y los embeddings los hace él. "
            "Consigue uno en la pestaña Modelos."
        ),
    }


class ModelInUse(ModelError):
    """`name`: the model in use."""

    messages = {
        "en": "“{name}” is in use. Switch to another model first.",
        "es": "«{name}» está en uso. Cambia antes a otro modelo.",
    }


class SourceUnreachable(ModelError):
    """`name`: the model, `tried`: the sources in order, `folder`: where a file can be put by hand."""

    messages = {
        "en": (
            "“{name}” could not be downloaded. Tried: {tried}. Check the connection and try again, "
            "or copy a .gguf file into {folder} and it will appear in the Models tab."
        ),
        "es": (
            "No se ha podido descargar «{name}». Se ha probado con: {tried}. Comprueba la conexión y vuelve "
            "a intentarlo, o copia un archivo .gguf en {folder} y aparecerá en la pestaña Modelos."
        ),
    }


class WrongHash(ModelError):
    """`file`: the file's name, `kept`: where it was put aside."""

    messages = {
        "en": (
            "{file} is not the file it should be (its SHA-256 differs), so it will not be used. "
            "It was kept as {kept}; delete it and download again."
        ),
        "es": (
            "{file} no es el archivo que debería ser (su SHA-256 no coincide), así que no se usará. "
            "Se ha apartado como {kept}; bórralo y vuelve a descargarlo."
        ),
    }


class NotEnoughDisk(ModelError):
    """`name`: the model, `need` and `free`: sizes as text."""

    messages = {
        "en": "“{name}” needs {need} of disk space and only {free} are free. Make some room and try again.",
        "es": "«{name}» necesita {need} de espacio en disco y solo quedan {free}. Libera espacio e inténtalo de nuevo.",
    }
