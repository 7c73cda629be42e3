"""What can go wrong with the data folder and its backups. The whole tree: rag/errors/__init__.py."""

from __future__ import annotations

from rag.errors.base import AulaError


class DataInUse(AulaError):
    """`folder`: the data folder."""

    messages = {
        "en": "Another Aula is already using {folder}. Close it first, or choose another folder with AULA_DATA_DIR.",
        "es": "Otra Aula ya está usando {folder}. Ciérrala antes o elige otra carpeta con AULA_DATA_DIR.",
    }


class DataTooNew(AulaError):
    """`found` and `known`: schema revisions."""

    messages = {
        "en": (
            "The data folder was written by a newer version of Aula (schema {found}; this one knows {known}). "
            "Update Aula, or choose another folder with AULA_DATA_DIR."
        ),
        "es": (
            "La carpeta de datos la escribió una versión más nueva de Aula (esquema {found}; esta conoce {known}). "
            "Actualiza Aula o elige otra carpeta con AULA_DATA_DIR."
        ),
    }


class BackupError(AulaError):
    """Anything about a backup. `name`: its file."""


class NothingToBackUp(BackupError):
    """`folder`: the data folder."""

    messages = {
        "en": "There is nothing in “{folder}” to back up. Choose the data folder with AULA_DATA_DIR or --data-dir.",
        "es": "No hay nada que copiar en «{folder}». Elige la carpeta de datos con AULA_DATA_DIR o --data-dir.",
    }


class NotABackup(BackupError):
    """`name`: the file."""

    messages = {
        "en": "“{name}” is not a backup of Aula. Choose the file that “Make a backup” gave you.",
        "es": "«{name}» no es una copia de seguridad de Aula. Elige el archivo que te dio «Hacer una copia».",
    }


class BackupDamaged(BackupError):
    """`name`: the file, `part`: what is missing or wrong in it."""

    messages = {
        "en": (
            "The backup “{name}” is damaged ({part}), so nothing was restored and nothing was changed. Copy the file "
            "again from where you keep it, or use another backup."
        ),
        "es": (
            "La copia de seguridad «{name}» está dañada ({part}): no se ha restaurado ni cambiado nada. Vuelve a "
            "copiar el archivo desde donde lo guardas o usa otra copia."
        ),
    }


class BackupTooNew(BackupError):
    """`name`: the file, `version`: the Aula that made it."""

    messages = {
        "en": "The backup “{name}” was made by a newer Aula ({version}). Update Aula, then restore it.",
        "es": "La copia de seguridad «{name}» es de una versión más nueva ({version}). Actualiza Aula y restáurala.",
    }


class BackupNoRoom(BackupError):
    """`need`: what it takes, as text ("1.2 GB")."""

    messages = {
        "en": "There is not enough room on the disk: {need} are needed. Free some space and try again.",
        "es": "No hay sitio suficiente en el disco: hacen falta {need}. Libera espacio y vuelve a intentarlo.",
    }


class BackupWaited(BackupError):
    """What was handed over lay too long and is gone."""

    messages = {
        "en": "It waited too long. Choose the file again.",
        "es": "Ha esperado demasiado. Vuelve a elegir el archivo.",
    }


class RestoreBusy(BackupError):
    """An answer or a run is under way, or another backup."""

    messages = {
        "en": "An answer, a run or another backup is under way. Wait until it is done, or stop it, and try again.",
        "es": (
            "Hay una respuesta, una ejecución u otra copia en marcha. Espera a que termine, o detenla, y vuelve a "
            "intentarlo."
        ),
    }


class RestoreFailed(BackupError):
    """`name`: the file."""

    messages = {
        "en": "The backup “{name}” could not be opened here. Your data is as it was before.",
        "es": "No se ha podido abrir aquí la copia de seguridad «{name}». Tus datos están como antes.",
    }
