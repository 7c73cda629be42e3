"""What can go wrong with a document: finding, reading, cutting, fetching it. The tree: rag/errors/__init__.py."""

from __future__ import annotations

from rag.errors.base import AulaError


class DocumentError(AulaError):
    """Anything about one document."""


class DocumentNotFound(DocumentError):
    """The id is unknown to this owner."""

    messages = {
        "en": "That document is not in your library. It may have been deleted; reload the page.",
        "es": "Ese documento no está en tu biblioteca. Puede que se haya borrado; recarga la página.",
    }


class UnsupportedFormat(DocumentError):
    """`name`: the file, `formats`: what can be read."""

    messages = {
        "en": "“{name}” is not in a format that Aula reads. It reads: {formats}.",
        "es": "«{name}» no está en un formato que Aula lea. Lee: {formats}.",
    }


class OldFormat(UnsupportedFormat):
    """`name`: the file, `wanted`: the format to save it as."""

    messages = {
        "en": "“{name}” is in an old format. Open it in its program, save it as {wanted} and upload that.",
        "es": "«{name}» está en un formato antiguo. Ábrelo en su programa, guárdalo como {wanted} y sube ese archivo.",
    }


class EmptyDocument(DocumentError):
    """`name`: the file."""

    messages = {
        "en": "“{name}” is empty: there is no text in it. Check that you chose the right file.",
        "es": "«{name}» está vacío: no contiene texto. Comprueba que has elegido el archivo correcto.",
    }


class EncryptedDocument(DocumentError):
    """`name`: the file."""

    messages = {
        "en": (
            "“{name}” is protected with a password. Type it next to the document in the Documents tab, or upload a "
            "copy without one."
        ),
        "es": (
            "«{name}» está protegido con contraseña. Escríbela junto al documento en la pestaña Documentos o sube una "
            "copia sin contraseña."
        ),
    }


class WrongPassword(EncryptedDocument):
    """`name`: the file."""

    messages = {
        "en": "That is not the password of “{name}”. Check capital letters and accents and type it again.",
        "es": "Esa no es la contraseña de «{name}». Comprueba las mayúsculas y los acentos y vuelve a escribirla.",
    }


class ProtectedDocument(DocumentError):
    """`name`: the file, of a format whose password Aula has no use for."""

    messages = {
        "en": (
            "“{name}” is protected, and Aula cannot open this format with a password. Save a copy without protection "
            "and upload that one."
        ),
        "es": (
            "«{name}» está protegido y Aula no puede abrir este formato con contraseña. Guarda una copia sin "
            "protección y sube esa."
        ),
    }


class DamagedDocument(DocumentError):
    """`name`: the file."""

    messages = {
        "en": "“{name}” is damaged or is not what its name says. Open it in its own program, save it again and retry.",
        "es": (
            "«{name}» está dañado o no es lo que dice su nombre. Ábrelo en su programa, guárdalo de nuevo "
            "y vuelve a intentarlo."
        ),
    }


class ImageOnlyDocument(DocumentError):
    """`name`: the file."""

    messages = {
        "en": (
            "“{name}” holds only images, with no text that can be read (a scan, perhaps). "
            "Run it through a text recognition (OCR) program and upload the result."
        ),
        "es": (
            "«{name}» solo contiene imágenes, sin texto que se pueda leer (quizá esté escaneado). "
            "Pásalo por un programa de reconocimiento de texto (OCR) y sube el resultado."
        ),
    }


class ParseTimeout(DocumentError):
    """`name`: the file, `seconds`: the limit."""

    messages = {
        "en": "Reading “{name}” took more than {seconds} seconds and was stopped. Try with a part of it.",
        "es": "La lectura de «{name}» ha pasado de {seconds} segundos y se ha detenido. Prueba con una parte.",
    }


class ParseOutOfMemory(DocumentError):
    """`name`: the file."""

    messages = {
        "en": "Reading “{name}” needs too much memory and was stopped. Try with a part of it.",
        "es": "La lectura de «{name}» necesita demasiada memoria y se ha detenido. Prueba con una parte.",
    }


class TooLarge(DocumentError):
    """`name`: the file, `limit`: the limit as text."""

    messages = {
        "en": "“{name}” is larger than {limit}. Split it and upload the parts.",
        "es": "«{name}» supera {limit}. Divídelo y sube las partes.",
    }


class BadCut(DocumentError):
    """`smallest` and `largest`: the limits of a chunk's size, in tokens."""

    messages = {
        "en": (
            "The size of a passage can be from {smallest} to {largest} tokens, and the overlap from 0 to half of "
            "that. Choose other values and try again."
        ),
        "es": (
            "El tamaño de un fragmento puede ser de {smallest} a {largest} tokens, y el solapamiento, de 0 a la mitad. "
            "Elige otros valores y vuelve a intentarlo."
        ),
    }


class DocumentShared(DocumentError):
    """`name`: the document that somebody else holds too."""

    messages = {
        "en": (
            "Somebody else on this Aula has “{name}” too, and you share its passages, so it stays cut as it is. "
            "The preview shows you how it would be cut."
        ),
        "es": (
            "Otra persona tiene también «{name}» en esta Aula y sus fragmentos son comunes, así que se queda dividido "
            "como está. La vista previa te enseña cómo quedaría."
        ),
    }


