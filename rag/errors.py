"""Everything that can go wrong, in words for the person at the screen; nothing here knows how it is shown.

AulaError
├── ModelError
│   ├── ModelNotFound        no such name in the catalogue or the models folder
│   ├── ModelNotInstalled    known, but its files are not here yet
│   ├── ModelNotReady        still loading, or none is installed
│   ├── ModelLoadFailed      the file is there and cannot be used
│   ├── EmbedderMissing      there is no embedding model, so nothing has a vector
│   ├── ModelInUse           it cannot be removed or replaced now
│   ├── SourceUnreachable    no source of a download answered
│   ├── WrongHash            a download is not the file it should be
│   └── NotEnoughDisk        no room for a download
├── DocumentError
│   ├── DocumentNotFound     no such document, or another's
│   ├── UnsupportedFormat    a format that no loader reads
│   │   └── OldFormat        what came before it: .doc, .xls, .ppt, .rtf
│   ├── EmptyDocument        nothing in it
│   ├── EncryptedDocument    it asks for a password
│   │   └── WrongPassword    and not for this one
│   ├── ProtectedDocument    it has a password that is of no use here: an office file, a book with DRM
│   ├── DamagedDocument      not readable as what it says it is
│   ├── ImageOnlyDocument    pictures of text only
│   ├── ParseTimeout         reading took too long and was ended
│   ├── ParseOutOfMemory     reading took too much memory and was ended
│   ├── TooLarge             over a limit
│   ├── PageNotFound         no such page in the document
│   ├── PageNotDrawn         no picture can be made of a page
│   ├── BadCut               chunk size or overlap outside what makes sense
│   ├── DocumentShared       somebody else holds it too, so it stays as it is
│   ├── NothingToCut         nothing of it could be read
│   ├── ArchiveUnsafe        too many files in a ZIP, too large ones, or made to fill the disk
│   ├── ArchiveNested        an archive inside of another
│   ├── ArchiveLink          a member that only points elsewhere
│   ├── AddressError
│   │   ├── AddressInvalid   no web address, or one with a password or an odd port
│   │   ├── AddressRefused   it leads to this machine or to a private network
│   │   ├── AddressOffline   nothing is fetched: started offline
│   │   └── AddressUnreachable  no answer, or not the one that was asked for
│   ├── OcrMissing           a page is a picture, and Tesseract is not installed
│   └── NoRoom               the disk is full
├── QuestionError
│   ├── EmptyQuestion
│   └── QuestionTooLong      question and instructions exceed the context window
├── PromptError
│   ├── TemplateCode         a prompt with loops, conditions or filters
│   ├── VariableMissing      a variable that no value was given for
│   ├── RowVariableMissing   a row that leaves a variable empty
│   ├── RowEmpty             an empty line of the table, where a row was meant
│   ├── ExperimentInvalid    an experiment that is not put together as it must be
│   │   ├── StrategyInvalid  a file of a strategy, likewise
│   │   └── StrategyUnreadable  one that is no YAML, or no text at all
│   ├── FileNotText          a file of one's own that is no text
│   ├── UnsafeCheck          an imported check that would run code or read a file
│   ├── BadCheck             a check that cannot work: a regular expression, a schema, a number
│   ├── TableUnreadable      a test set that cannot be read as a table
│   ├── TableTooLarge        more rows, columns or text than a test set may have
│   ├── RowTooLong           more cells than the header has
│   ├── LengthsDiffer        variables that cannot go side by side
│   ├── KeyRepeated          a key that stands twice
│   ├── YamlUnreadable       an import that is not YAML
│   ├── YamlTooLarge         an import that is too large, or grows too large
│   ├── SecretMissing        a defence whose prompt has no place for the secret
│   ├── StrategyNotFound     no such strategy, saved item or run, or another's
│   ├── RunFailed            a fault of our own ended a run
│   └── NothingToRun         no column or no row
├── DataInUse                another Aula is running on the data folder
├── CollectionError
│   ├── CollectionNotFound   no such collection, or another's
│   ├── CollectionExists     the name is taken
│   ├── CollectionUnnamed    no name, or one that is too long
│   ├── CollectionEmpty      nothing in it that could be asked
│   └── FolderUnreadable     a folder that is not there, or not to be looked into
├── ConversationNotFound     no such conversation, or another's
├── DataTooNew               the data folder was written by a newer Aula
├── BackupError
│   ├── NothingToBackUp      a folder without a database
│   ├── NotABackup           a file of another kind
│   ├── BackupDamaged        a part of it is missing or is not what it was
│   ├── BackupTooNew         made by a newer Aula
│   ├── BackupNoRoom         no room on the disk to make or restore one
│   ├── BackupWaited         a file that was handed over, and swept away since
│   ├── RestoreBusy          answers or runs are under way that a restore would lose
│   └── RestoreFailed        what was restored could not be opened; the old data is back
├── LabError
│   ├── NoBeginning          no text to be gone on with
│   ├── LookAgain            what is shown was reckoned by another model than the one chosen now
│   ├── NoStrategy           no way of choosing tokens to be tried
│   ├── NoTemperature        no temperature to be tried
│   ├── NeedleIncomplete     no sentence to hide, no question or no expected word
│   ├── NeedleTooLong        a prompt has no room for a text around it
│   ├── NeedleInText         the text has the answer without the needle
│   ├── HaystackTooShort     a document with less text than was to be read
│   ├── NothingToCompare     no text to read, or no prompt to answer
│   ├── TwoModelsLent        two models to compare, and neither is the one in use
│   ├── SentenceTooLong      more tokens than the attention panel draws
│   ├── WordNotThere         a word that a sentence does not have
│   ├── TooFewPassages       a map of next to nothing
│   ├── MapNotDrawn          the process that works a map out has failed
│   ├── TextTooShort         too few words to count
│   └── TextTooLong          a text longer than the lab looks at
├── TreeFull                 the lab's tree of branches has grown as large as it may
├── AnswerNotKept            a finished answer whose exact prompt is not there any more
├── NoAnswerYet              nothing was answered that could be looked at
├── BadOption                an option outside its range
└── Cancelled                the person asked to stop
"""

