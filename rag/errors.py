"""Everything that can go wrong, in words for the person at the screen; nothing here knows how it is shown.

AulaError
├── ModelError
│   ├── ModelNotFound        no such name in the catalogue or the models folder
│   ├── ModelNotInstalled    known, but its files are not here yet
│   ├── ModelNotReady        still loading, or none is installed
│   ├── ModelLoadFailed      the file is there and cannot be used
│   ├── ModelInUse           it cannot be removed or replaced now
│   ├── SourceUnreachable    no source of a download answered
│   ├── WrongHash            a download is not the file it should be
│   └── NotEnoughDisk        no room for a download
├── DocumentError
│   ├── DocumentNotFound     no such document, or another's
│   ├── UnsupportedFormat    a format that no loader reads
│   ├── EmptyDocument        nothing in it
│   ├── EncryptedDocument    it asks for a password
│   ├── DamagedDocument      not readable as what it says it is
│   ├── ImageOnlyDocument    pictures of text only
│   ├── ParseTimeout         reading took too long and was ended
│   ├── ParseOutOfMemory     reading took too much memory and was ended
│   ├── TooLarge             over a limit
│   ├── PageNotFound         no such page in the document
│   ├── PageNotDrawn         no picture can be made of a page
│   ├── BadCut               chunk size or overlap outside what makes sense
│   ├── DocumentShared       somebody else holds it too, so it stays as it is
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
├── ConversationNotFound     no such conversation, or another's
├── DataTooNew               the data folder was written by a newer Aula
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


class EmptyDocument(DocumentError):
    """`name`: the file."""

    messages = {
        "en": "“{name}” is empty: there is no text in it. Check that you chose the right file.",
        "es": "«{name}» está vacío: no contiene texto. Comprueba que has elegido el archivo correcto.",
    }


class EncryptedDocument(DocumentError):
    """`name`: the file."""

    messages = {
        "en": "“{name}” is protected with a password. Save a copy without the password and upload that one.",
        "es": "«{name}» está protegido con contraseña. Guarda una copia sin contraseña y sube esa.",
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
    """`smallest` and `largest`: the limits of a chunk, in characters."""

    messages = {
        "en": (
            "A passage can have from {smallest} to {largest} characters, and the overlap can be from 0 to half of "
            "that. Choose other values and try again."
        ),
        "es": (
            "Un fragmento puede tener entre {smallest} y {largest} caracteres, y el solapamiento, entre 0 y la mitad. "
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


class BadOption(AulaError):
    """`option`: its name, `allowed`: the range as text."""

    messages = {
        "en": "The option “{option}” is not valid. Allowed: {allowed}.",
        "es": "La opción «{option}» no es válida. Se admite: {allowed}.",
    }


class Cancelled(AulaError):
    """The person asked to stop."""

    messages = {"en": "Stopped.", "es": "Detenido."}
