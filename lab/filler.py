"""Text of ours to hide a sentence in, as long as one wants, and sentences to hide; knows no model.

The filler is put together from parts whose numbers have no common divisor, so that no sentence comes twice for long:
what repeats itself would be read, and continued, in another way than a text.
"""

from __future__ import annotations

from dataclasses import dataclass

_WHEN = {
    "en": (
        "On Monday morning",
        "After the rain",
        "In the first week of May",
        "Shortly before noon",
        "On the following day",
        "When the bell had rung",
        "Towards the evening",
        "In the middle of the winter",
        "On market day",
    ),
    "es": (
        "El lunes por la mañana",
        "Después de la lluvia",
        "En la primera semana de mayo",
        "Poco antes del mediodía",
        "Al día siguiente",
        "Cuando sonó la campana",
        "Al caer la tarde",
        "En pleno invierno",
        "El día de mercado",
    ),
}
_WHO = {
    "en": (
        "the gardener",
        "the lighthouse keeper",
        "a class from the village school",
        "the clerk of the town hall",
        "the youngest of the beekeepers",
        "an old railwayman",
        "the choir",
        "a visitor from the coast",
        "the ferryman",
        "the woman from the post office",
        "a group of hikers",
    ),
    "es": (
        "el jardinero",
        "el farero",
        "un grupo de la escuela del pueblo",
        "la secretaria del ayuntamiento",
        "el más joven de los apicultores",
        "un viejo ferroviario",
        "el coro",
        "una visitante de la costa",
        "el barquero",
        "la mujer de la oficina de correos",
        "un matrimonio de excursionistas",
    ),
}
_WHAT = {
    "en": (
        "watered the roses in the northern yard and wrote down the temperature",
        "walked along the river as far as the stone bridge",
        "counted the boats in the harbour and found two fewer than the day before",
        "mended the fence behind the mill with boards from the old barn",
        "asked for the timetable of the bus and waited under the lime tree",
        "carried three baskets of apples to the cellar",
        "cleaned the windows of the reading room until the light came in again",
        "talked for a long time about the price of wood",
        "painted the door of the shed in a dark green",
        "looked for the key of the clock tower and found it in a drawer",
        "put up a notice about the summer concert",
        "planted a row of beans beside the path",
        "copied the figures of the year into the large book",
    ),
    "es": (
        "regó los rosales del patio norte y apuntó la temperatura",
        "paseó por la orilla del río hasta el puente de piedra",
        "contó las barcas del puerto y encontró dos menos que la víspera",
        "arregló la valla de detrás del molino con tablas del granero viejo",
        "preguntó por el horario del autobús y esperó debajo del tilo",
        "llevó tres cestas de manzanas a la bodega",
        "limpió las ventanas de la sala de lectura hasta que volvió a entrar la luz",
        "habló largo rato sobre el precio de la madera",
        "pintó la puerta del cobertizo de verde oscuro",
        "buscó la llave de la torre del reloj y la encontró en un cajón",
        "colgó un cartel sobre el concierto de verano",
        "plantó una hilera de judías junto al camino",
        "copió las cifras del año en el libro grande",
    ),
}


@dataclass(frozen=True)
class Needle:
    """A `sentence` to hide, a `question` that only it answers, and the words that a right answer has, all of them."""

    sentence: str
    question: str
    expected: tuple[str, ...]


NEEDLES = {
    "en": Needle(
        "The secret ingredient of Amparo's lemon cake is cardamom.",
        "What is the secret ingredient of Amparo's lemon cake?",
        ("cardamom",),
    ),
    "es": Needle(
        "El ingrediente secreto del bizcocho de limón de Amparo es el cardamomo.",
        "¿Cuál es el ingrediente secreto del bizcocho de limón de Amparo?",
        ("cardamomo",),
    ),
}


def filler(lang: str, count: int) -> list[str]:
    """Return `count` sentences in "en" or "es"; the first 1,287 are all different."""
    when, who, what = (parts.get(lang, parts["en"]) for parts in (_WHEN, _WHO, _WHAT))
    return [f"{when[n % len(when)]}, {who[n % len(who)]} {what[n % len(what)]}." for n in range(count)]
