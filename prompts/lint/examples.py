"""Worked examples in a prompt, as turns of their own or as labelled lines, and whether they share one shape."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from prompts.lint.text import Draft, Finding, Text, edited, finding, shot_texts
from prompts.words import Said
from rag.lexical import fold

# Possessive (*+), here and below: a run of blanks is read once, however long.
_LABEL = re.compile(
    r"^[ \t]*\**(?P<label>[^\W\d_](?:[^\W_]|[ '’/-]){0,30}?)[ \t]*+(?P<number>\d{0,3})\**+[ \t]*+:\**(?=\s|$)[ \t]*",
    re.MULTILINE,
)
_ARROW = re.compile(
    r"^[ \t]*(?P<asked>\S(?:.*?\S)??)[ \t]*+(?:->|=>|→|//)[ \t]*(?P<answered>\S(?:.*\S)?)[ \t]*$", re.MULTILINE
)
_RULE = re.compile(r"^[ \t]*[#=*~_-]{2,}[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Piece:
    """A labelled line: the label's place without its number, and the place of what it labels."""

    label: tuple[int, int]
    number: str
    value: tuple[int, int]


@dataclass(frozen=True)
class Example:
    """`asked` and `answered` are texts, `place` is where the answer stands, `pieces` are its lines if labelled."""

    asked: str
    answered: str
    place: tuple[int, int]
    pieces: tuple[Piece, ...] = ()


def shots_text(draft: Draft) -> Text:
    """Return the examples that are turns of their own as one text (see Finding)."""
    return Text("examples", "\n".join(text for _, text in shot_texts(draft.prompt)))


def examples(draft: Draft) -> Iterator[tuple[Text, list[Example]]]:
    """Yield each part that has examples with them, those written into the system or the request as well."""
    texts = list(shot_texts(draft.prompt))
    if texts:
        pairs = zip(texts[::2], texts[1::2], strict=True)
        yield shots_text(draft), [Example(a, b, (start, start + len(b))) for (_, a), (start, b) in pairs]
    for text in draft.spoken:
        if found := examples_in(text):
            yield text, found


def examples_in(text: Text) -> list[Example]:
    """Return the examples written into a text: labels that come again ("Q: … A: …"), or lines with an arrow."""
    raw = text.raw
    done = [block for block in blocks(raw) if len(block) > 1 and _value(raw, block[-1]) and not _open(raw, block)]
    if done:
        return [
            Example(raw[slice(*block[0].value)].strip(), _value(raw, block[-1]), block[-1].value, tuple(block))
            for block in done
        ]
    arrows = [match for match in _ARROW.finditer(raw) if "{{" not in match.group()]
    if len(arrows) < 2:
        return []
    return [Example(match["asked"], match["answered"], match.span("answered")) for match in arrows]


def blocks(raw: str) -> list[list[Piece]]:
    """Return the labelled lines, cut where the first label that comes again does; empty where none does."""
    matches = list(_LABEL.finditer(raw))
    names = [fold(match["label"]) for match in matches]
    opener = next((name for name in names if names.count(name) > 1), None)
    if opener is None:
        return []
    found: list[list[Piece]] = []
    for n, (name, match) in enumerate(zip(names, matches, strict=True)):
        end = matches[n + 1].start() if n + 1 < len(matches) else len(raw)
        piece = Piece(match.span("label"), match["number"], _trimmed(raw, match.end(), end))
        if name == opener:
            found.append([piece])
        elif found:
            found[-1].append(piece)
    return found


def _trimmed(raw: str, start: int, end: int) -> tuple[int, int]:
    """Return the place of a value without the line of signs that may part it from the next example."""
    rule = _RULE.search(raw, start, end)
    kept = raw[start : rule.start() if rule else end].rstrip()
    return start, start + len(kept)


def _value(raw: str, piece: Piece) -> str:
    return raw[slice(*piece.value)].strip()


def _open(raw: str, block: Sequence[Piece]) -> bool:
    """Tell whether a block is the request itself: it has a variable."""
    return any("{{" in raw[slice(*piece.value)] for piece in block)