from __future__ import annotations

from typing import ClassVar


class AulaError(Exception):
    """The root: a message in each language, filled with named values; `text` says it, `params` holds the values."""

    messages: ClassVar[dict[str, str]] = {
        "en": "Something went wrong.",
        "es": "Algo ha fallado.",
    }

    def __init__(self, **params: object) -> None:
        """Keep the values that the message names."""
        self.params = params
        super().__init__(self.text())

    def text(self, lang: str = "en") -> str:
        """Return the message in `lang` ("en" or "es"; anything else reads English)."""
        message = self.messages.get(lang, self.messages["en"])
        return message.format_map({key: _shown(value, lang) for key, value in self.params.items()})

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle by class and values, since the constructor takes keywords only."""
        return _rebuild, (type(self), self.params)


def _rebuild(kind: type[AulaError], params: dict[str, object]) -> AulaError:
    return kind(**params)


def _shown(value: object, lang: str) -> str:
    if isinstance(value, AulaError):
        return value.text(lang)
    if isinstance(value, (list, tuple)):
        return ", ".join(str(item) for item in value)
    return str(value)


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


class PromptError(AulaError):
    """Anything about a prompt, a test set or an experiment."""


class TemplateCode(PromptError):
    """`found`: what stands there."""

    messages = {
        "en": "“{found}” is not a variable. Between double braces there can only be a name: {{{{question}}}}.",
        "es": "«{found}» no es una variable. Entre llaves dobles solo puede ir un nombre: {{{{pregunta}}}}.",
    }


class VariableMissing(PromptError):
    """`name`: the variable."""

    messages = {
        "en": "The prompt uses {{{{{name}}}}}, which has no value. Fill it in, or take it out of the prompt.",
        "es": "El prompt usa {{{{{name}}}}}, que no tiene valor. Rellénalo o quítalo del prompt.",
    }


class RowVariableMissing(VariableMissing):
    """`name`: the variable, `row`: the row of the test set, from 1."""

    messages = {
        "en": "Row {row} has no value for {{{{{name}}}}}, which the prompt uses. Fill it in, or take the row out.",
        "es": "La fila {row} no tiene valor para {{{{{name}}}}}, que usa el prompt. Rellénalo o quita la fila.",
    }


class RowEmpty(PromptError):
    """`row`: the row of the table, from 1."""

    messages = {
        "en": "Row {row} of the table is empty. Write the case first, then give it a check of its own.",
        "es": "La fila {row} de la tabla está vacía. Escribe primero el caso y luego añádele su comprobación.",
    }


class ExperimentInvalid(PromptError):
    """`where`: the part, `wanted`: its form."""

    messages = {
        "en": "The experiment cannot be read: “{where}” must look like {wanted}. Correct it and try again.",
        "es": "No se puede leer el experimento: «{where}» debe tener la forma {wanted}. Corrígelo y repite.",
    }


class StrategyInvalid(ExperimentInvalid):
    """`where`: the file and the field, `wanted`: its form."""

    messages = {
        "en": (
            "The strategy “{where}” cannot be read: it must look like {wanted}. Correct the file and reload the page."
        ),
        "es": (
            "No se puede leer la estrategia «{where}»: debe tener la forma {wanted}. Corrige el archivo y recarga "
            "la página."
        ),
    }


class StrategyUnreadable(ExperimentInvalid):
    """`file`: its name, `reason`: the error that says why."""

    messages = {
        "en": "The strategy in “{file}” was left out. {reason} Then reload the page.",
        "es": "La estrategia de «{file}» se ha dejado fuera. {reason} Después, recarga la página.",
    }


class FileNotText(PromptError):
    """`limit`: the size up to which a file is read, as text."""

    messages = {
        "en": "It is not a text in UTF-8 of up to {limit}. Save it as one.",
        "es": "No es un texto en UTF-8 de {limit} como mucho. Guárdalo así.",
    }


class UnsafeCheck(PromptError):
    """`row`: counted from 1 (0: the whole file), `found`: what stands there."""

    messages = {
        "en": (
            "Row {row} holds “{found}”, which would run a program or read a file. Aula does not do that for a test "
            "set: take it out, or put its text in directly, and import again. (Row 0 is what holds for all rows.)"
        ),
        "es": (
            "La fila {row} contiene «{found}», que ejecutaría un programa o leería un archivo. Aula no lo hace con un "
            "conjunto de pruebas: quítalo o pon el texto directamente y vuelve a importar. (La fila 0 es lo que vale "
            "para todas.)"
        ),
    }


class BadCheck(PromptError):
    """`type`: the check, `reason`: what is wrong with it, as the library that reads it says."""

    messages = {
        "en": "The check “{type}” cannot work: {reason}. Correct its value.",
        "es": "La comprobación «{type}» no puede funcionar: {reason}. Corrige su valor.",
    }


class TableUnreadable(PromptError):
    """`name`: the file or where a text came from, `row`: the first bad one (0: the whole), `wanted`: what would do."""

    messages = {
        "en": "“{name}” cannot be read as a table of test cases (row {row}). Aula reads {wanted}.",
        "es": "No se puede leer «{name}» como tabla de casos de prueba (fila {row}). Aula lee {wanted}.",
    }


class TableTooLarge(PromptError):
    """`name`: the file, `row`: the first that is over (0: the whole); limits: `rows`, `columns`, `chars`, `size`."""

    messages = {
        "en": (
            "“{name}” is too large for a test set (row {row}). There can be up to {rows} rows, {columns} columns and "
            "{chars} characters in a cell, in a file of up to {size}. Split it, or leave out what is not needed."
        ),
        "es": (
            "«{name}» es demasiado grande para un conjunto de pruebas (fila {row}). Puede haber hasta {rows} filas, "
            "{columns} columnas y {chars} caracteres por celda, en un archivo de hasta {size}. Divídelo o quita lo que "
            "no haga falta."
        ),
    }


class RowTooLong(PromptError):
    """`name`: the file, `row`: counted from 1 below the header, `found` and `wanted`: how many cells."""

    messages = {
        "en": (
            "Row {row} of “{name}” has {found} cells and its header only {wanted}. Put cells that hold the separator "
            "between double quotes, or add the missing headers."
        ),
        "es": (
            "La fila {row} de «{name}» tiene {found} celdas y la cabecera solo {wanted}. Pon entre comillas dobles las "
            "celdas que contengan el separador o añade las cabeceras que faltan."
        ),
    }


class LengthsDiffer(PromptError):
    """`first` and `second`: variables, `first_count` and `second_count`: how many values they have."""

    messages = {
        "en": (
            "To go side by side, the variables need equally many values: “{first}” has {first_count} and “{second}” "
            "has {second_count}. Even them out, or combine all with all."
        ),
        "es": (
            "Para ir emparejadas, las variables necesitan el mismo número de valores: «{first}» tiene {first_count} y "
            "«{second}» tiene {second_count}. Iguálalas o combina todos con todos."
        ),
    }


class KeyRepeated(PromptError):
    """`key`: what stands there twice, `line`: the second time, counted from 1 (0: not known)."""

    messages = {
        "en": "“{key}” stands twice in the same place (line {line}), and only one could count. Take one of them out.",
        "es": "«{key}» aparece dos veces en el mismo sitio (línea {line}) y solo valdría una. Quita una de las dos.",
    }


class YamlUnreadable(PromptError):
    """`line`: where reading ended, counted from 1 (0: not known)."""

    messages = {
        "en": "This is not valid YAML or JSON (line {line}). Check the indentation, the quotes and the colons there.",
        "es": "Esto no es YAML ni JSON válido (línea {line}). Comprueba ahí la sangría, las comillas y los dos puntos.",
    }


class YamlTooLarge(PromptError):
    """`size`: the limit as text, `parts`: how many values a file may hold once its references are written out."""

    messages = {
        "en": "The file is too large: up to {size} and {parts} values can be read. Split it and import the parts.",
        "es": "El archivo es demasiado grande: se pueden leer hasta {size} y {parts} valores. Divídelo e importa las "
        "partes.",
    }


class StrategyNotFound(PromptError):
    """`name`: what was asked for."""

    messages = {
        "en": "“{name}” is no longer in the library. Choose another one, or reload the page.",
        "es": "«{name}» ya no está en la biblioteca. Elige otra cosa o recarga la página.",
    }


class SecretMissing(PromptError):
    """A defence of the guessing game does not hold the secret."""

    messages = {
        "en": "The prompt must hold {{{{secret}}}}: that is where the word is put. Write it in and try again.",
        "es": "El prompt debe contener {{{{secret}}}}: ahí se pone la palabra. Escríbelo y vuelve a intentarlo.",
    }


class NothingToRun(PromptError):
    """There is no request to run."""

    messages = {
        "en": "There is nothing to run yet. Write what to ask the model in each column.",
        "es": "Todavía no hay nada que ejecutar. Escribe en cada columna qué quieres pedirle al modelo.",
    }


class RunFailed(PromptError):
    """`reason`: the kind of a fault of Aula's own, for whoever reports it."""

    messages = {
        "en": (
            "The run stopped because something in Aula failed ({reason}). What is done is kept: resume it, or start "
            "Aula again and then resume it."
        ),
        "es": (
            "La ejecución se ha parado porque algo ha fallado en Aula ({reason}). Lo que está hecho se conserva: "
            "reanúdala o reinicia Aula y reanúdala después."
        ),
    }


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


