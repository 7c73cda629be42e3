"""What came of each strategy as HTML: the texts, their figures, the beam's tree. It asks no model.

Texts of a model are data: everything goes through markupsafe.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup

from lab.measures import different, distinct_n, repetition
from lab.strategies import STRATEGIES, Found, Plan
from lab.writing import Tokens, Written
from ui.lab.beam_tree import Named, tree
from ui.lab.charts import WIDTH, line, svg, text
from ui.lab.figure import Cell, figure
from ui.texts import decimal, say

Read = Callable[[Tokens], str]  # tokens as they read


def growing(found: Found, plan: Plan, read: Read, lang: str) -> Markup:
    """Return the texts as far as they are written."""
    texts = {name: _plain(some, read) for name, some in dict(found.growing).items()}
    return _sections(texts, plan, lang)


def _plain(texts: Sequence[Tokens], read: Read) -> list[Markup]:
    return [Markup("<p>{}</p>").format(read(one)) for one in texts]


def results(found: Found, plan: Plan, named: Named, read: Read, lang: str) -> Markup:
    """Return all that has come: figures of what is finished, all texts, and the tree."""
    done = {name: found.written[name] for name in STRATEGIES if found.written.get(name)}
    texts = {
        name: [_text(one, lang) for one in done[name]] if name in done else _plain(found.growing.get(name, ()), read)
        for name in plan.strategies
    }
    parts = [_numbers(done, lang) if done else Markup(""), _sections(texts, plan, lang)]
    if found.beams is not None and found.beams.nodes:
        parts.append(tree(found.beams, named, plan.width, lang))
    return Markup("").join(parts)


# -- the texts -----------------------------------------------------------------------------------------------------


def _sections(texts: Mapping[str, Sequence[Markup]], plan: Plan, lang: str) -> Markup:
    body = Markup("").join(_section(name, texts.get(name, ()), plan, lang) for name in plan.strategies)
    return Markup('<div class="aula-ways">{}</div>').format(body)


def _section(name: str, texts: Sequence[Markup], plan: Plan, lang: str) -> Markup:
    items = Markup("").join(Markup("<li>{}</li>").format(one) for one in texts)
    shown = Markup("<ol>{}</ol>").format(items)
    waiting = Markup('<p class="aula-caption">{}</p>').format(say(lang, "lab.search.waiting"))
    return Markup('<section data-way="{}"><h3>{}</h3><p class="aula-caption">{}</p>{}</section>').format(
        name, title(name, lang), about(name, plan, lang), shown if texts else waiting
    )


def _text(one: Written, lang: str) -> Markup:
    end = say(lang, "lab.search.ended" if one.ended else "lab.search.cut")
    said = say(lang, "lab.search.text_numbers", logprob=decimal(one.logprob, lang), n=len(one.tokens), end=end)
    return Markup('<p>{}</p><p class="aula-caption">{}</p>').format(one.text, said)


def title(name: str, lang: str) -> str:
    """Return a strategy's name for people."""
    return say(lang, f"lab.search.way_{name}")


def about(name: str, plan: Plan, lang: str) -> str:
    """Return in a sentence what a strategy does, with the values that it has."""
    values = {
        "beam": str(plan.width),
        "temperature": decimal(plan.temperature, lang, 2),
        "top_k": str(plan.top_k),
        "top_p": decimal(plan.top_p, lang, 2),
        "min_p": decimal(plan.min_p, lang, 2),
    }
    said = say(lang, f"lab.search.about_{name}", **({"value": values[name]} if name in values else {}))
    return said + _rules(plan, lang) if name == "beam" else said


def _rules(plan: Plan, lang: str) -> str:
    rules = []
    if plan.length_penalty:
        rules.append(say(lang, "lab.search.rule_length", alpha=decimal(plan.length_penalty, lang, 2)))
    if plan.no_repeat_ngram:
        rules.append(say(lang, "lab.search.rule_ngram", n=plan.no_repeat_ngram))
    return "".join(f" {rule}" for rule in rules)


# -- the figures ---------------------------------------------------------------------------------------------------

_HEADS = ("way", "texts", "mean", "best", "per_token", "distinct_1", "distinct_2", "repeated", "different")


def _numbers(done: Mapping[str, Sequence[Written]], lang: str) -> Markup:
    return figure(
        _dots(done, lang),
        [say(lang, f"lab.search.head_{head}") for head in _HEADS],
        [_row(name, texts, lang) for name, texts in done.items()],
        name="search-strategies",
        caption=say(lang, "lab.search.figure"),
        lang=lang,
        digits=2,
        opened=True,
    )


def _row(name: str, texts: Sequence[Written], lang: str) -> list[Cell]:
    tokens = [one.tokens[: len(one.tokens) - one.ended] for one in texts]  # without the one that ends them
    logprobs = [one.logprob for one in texts]
    return [
        title(name, lang),
        len(texts),
        sum(logprobs) / len(texts),
        max(logprobs),
        sum(one.mean for one in texts) / len(texts),
        distinct_n(tokens, 1),
        distinct_n(tokens, 2),
        repetition(tokens),
        different([one.text for one in texts]),
    ]


_SIDE, _END, _TALL = 150.0, 24.0, 30.0


def _dots(done: Mapping[str, Sequence[Written]], lang: str) -> Markup:
    """Return one row for each strategy, with a dot for each text where its log-probability stands."""
    logprobs = [one.logprob for texts in done.values() for one in texts]
    low, high = min(logprobs), max(logprobs)
    high, low = (high, low) if high > low else (high + 1, low - 1)
    foot = len(done) * _TALL

    def place(value: float) -> float:
        return _SIDE + 12 + (value - low) / (high - low) * (WIDTH - _SIDE - _END - 40)

    body: list[Markup] = []
    for part in range(5):
        value = low + (high - low) * part / 4
        body.append(line(place(value), 4, place(value), foot))
        body.append(text(place(value), foot + 16, decimal(value, lang), "middle", "axis"))
    for row, (name, texts) in enumerate(done.items()):
        y = row * _TALL + _TALL / 2 + 2
        body.append(text(_SIDE - 6, y + 4, title(name, lang), "end", "label"))
        body += [_dot(place(one.logprob), y, f"{title(name, lang)}: {decimal(one.logprob, lang)}") for one in texts]
    body.append(text(_SIDE, foot + 34, say(lang, "lab.search.axis"), "start", "axis"))
    return svg("dots", say(lang, "lab.search.figure"), WIDTH, foot + 42, body, least=420)


def _dot(x: float, y: float, said: str) -> Markup:
    return Markup(
        '<circle class="dot line-0" fill-opacity="0.6" cx="{:.1f}" cy="{:.1f}" r="6"><title>{}</title></circle>'
    ).format(x, y, said)