class NothingToCut(DocumentError):
    """`name`: a document that could not be read."""

    messages = {
        "en": "Nothing of “{name}” could be read, so there is nothing to cut. Choose “Retry” to read it again.",
        "es": "No se ha podido leer nada de «{name}», así que no hay nada que dividir. Elige «Reintentar».",
    }


class PageNotFound(DocumentError):
    """`page`: the number asked for, `pages`: how many there are."""

    messages = {
        "en": "There is no page {page}: the document ends at page {pages}. Choose one up to there.",
        "es": "La página {page} no existe: el documento llega hasta la {pages}. Elige una anterior.",
    }


class PageNotDrawn(DocumentError):
    """A page has no picture: it is broken, or drawing it took too long or too much memory."""

    messages = {
        "en": "This page could not be drawn. Its text is here; for the picture, open the file in its own program.",
        "es": (
            "No se ha podido mostrar la imagen de esta página. Aquí tienes su texto; para verla, abre el archivo con "
            "otro programa."
        ),
    }


class ArchiveUnsafe(DocumentError):
    """`name`: the archive, `files` and `size`: how many it may hold and how large they may be in all, as text."""

    messages = {
        "en": (
            "“{name}” was not unpacked: it holds too much, or is packed as no ordinary file is. A ZIP can have up to "
            "{files} files and {size} in all. Unpack it yourself and upload the files in smaller lots."
        ),
        "es": (
            "«{name}» no se ha descomprimido: contiene demasiado o está comprimido como no lo está ningún archivo "
            "normal. Un ZIP puede tener hasta {files} archivos y {size} en total. Descomprímelo tú y sube los archivos "
            "por partes."
        ),
    }


class ArchiveNested(DocumentError):
    """`name`: the inner archive."""

    messages = {
        "en": "“{name}” is an archive inside of an archive, and Aula opens only the outer one. Upload it on its own.",
        "es": "«{name}» es un archivo comprimido dentro de otro, y Aula solo abre el de fuera. Súbelo por separado.",
    }


class ArchiveLink(DocumentError):
    """`name`: the member."""

    messages = {
        "en": "“{name}” is only a link to a file, not the file. Upload the file that it points to.",
        "es": "«{name}» es solo un enlace a un archivo, no el archivo. Sube el archivo al que apunta.",
    }


class AddressError(DocumentError):
    """Anything about a web address. `address`: as it was given."""


class AddressInvalid(AddressError):
    """`address`: as it was given."""

    messages = {
        "en": (
            "“{address}” is not a web address that Aula opens. It must begin with http:// or https:// and have no "
            "user name, no password and no unusual port. Copy it again from your browser."
        ),
        "es": (
            "«{address}» no es una dirección web que Aula abra. Debe empezar por http:// o https:// y no llevar "
            "usuario, contraseña ni un puerto poco común. Vuelve a copiarla del navegador."
        ),
    }


class AddressRefused(AddressError):
    """`address`: the one that leads inwards, perhaps after a redirect."""

    messages = {
        "en": (
            "“{address}” leads to this machine or to a private network, and Aula only opens public pages. Open it in "
            "your browser, save it and upload the file."
        ),
        "es": (
            "«{address}» lleva a este equipo o a una red privada, y Aula solo abre páginas públicas. Ábrela en el "
            "navegador, guárdala y sube el archivo."
        ),
    }


class AddressOffline(AddressError):
    """`address`: as it was given."""

    messages = {
        "en": "Aula was started offline, so it opens no web addresses. Save the page in your browser and upload it.",
        "es": "Aula se ha iniciado sin conexión y no abre direcciones web. Guarda la página en el navegador y súbela.",
    }


class AddressUnreachable(AddressError):
    """`address`: the one that failed, `detail`: why, in few letters ("HTTP 404", "DNS", "TLS", "60 s")."""

    messages = {
        "en": "“{address}” could not be opened ({detail}). Check it in your browser and try again.",
        "es": "No se ha podido abrir «{address}» ({detail}). Compruébala en el navegador y vuelve a intentarlo.",
    }


class OcrMissing(DocumentError):
    """A page can only be read from its picture."""

    messages = {
        "en": (
            "Pages that are pictures are read with Tesseract, which is not installed. On Debian and Ubuntu: sudo apt "
            "install tesseract-ocr tesseract-ocr-spa; on macOS: brew install tesseract tesseract-lang; on Windows: the "
            "installer of UB Mannheim, with Spanish ticked. Then try again."
        ),
        "es": (
            "Las páginas que son imágenes se leen con Tesseract, que no está instalado. En Debian y Ubuntu: sudo apt "
            "install tesseract-ocr tesseract-ocr-spa; en macOS: brew install tesseract tesseract-lang; en Windows: el "
            "instalador de UB Mannheim, con el español marcado. Después, vuelve a intentarlo."
        ),
    }


class NoRoom(DocumentError):
    """`name`: the file."""

    messages = {
        "en": "There is no room on the disk for “{name}”. Make some room and upload it again.",
        "es": "No queda sitio en el disco para «{name}». Libera espacio y súbelo de nuevo.",
    }