class LabError(AulaError):
    """What is looked at in the lab, and cannot be."""


class LookAgain(LabError):
    """What is shown was reckoned by another model than the one that is chosen now."""

    messages = {
        "en": "Another model is chosen now. Press “Look” to see what it makes of the text.",
        "es": "Ahora hay otro modelo elegido. Pulsa «Mirar» para ver qué hace con el texto.",
    }


class NoBeginning(LabError):
    """There is no text to be gone on with."""

    messages = {
        "en": "Write a beginning or a question first, or press one of the examples.",
        "es": "Escribe antes un comienzo o una pregunta, o pulsa uno de los ejemplos.",
    }


class NoStrategy(LabError):
    """None of the ways of choosing tokens is ticked."""

    messages = {
        "en": "Tick at least one strategy to try.",
        "es": "Marca al menos una estrategia que probar.",
    }


class NoTemperature(LabError):
    """None of the temperatures is ticked."""

    messages = {
        "en": "Tick at least one temperature to try.",
        "es": "Marca al menos una temperatura que probar.",
    }


class TextTooShort(LabError):
    """`words`: how many it takes at least."""

    messages = {
        "en": "The text is too short to count in: it takes at least {words} words. Add some, or choose a longer one.",
        "es": "El texto es demasiado corto para contar: hacen falta al menos {words} palabras. Añade más o elige otro.",
    }


