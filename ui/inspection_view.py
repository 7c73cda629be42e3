"""The inspection of a search as HTML: three columns, and what each score is made of. It searches nothing itself.

Passages are data from documents: everything goes through markupsafe.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from rag.inspection import Contribution, Hit, Inspection
from rag.retrieval import SENTENCE_SHARE
from ui.places import place_name
from ui.texts import decimal, say

_AROUND = 110  # characters on either side of what is marked, in a folded passage
_LISTED = 5  # words whose weights are spelled out
_WORTH = 0.005  # what would be shown as 0.00 is only named

_COLOURS = (("dense", "passages"), ("lexical", "question"))  # the classes of style.css that the bars borrow

Body = Callable[[Hit], Markup]
Range = tuple[int, int]
Weighed = tuple[int, int, float]  # a range of characters and how much it counts there, 0..1


def three_columns(found: Inspection, without: str, lang: str) -> str:
    """Return the three lists side by side. `without`: why there are no embeddings, or an empty text."""
    weight, rest = decimal(found.weight, lang, 2), decimal(1 - found.weight, lang, 2)
    words = say(lang, "inspect.no_words")
    columns = [
        _column("dense", found.dense, say(lang, "inspect.dense_how"), without or words, _dense(lang), lang),
        _column("lexical", found.lexical, say(lang, "inspect.lexical_how"), words, _lexical(lang), lang),
        _column(
            "fused",
            found.fused,
            say(lang, "inspect.fused_how", dense=weight, lexical=rest),
            words,
            _fused(found.weight, lang),
            lang,
        ),
    ]
    return str(_terms(found, lang) + Markup('<div class="aula-columns">{}</div>').format(Markup("").join(columns)))


def _terms(found: Inspection, lang: str) -> Markup:
    """Return the words that were searched for, each with its stem in every language that the documents are in."""
    stems: dict[str, list[str]] = {}
    for term in found.terms:
        stems.setdefault(term.word, []).append(term.stem)
    items = Markup("").join(
        Markup("<li>{} <span>→ {}</span></li>").format(word, ", ".join(known)) for word, known in stems.items()
    )
    return Markup('<p class="aula-caption">{}</p><ul class="aula-stems">{}</ul>').format(
        say(lang, "inspect.terms"), items
    )


def _column(kind: str, hits: Sequence[Hit], how: str, empty: str, body: Body, lang: str) -> Markup:
    titles = {"dense": "inspect.dense", "lexical": "inspect.lexical", "fused": "inspect.fused"}
    rows = Markup("").join(_card(hit, body(hit), lang) for hit in hits)
    content = (
        Markup('<ol class="aula-hits">{}</ol>').format(rows)
        if hits
        else Markup('<p class="aula-empty">{}</p>').format(empty)
    )
    return Markup('<section class="aula-column" data-list="{}"><h3>{}{}</h3><p>{}</p>{}</section>').format(
        kind, _key(kind), say(lang, titles[kind]), how, content
    )


def _key(kind: str) -> Markup:
    """Return the colours of a list's bars."""
    return Markup("").join(
        Markup('<span class="aula-key {}"></span>').format(colour)
        for name, colour in _COLOURS
        if kind in (name, "fused")
    )


def _card(hit: Hit, body: Markup, lang: str) -> Markup:
    return Markup(
        '<li class="aula-hit" data-chunk="{}"><p class="aula-hit-head"><b>{}</b> <span>{} · {}</span></p>{}</li>'
    ).format(hit.chunk, hit.rank, hit.name, place_name(lang, hit.page, hit.unit, hit.label), body)


# -- what each list says of a hit ------------------------------------------------------------------------------------


def _dense(lang: str) -> Body:
    def body(hit: Hit) -> Markup:
        score = _score(say(lang, "inspect.cosine"), decimal(hit.score, lang, 3), hit.cosine_part, "passages")
        if hit.nearest is None:
            return score + _passage(hit.text, (), "u", lang)
        near = say(lang, "inspect.nearest", cosine=decimal(hit.nearest.cosine, lang, 3))
        span = (hit.nearest.start, hit.nearest.end, 1.0)
        return score + Markup('<p class="aula-caption">{}</p>').format(near) + _passage(hit.text, (span,), "u", lang)

    return body


def _lexical(lang: str) -> Body:
    def body(hit: Hit) -> Markup:
        score = _score("BM25", decimal(hit.score, lang, 2), hit.lexical_part, "question")
        return score + _words(hit.contributions, hit.score, lang) + _passage(hit.text, _weighed(hit), "mark", lang)

    return body


def _fused(weight: float, lang: str) -> Body:
    def body(hit: Hit) -> Markup:
        parts = [(weight, hit.dense_part, "passages"), (1 - weight, hit.lexical_part, "question")]
        bar = Markup("").join(_bar_part(share * part, colour) for share, part, colour in parts)
        head = Markup('<p class="aula-score"><b>{}</b> {}</p><div class="aula-bar">{}</div>').format(
            decimal(hit.score, lang, 3), say(lang, "inspect.fused_score"), bar
        )
        sums = " + ".join(f"{decimal(share, lang, 2)} × {decimal(part, lang, 3)}" for share, part, _ in parts)
        ranks = say(lang, "inspect.ranks", dense=_rank(hit.dense_rank, lang), lexical=_rank(hit.lexical_rank, lang))
        lines = [f"= {sums}", *_closer(hit, lang), ranks]
        made = Markup("").join(Markup('<p class="aula-caption">{}</p>').format(line) for line in lines)
        return head + made + _passage(hit.text, _weighed(hit), "mark", lang)

    return body


