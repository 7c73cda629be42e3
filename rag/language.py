"""Which language a text is in; it knows nothing of what the text is for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

# The languages a document may be marked with: those that snowball can stem and langid can tell apart.
LANGUAGES = ("es", "en", "pt", "fr", "it", "de", "ca", "nl")
PAGE_LANGUAGES = ("es", "en")
_SAMPLE = 4_000


@cache
def _identifier(languages: tuple[str, ...]) -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(list(languages))
    return identifier


def detect(text: str, languages: tuple[str, ...] = LANGUAGES) -> str:
    """Return the likeliest of `languages` for `text` (ISO 639-1), or "" when there are no letters to tell by.

    Lui and Baldwin 2012, langid.py: character n-grams and naive Bayes; the trained model ships with py3langid.
    """
    if sum(character.isalpha() for character in text) < 3:
        return ""
    label, _score = _identifier(languages).classify(text[:_SAMPLE])
    return str(label)


def detect_document(pages: Iterable[str]) -> str:
    """Return the language of most of the text, asked page by page so that one foreign page does not decide."""
    votes: Counter[str] = Counter()
    for text in pages:
        language = detect(text)
        if language:
            votes[language] += min(len(text), _SAMPLE)
    return votes.most_common(1)[0][0] if votes else ""


def question_language(text: str) -> str:
    """Return "es" or "en": the language in which to answer `text`."""
    if any(mark in text for mark in "¿¡ñÑ"):
        return "es"
    return detect(text, PAGE_LANGUAGES) or "en"


def is_foreign(language: str, asked: str) -> bool:
    """Tell whether a text is known to be in another language than the question's."""
    return bool(language) and bool(asked) and language != asked