class SentenceTooLong(LabError):
    """`tokens`: how many it is, `room`: how many can be drawn."""

    messages = {
        "en": "That sentence is {tokens} tokens long, and up to {room} can be drawn. Shorten it and try again.",
        "es": "Esa frase tiene {tokens} tokens y se pueden dibujar hasta {room}. Acórtala y vuelve a intentarlo.",
    }


class WordNotThere(LabError):
    """`word`: what was looked for, `sentence`: where it does not stand."""

    messages = {
        "en": "The word “{word}” is not in “{sentence}”. Write it in each of the sentences, in the same form.",
        "es": "La palabra «{word}» no está en «{sentence}». Escríbela en todas las frases, en la misma forma.",
    }


class TooFewPassages(LabError):
    """`count`: how many have a vector, `least`: how many a map takes."""

    messages = {
        "en": (
            "Only {count} passages have their embedding, and a map takes at least {least}. "
            "Add documents in the Documents tab, or wait until their embeddings are there."
        ),
        "es": (
            "Solo {count} fragmentos tienen ya su embedding y un mapa necesita al menos {least}. "
            "Añade documentos en la pestaña Documentos o espera a que sus embeddings estén calculados."
        ),
    }


class MapNotDrawn(LabError):
    """The process was ended, by the system or by its limits, or gave nothing."""

    messages = {
        "en": (
            "UMAP could not be worked out: it ran out of memory or time. "
            "Choose fewer documents and try again; the map by PCA is still there."
        ),
        "es": (
            "No se ha podido calcular UMAP: le ha faltado memoria o tiempo. "
            "Elige menos documentos y vuelve a intentarlo; el mapa por PCA sigue ahí."
        ),
    }