def _closer(hit: Hit, lang: str) -> list[str]:
    """Return what the dense part is made of, where the best sentence has its share in it."""
    if hit.sentence_part is None:
        return []
    return [
        say(
            lang,
            "inspect.closer",
            dense=decimal(hit.dense_part, lang, 3),
            most=decimal(1 - SENTENCE_SHARE, lang, 2),
            passage=decimal(hit.cosine_part, lang, 3),
            share=decimal(SENTENCE_SHARE, lang, 2),
            sentence=decimal(hit.sentence_part, lang, 3),
        )
    ]


def _rank(rank: int | None, lang: str) -> str:
    return say(lang, "inspect.no_rank") if rank is None else say(lang, "inspect.rank", n=rank)


def _score(unit: str, value: str, share: float, colour: str) -> Markup:
    """Return a score with its unit, and a bar for it as it is scaled for this question."""
    return Markup('<p class="aula-score"><b>{}</b> {}</p><div class="aula-bar">{}</div>').format(
        value, unit, _bar_part(share, colour)
    )


def _bar_part(share: float, colour: str) -> Markup:
    return Markup('<span class="aula-part {}" style="width:{}%"></span>').format(colour, f"{100 * share:.1f}")


def _words(parts: Sequence[Contribution], score: float, lang: str) -> Markup:
    """Return what each word adds, the heaviest first; those that add next to nothing are only named."""
    heavy = [part for part in parts if part.score >= _WORTH][:_LISTED]
    rows = Markup("").join(
        Markup('<tr><th scope="row">{}</th><td>{}</td><td>{} × {}</td></tr>').format(
            part.word, decimal(part.score, lang, 2), decimal(part.idf, lang, 2), decimal(part.tf, lang, 2)
        )
        for part in heavy
    )
    head = Markup('<tr><th scope="col">{}</th><th scope="col">{}</th><th scope="col">idf × tf</th></tr>').format(
        say(lang, "inspect.word"), say(lang, "inspect.adds")
    )
    listed = Markup('<table class="aula-words">{}{}</table>').format(head, rows) if heavy else Markup("")
    rest = [part for part in parts if part not in heavy]
    if not rest:
        return listed
    total, words = decimal(sum(part.score for part in rest), lang, 2), ", ".join(part.word for part in rest)
    named = say(lang, "inspect.light_words" if heavy else "inspect.only_light", words=words, score=total)
    return listed + Markup('<p class="aula-caption">{}</p>').format(named)


# -- the passage itself ----------------------------------------------------------------------------------------------


def _weighed(hit: Hit) -> list[Weighed]:
    """Return the matching words, each with what its term adds to BM25, as a share of what the best one adds."""
    adds = {part.stem: part.score for part in hit.contributions}
    most = max(adds.values(), default=0.0) or 1.0
    return [(start, end, adds.get(stem, 0.0) / most) for start, end, stem in hit.spans]


def _passage(text: str, spans: Sequence[Weighed], tag: str, lang: str) -> Markup:
    """Return a passage folded to the part with most in it, and whole when it is opened."""
    start, end = window(text, spans)
    if (start, end) == (0, len(text)):
        return Markup("<blockquote>{}</blockquote>").format(marked(text, spans, tag))
    inside = [(max(a, start) - start, min(b, end) - start, share) for a, b, share in spans if a < end and b > start]
    short = Markup("{}{}{}").format(
        "… " if start else "", marked(text[start:end], inside, tag), " …" if end < len(text) else ""
    )
    return Markup(
        "<details><summary><blockquote>{}</blockquote><span>{}</span></summary><blockquote>{}</blockquote></details>"
    ).format(short, say(lang, "inspect.whole"), marked(text, spans, tag))


def window(text: str, spans: Sequence[Weighed]) -> Range:
    """Return the stretch of about 2 * _AROUND characters, in whole words, whose `spans` weigh most.

    Of equals, the first; a longer span is held up to twice that; a short text is taken as it is.
    """
    if len(text) <= 3 * _AROUND:
        return 0, len(text)
    reach = [sum(share for a, b, share in spans if one <= a and b <= one + 2 * _AROUND) for one, _, _ in spans]
    first, last = spans[reach.index(max(reach))][:2] if spans else (0, 0)
    start = max(0, first - _AROUND // 2)
    end = min(len(text), max(start + 2 * _AROUND, min(last, start + 4 * _AROUND)))
    while 0 < start < first and not text[start - 1].isspace():
        start += 1
    while first < end != last and end < len(text) and not text[end].isspace():
        end -= 1
    return start, end


def marked(text: str, spans: Sequence[Weighed], tag: str) -> Markup:
    """Return `text` with its `spans` (in order, apart) inside <mark> or <u>, as strong as they weigh."""
    pieces, at = [], 0
    for start, end, share in spans:
        word = Markup('<{} style="--share:{}">{}</{}>').format(tag, f"{share:.2f}", text[start:end], tag)
        pieces += [escape(text[at:start]), word]
        at = end
    return Markup("").join([*pieces, escape(text[at:])])
