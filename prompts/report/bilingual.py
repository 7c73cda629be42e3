"""HTML that says everything in both languages at once; a style sheet shows one of them. It knows no page."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from markupsafe import Markup, escape

from prompts.words import LANGUAGES, Said, say


def both(key: str, **values: object) -> Markup:
    """Return a text of i18n/*.json in both languages."""
    return each(lambda lang: say(lang, key, **values))


def said(sentence: Said) -> Markup:
    """Return a sentence in both languages."""
    return each(sentence.text)


def each(text: Callable[[str], str | Markup], tag: str = "span") -> Markup:
    """Return what `text` gives for each language; once only where both are the same."""
    texts = {lang: escape(text(lang)) for lang in LANGUAGES}
    if len(set(texts.values())) == 1 and tag == "span":
        return next(iter(texts.values()))
    form = Markup("<{0} class={1} lang={1}>{2}</{0}>")
    return joined(form.format(tag, lang, found) for lang, found in texts.items())


def joined(parts: Iterable[Markup], between: str = "") -> Markup:
    """Return parts one after the other."""
    return escape(between).join(parts)


def block(text: str) -> Markup:
    """Return a text as it stands, with its line breaks."""
    return Markup("<pre>{}</pre>").format(text)


def terms(pairs: Iterable[tuple[str | Markup, str | Markup]]) -> Markup:
    """Return names with what they stand for."""
    return Markup("<dl>{}</dl>").format(
        joined(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(name, value) for name, value in pairs)
    )


def folded(title: Markup, content: Markup, name: str = "") -> Markup:
    """Return what opens with a click, with no script."""
    return Markup('<details class="{}"><summary>{}</summary>{}</details>').format(name, title, content)