class TextTooLong(LabError):
    """`characters`: of the text, `most`: how many it may have."""

    messages = {
        "en": "The text has {characters} characters, and at most {most} are looked at here. Take a part of it.",
        "es": "El texto tiene {characters} caracteres y aquí se observan {most} como mucho. Quédate con una parte.",
    }


class TreeFull(AulaError):
    """`most`: its tokens."""

    messages = {
        "en": "The tree has {most} tokens, as many as it may have. Begin a new one; this one stays in the list.",
        "es": "El árbol tiene {most} tokens, el máximo. Empieza otro nuevo; este se queda en la lista.",
    }


class AnswerNotKept(AulaError):
    """Its prompt was erased with a document, was never kept, or no model wrote the answer."""

    messages = {
        "en": (
            "The exact prompt of this answer is not kept: Aula wrote it without asking the model, an older Aula kept "
            "less, or a document that it quoted was deleted. Ask again, and look at the new answer."
        ),
        "es": (
            "El prompt exacto de esta respuesta no se ha guardado: Aula la escribió sin preguntar al modelo, una "
            "versión anterior guardaba menos o se ha borrado un documento que citaba. Vuelve a preguntar y abre la "
            "respuesta nueva."
        ),
    }


class NoAnswerYet(AulaError):
    """There is no answer, or an empty one."""

    messages = {
        "en": "There is no answer yet whose tokens could be looked at. Ask something first.",
        "es": "Todavía no hay ninguna respuesta cuyos tokens se puedan ver. Haz antes una pregunta.",
    }