def shape(draft: Draft) -> Iterator[Finding]:
    """Find examples that are not like the others: labels, separators, form, endings, capitals.

    The shape of examples is what a model copies first (Min et al. 2022; Sclar et al. 2024).
    """
    for text, found in examples(draft):
        yield from _labels(draft, text)
        yield from _separators(text)
        answers = [one for one in found if one.answered]
        for trait, what in ((_form, "form"), (_prefix, "prefix"), (_ending, "ending"), (_capital, "capital")):
            odd = _odd(answers, trait)
            if odd is not None:
                new = _like(odd.answered, what, answers)
                start = odd.place[0]
                span = (start, start + len(odd.answered))
                fixed = edited(draft.prompt, text.part, *span, new) if new else None
                yield finding("shape", text, span, fixed, wanted=Said(f"lint.shape_{what}"))
                break


def _odd(found: Sequence[Example], trait: Callable[[str], Hashable | None]) -> Example | None:
    """Return the first example whose trait is not that of most; where they are level, the later one is odd."""
    traits = [(one, trait(one.answered)) for one in found]
    known = [value for _, value in traits if value is not None]
    if len(set(known)) < 2:
        return None
    usual = Counter(known).most_common(1)[0][0]
    return next(one for one, value in traits if value not in (None, usual))


def _form(answer: str) -> str:
    if answer[0] in "{[":
        return "json"
    return "list" if re.match(r"(?:[-*•]|\d+[.)])\s", answer) else "text"


def _prefix(answer: str) -> str:
    match = _LABEL.match(answer)
    return fold(match["label"]) if match else ""


def _ending(answer: str) -> bool | None:
    last = answer[-1]
    return None if last in "!?…" or _form(answer) != "text" else last == "."


def _capital(answer: str) -> bool | None:
    """Whether an answer of one word begins with a capital; longer ones begin with whatever they speak of."""
    return answer[0].isupper() if answer.isalpha() else None


def _like(answer: str, what: str, found: Sequence[Example]) -> str:
    """Return the odd answer in the shape of the others, or "" where a person has to see to it."""
    if what == "ending":
        return answer.rstrip(".") if answer[-1] == "." else f"{answer}."
    if what == "capital":
        return answer[0].swapcase() + answer[1:]
    if what == "prefix":
        usual = next(one.answered for one in found if _prefix(one.answered) != _prefix(answer))
        label = _LABEL.match(usual)
        bare = answer[match.end() :] if (match := _LABEL.match(answer)) else answer
        return (label.group() if label else "") + bare
    return ""


def _labels(draft: Draft, text: Text) -> Iterator[Finding]:
    """Find a label that is not the one that the other examples have in its place."""
    raw = text.raw
    found = [block for block in blocks(raw) if len(block) > 1] if text.part != "examples" else []
    for column in range(max(map(len, found), default=0) if len(found) > 1 else 0):
        pieces = [block[column] for block in found if len(block) > column]
        names = [(fold(raw[slice(*piece.label)]), bool(piece.number)) for piece in pieces]
        usual = Counter(names).most_common(1)[0][0]
        odd = next((piece for piece, name in zip(pieces, names, strict=True) if name != usual), None)
        if odd is None:
            continue
        model = raw[slice(*pieces[names.index(usual)].label)]
        fixed = edited(draft.prompt, text.part, *odd.label, model) if bool(odd.number) == usual[1] else None
        yield finding("shape", text, odd.label, fixed, wanted=Said("lint.shape_label", {"label": model}))
        return


def _separators(text: Text) -> Iterator[Finding]:
    """Find a gap between two examples without the line of signs that the other gaps have."""
    found = blocks(text.raw) if text.part != "examples" else []
    gaps = [(one[-1].value[1], other[0].label[0]) for one, other in pairwise(found)]
    ruled = [bool(_RULE.search(text.raw, *gap)) for gap in gaps]
    if len(set(ruled)) > 1:
        bare = found[ruled.index(False) + 1][0]
        yield finding("shape", text, bare.label, wanted=Said("lint.shape_separator"))
