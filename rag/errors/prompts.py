"""What can go wrong in the Playground: prompts, test sets, checks, runs. The whole tree: rag/errors/__init__.py."""

from __future__ import annotations

from rag.errors.base import AulaError


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
