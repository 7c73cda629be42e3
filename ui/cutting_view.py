"""How a page is cut into passages, in colours, as HTML. It saves nothing and cuts nothing itself."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from rag.chunking import Span, stretches
from rag.preview import Preview
from ui.texts import count, grouped, say


def preview(found: Preview, lang: str) -> str:
    """Return a page's text with its passages coloured by turns, and what stands in two of them hatched."""
    spans = found.spans
    if not spans:
        return str(Markup('<p class="aula-empty">{}</p>').format(say(lang, "cut.no_text")))
    parts = Markup("").join(
        _stretch(found.text[one.start : one.end], one.chunks, _begun(spans, one.start), lang)
        for one in stretches(spans, len(found.text))
    )
    told = say(
        lang,
        "cut.summary" if found.exact else "cut.summary_estimated",
        passages=count(lang, "docs.chunks", len(spans)),
        longest=grouped(found.longest, lang),
        shared=grouped(found.shared, lang),
    )
    return str(
        Markup(
            '<p class="aula-caption" role="status">{}</p><div class="aula-cut-page" tabindex="0" role="region" '
            'aria-label="{}">{}</div>'
        ).format(told, say(lang, "cut.title"), parts)
    )


def _begun(spans: Sequence[Span], start: int) -> list[int]:
    return [number for number, span in enumerate(spans, start=1) if span.start == start]


def _stretch(text: str, chunks: Sequence[int], begun: Sequence[int], lang: str) -> Markup:
    marks = Markup("").join(
        Markup('<b class="aula-cut-mark" aria-label="{}">{}</b>').format(say(lang, "cut.begins", n=n), n) for n in begun
    )
    if not chunks:
        return Markup("{}{}").format(marks, text)
    kind = "shared" if len(chunks) > 1 else ("odd", "even")[chunks[0] % 2]
    return Markup('{}<span class="aula-cut {}">{}</span>').format(marks, kind, text)
