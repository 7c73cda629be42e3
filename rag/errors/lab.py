"""What can go wrong in the Lab. The whole tree: rag/errors/__init__.py."""

from __future__ import annotations

from rag.errors.base import AulaError


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
