"""Words as the full-text index sees them, and BM25 over SQLite's FTS5; it knows nothing of vectors.

Text is folded (case, accents), then stemmed with snowball in the document's language, so that "canciones" finds
"canción" and a question typed without accents finds a text that has them.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache

import Stemmer
from sqlalchemy import Connection, bindparam, text

_WORD = re.compile(r"\w+", re.UNICODE)
_SNOWBALL = {
    "es": "spanish",
    "en": "english",
    "pt": "portuguese",
    "fr": "french",
    "it": "italian",
    "de": "german",
    "ca": "catalan",
    "nl": "dutch",
}


# Words that carry a question's form and not its subject, folded. Only rag.evidence leaves them out: in a small library
# "how" and "many" may stand nowhere, and would weigh as much there as a subject that is missing.
_STOP = {
    "es": """a al algo algun alguna algunas algunos ante aquel aquella aquello asi como con contra cual cuales cuando
    cuanta cuantas cuanto cuantos cuyo cuya cuyos cuyas de del desde donde dos durante e el ella ellas ellos en entre
    era eran es esa esas ese eso esos esta estaba estaban estan estas este esto estos fue fueron fuese ha haber habia
    habian han hasta hay hace hizo la las le les lo los mas me mi mientras muy ni no nos o otra otras otro otros para
    pero por porque pues que quien quienes se segun ser si sido sin sobre son su sus tambien te tiene tienen tenia tu
    tus un una unas uno unos y ya""",
    "en": """a about after all also an and any are as at be because been before being between both but by can could
    did do does doing during each for from further had has have having he her here him his how i if in into is it its
    itself many me more most much my no nor not of off on once only or other our out over own same she should so some
    such than that the their them then there these they this those through to too under until up very was we were what
    when where which while who whom whose why will with would you your""",
}
STOP_WORDS = frozenset(word for words in _STOP.values() for word in words.split())


@cache
def _stemmer(language: str) -> Stemmer.Stemmer | None:
    name = _SNOWBALL.get(language)
    return Stemmer.Stemmer(name) if name else None


def fold(value: str) -> str:
    """Lower the case and take the accents off: 'Canción' -> 'cancion'."""
    decomposed = unicodedata.normalize("NFKD", value.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def words(value: str) -> list[str]:
    """Return the folded words of `value`, in order."""
    return _WORD.findall(fold(value))


def located_words(value: str) -> list[tuple[str, int, int]]:
    """Return the same words as `words`, each with the characters value[start:end] that it was folded from."""
    folded, origin = "", []
    for position, character in enumerate(value):  # one by one, since folding may give none, one or more
        part = fold(character)
        folded += part
        origin += [position] * len(part)
    return [
        (found.group(), origin[found.start()], _end(value, origin[found.end() - 1])) for found in _WORD.finditer(folded)
    ]


def _end(value: str, last: int) -> int:
    """Return where the character at `last` ends, with the accents that stand after it."""
    end = last + 1
    while end < len(value) and unicodedata.combining(value[end]):
        end += 1
    return end


def stem(tokens: Iterable[str], language: str) -> list[str]:
    """Stem folded words with snowball (Porter 2001); a language without a stemmer leaves them as they are."""
    stemmer = _stemmer(language)
    listed = list(tokens)
    # A Stemmer keeps a cache that is not safe to share between threads, and PyStemmer holds the GIL: one call, whole.
    return list(stemmer.stemWords(listed)) if stemmer else listed


def index_terms(value: str, language: str) -> str:
    """Return what goes into the full-text index for `value`."""
    return " ".join(stem(words(value), language))


def query_words(question: str, languages: Iterable[str], leave_out: Collection[str] = ()) -> list[list[str]]:
    """Return the distinct words of `question` without those to `leave_out`, each as its stems in `languages`.

    The question's own language does not decide: names and numbers are the same in every one. Common words stay in:
    BM25 weighs them down by itself, and without them the fused ranking was worse on half of XQuAD (English hit@1
    0.953 against 0.956).
    """
    every = list(dict.fromkeys(word for word in words(question) if word not in leave_out))
    stems = [stem(every, language) for language in list(languages) or [""]]
    return [list(dict.fromkeys(variants)) for variants in zip(*stems, strict=True)]


def query_terms(question: str, languages: Iterable[str], leave_out: Collection[str] = ()) -> list[str]:
    """Return the distinct terms to search for: the stems of `query_words`."""
    return list(dict.fromkeys(term for stems in query_words(question, languages, leave_out) for term in stems))


def weights(total: int, frequencies: Mapping[str, int], terms: Iterable[str]) -> dict[str, float]:
    """Return {term: inverse document frequency}, never negative (Robertson and Zaragoza 2009; Lucene's form)."""
    return {
        term: math.log(1.0 + (total - frequencies.get(term, 0) + 0.5) / (frequencies.get(term, 0) + 0.5))
        for term in terms
    }


def add(connection: Connection, rows: Sequence[tuple[int, str]]) -> None:
    """Index (chunk id, terms) rows."""
    if rows:
        statement = text("INSERT INTO chunk_terms (rowid, terms) VALUES (:id, :terms)")
        connection.execute(statement, [{"id": chunk, "terms": terms} for chunk, terms in rows])


def remove(connection: Connection, document: str) -> None:
    """Take a document's chunks out of the index; call it before the chunks themselves go."""
    statement = text("DELETE FROM chunk_terms WHERE rowid IN (SELECT id FROM chunks WHERE document = :document)")
    connection.execute(statement, {"document": document})


def counted(connection: Connection) -> tuple[int, int]:
    """Return how many chunks are indexed, and how many terms they have in all, from FTS5's own averages record.

    Its format is part of the file's (varints, "fts5_index.c"); counting the rows would take milliseconds of each
    question to a large library.
    """
    record = connection.execute(text("SELECT block FROM chunk_terms_data WHERE id = 1")).scalar()
    numbers = _varints(record or b"")
    return (numbers[0], numbers[1]) if len(numbers) > 1 else (0, 0)


def state(connection: Connection) -> tuple[bytes, ...]:
    """Return what is another whenever the index has changed: FTS5's records of its averages and of its structure.

    The second counts what was ever written ("nWriteCounter" in "fts5_index.c"), so that a change back is one too.
    """
    return tuple(
        connection.execute(text("SELECT block FROM chunk_terms_data WHERE id IN (1, 10) ORDER BY id")).scalars()
    )


def _varints(record: bytes) -> list[int]:
    """Return the numbers of a record: seven bits a byte, the highest first, as long as the eighth is set."""
    numbers, value = [], 0
    for byte in record:
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            numbers.append(value)
            value = 0
    return numbers


def document_frequencies(connection: Connection, terms: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Return the number of indexed chunks, and in how many of them each of `terms` stands (0 is left out)."""
    vocabulary = text("SELECT term, doc FROM chunk_vocabulary WHERE term IN :terms")
    rows = connection.execute(vocabulary.bindparams(bindparam("terms", expanding=True)), {"terms": list(terms)})
    found = {str(term): int(holding) for term, holding in rows}
    phrase = text("SELECT COUNT(*) FROM chunk_terms WHERE chunk_terms MATCH :match")
    for term in terms:
        if len(pieces(term)) > 1:
            holding = int(connection.execute(phrase, {"match": f'"{term}"'}).scalar_one())
            found |= {term: holding} if holding else {}
    return counted(connection)[0], found


def pieces(terms: str) -> list[str]:
    """Return what FTS5 makes of a term, or of the terms of a chunk: it cuts at an underscore too."""
    return terms.replace("_", " ").split()