class NeedleIncomplete(LabError):
    """Something of it is missing."""

    messages = {
        "en": "Write the sentence to hide, the question about it, and at least one word that a right answer has.",
        "es": (
            "Escribe la frase que se esconde, la pregunta sobre ella y al menos una palabra que tenga la respuesta "
            "correcta."
        ),
    }


class NeedleTooLong(LabError):
    """`tokens`: what the prompt takes without any text, `wanted`: the length that it was to have."""

    messages = {
        "en": (
            "The sentence and the question alone make a prompt of {tokens} tokens, and one of {wanted} was wanted. "
            "Choose a longer prompt, fewer lengths or a shorter sentence."
        ),
        "es": (
            "Solo con la frase y la pregunta sale un prompt de {tokens} tokens y se pedía uno de {wanted}. "
            "Elige un prompt más largo, menos longitudes o una frase más corta."
        ),
    }


class NeedleInText(LabError):
    """The expected words stand in the text anyway."""

    messages = {
        "en": (
            "The text already has the expected words without the hidden sentence, so finding them would show nothing. "
            "Choose other words or another text."
        ),
        "es": (
            "El texto ya contiene las palabras esperadas sin la frase escondida, así que encontrarlas no demostraría "
            "nada. Elige otras palabras u otro texto."
        ),
    }


class HaystackTooShort(LabError):
    """`tokens`: what the text gives, `wanted`: the length that was asked for."""

    messages = {
        "en": (
            "The document only makes a prompt of {tokens} tokens, and {wanted} were wanted. "
            "Choose a shorter length, a longer document or the filler."
        ),
        "es": (
            "Con el documento solo sale un prompt de {tokens} tokens y se pedían {wanted}. "
            "Elige una longitud menor, un documento más largo o el texto de relleno."
        ),
    }


class NothingToCompare(LabError):
    """Two models are given nothing to read or nothing to answer."""

    messages = {
        "en": "Write a text for the models to read and a prompt for them to answer.",
        "es": "Escribe un texto para que lo lean los modelos y un prompt para que lo respondan.",
    }


class TwoModelsLent(LabError):
    """`used`: the title of the model in use."""

    messages = {
        "en": (
            "Only one model can be loaded besides the one in use, and neither of the two is in use. "
            "Choose “{used}” as one of them, or switch to one of the two in the Models tab first."
        ),
        "es": (
            "Solo se puede cargar un modelo además del que está en uso, y ninguno de los dos lo está. "
            "Elige «{used}» como uno de ellos o cambia antes a uno de los dos en la pestaña Modelos."
        ),
    }


class BadOption(AulaError):
    """`option`: its name, `allowed`: the range as text."""

    messages = {
        "en": "The option “{option}” is not valid. Allowed: {allowed}.",
        "es": "La opción «{option}» no es válida. Se admite: {allowed}.",
    }


class Cancelled(AulaError):
    """The person asked to stop."""

    messages = {"en": "Stopped.", "es": "Detenido."}
