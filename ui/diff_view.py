"""What differs, as HTML: two texts word by word, and columns in what they are made of. It compares nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from prompts.diff import Span, words
from ui.texts import count, say

# What prompts.column.differences names, in words; decoding options have the names of the chat's sliders.
_TRAITS = {
    "system": "play.trait_system",
    "examples": "play.trait_examples",
    "user": "play.trait_user",
    "begin": "play.trait_begin",
    "model": "play.trait_model",
    "retrieval": "play.trait_retrieval",
    "documents": "play.trait_documents",
    "samples": "play.trait_samples",
    "schema": "play.trait_schema",
    "parse": "play.trait_parse",
    "temperature": "play.trait_temperature",
    "top_k": "play.trait_top_k",
    "top_p": "play.trait_top_p",
    "min_p": "play.trait_min_p",
    "repeat_penalty": "play.trait_repeat_penalty",
    "max_tokens": "play.trait_max_tokens",
    "seed": "play.trait_seed",
    "stop": "play.trait_stop",
}


def marked(spans: Sequence[Span]) -> Markup:
    """Return a text with what was cut struck through and what is new underlined: not by colour alone."""
    tags = {"cut": Markup("<del>{}</del>"), "new": Markup("<ins>{}</ins>")}
    return Markup("").join(tags.get(span.op, Markup("{}")).format(span.text) for span in spans)


def two_texts(first: str, second: str, names: tuple[str, str], lang: str) -> str:
    """Return the word-level difference from `first` to `second`, with a legend that names the two."""
    spans = words(first, second)
    cut, new = (sum(len(span.text.split()) for span in spans if span.op == op) for op in ("cut", "new"))
    if not cut and not new:
        return str(Markup('<p class="aula-caption">{}</p>').format(say(lang, "play.diff_same")))
    legend = Markup("<del>{}</del> · <ins>{}</ins>").format(
        say(lang, "play.diff_only", name=names[0]), say(lang, "play.diff_only", name=names[1])
    )
    counted = f"{count(lang, 'play.diff_cut', cut)} · {count(lang, 'play.diff_new', new)}"
    return str(
        Markup(
            '<p class="aula-caption aula-diff-legend">{} <span>{}</span></p>'
            '<div class="aula-diff" tabindex="0">{}</div>'
        ).format(legend, counted, marked(spans))
    )


def differ_line(traits: Sequence[str], lang: str) -> str:
    """Return in what the columns differ: one thing is a fair comparison, several are a warning that names them."""
    named = words_for(traits, lang)
    if not named:
        return _line("aula-caption", say(lang, "play.differ_none"))
    if len(named) == 1:
        return _line("aula-differ one", say(lang, "play.differ_one", what=named[0]))
    return _line("aula-differ many", say(lang, "play.differ_many", what=listed(named, lang)))


def words_for(traits: Sequence[str], lang: str) -> list[str]:
    """Return traits in words; what is no trait is left out."""
    return [say(lang, _TRAITS[trait]) for trait in traits if trait in _TRAITS]


def listed(names: Sequence[str], lang: str) -> str:
    """Return "a, b and c" as `lang` writes it."""
    if len(names) < 2:
        return "".join(names)
    last = names[-1]
    word = say(lang, "play.and")
    if lang == "es" and last.startswith(("i", "hi")) and not last.startswith(("hie", "hia")):
        word = "e"
    return f"{', '.join(names[:-1])} {word} {last}"


def _line(kind: str, text: str) -> str:
    return str(Markup('<p class="{}" role="status">{}</p>').format(kind, text))
