"""What the Steps panel shows, as HTML: the text as tokens, what may come next, the branches that are kept.

It draws what it is given and asks no model. Texts of models and people are data: markupsafe escapes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from lab import tree as trees
from lab.tokens import visible
from lab.tree import Tree
from ui.components import button
from ui.lab.figure import Cell
from ui.texts import count, decimal, say

# What may come after a node: {"tree", "look", "top": [{"token", "bytes", "p", "rank", "end"}], "entropy"}, and how it
# was shown: {"drawn": a nonce, new when a move has ended, "k", "colour", "held": another tree is on its way}.
Seen = dict[str, Any]
_BEFORE = 240  # characters of the prompt that are shown before the text
_CLOSED, _OPEN = 1.0, 4.0  # bits: up to here the choice was clear; from here on it was wide open


def path(tree: Tree, colour: str, lang: str) -> Markup:
    """Return the text that is looked at, each token a button with its probability or entropy below it."""
    look, leaf = int(tree["look"]), int(tree["at"])
    way = trees.path(tree, leaf)
    here = way.index(look) + 1 if look in way else 0
    parts = [_token(tree, node, colour, place >= here, lang) for place, node in enumerate(way)]
    mark = Markup('<span class="aula-cursor" aria-hidden="true"></span>')
    parts.insert(here, mark)
    before = shown_prompt(tree)
    said = Markup('<span class="aula-before">{}</span>').format(before) if before else Markup("")
    return Markup('<p class="aula-path">{}{}</p>').format(said, Markup("").join(parts))


def shown_prompt(tree: Tree) -> str:
    """Return the end of what stands before the text, cut between two words where it is long."""
    prompt = tree["prompt"]
    messages = prompt.get("messages") or [{"content": ""}]
    whole = str(prompt.get("text") or f"{messages[-1]['content']}\n\n{prompt.get('begin', '')}")
    if len(whole) <= _BEFORE:
        return whole
    _, *words = re.split(r"(?<=\s)(?=\S)", whole[-_BEFORE - 1 :], maxsplit=1)  # a word that begins there stays whole
    return "… " + (words[0] if words else whole[-_BEFORE:])


def _token(tree: Tree, number: int, colour: str, later: bool, lang: str) -> Markup:
    node = tree["nodes"][number]
    said = label(node, lang)
    below = chance(node["p"], lang) if colour == "p" else bits(node["entropy"], lang)
    name = say(lang, "lab.steps.token", token=said, p=chance(node["p"], lang), bits=bits(node["entropy"], lang))
    kind = f"{level(node, colour)}{' later' if later else ''}"
    broken = Markup("<br>") * min(2, bytes.fromhex(node["bytes"]).count(b"\n"))
    return Markup(
        '<button type="button" class="aula-step {}" data-do="at" data-id="{}" aria-label="{}" title="{}">'
        "<span>{}</span><small>{}</small></button>{}"
    ).format(kind, number, name, name, said, below, broken)


def label(node: Mapping[str, Any], lang: str) -> str:
    """Return a node's token as it is shown: white space to be seen, and what ends an answer in words."""
    if node["end"]:
        return say(lang, "lab.steps.end")
    return visible(bytes.fromhex(node["bytes"]).decode("utf-8", "backslashreplace"))


def level(node: Mapping[str, Any], colour: str) -> str:
    """Return how a token is coloured: "sure", "open" or "rare"; beside it always stands the number."""
    if colour == "p":
        return "sure" if node["p"] >= 0.5 else "open" if node["p"] >= 0.1 else "rare"
    return "sure" if node["entropy"] < _CLOSED else "open" if node["entropy"] < _OPEN else "rare"


def chance(p: float, lang: str) -> str:
    """Return a probability for people: 34 %, 0.2 %, 3·10⁻⁷."""
    if p >= 0.1:
        shown = decimal(100 * p, lang, 0)
    elif p >= 0.0005:
        shown = decimal(100 * p, lang)
    else:
        return power(math.log(p), lang) if p > 0 else "0"
    return f"{shown} %" if lang == "es" else f"{shown}%"


def power(logarithm: float, lang: str) -> str:
    """Return e to the `logarithm` as 3.1·10⁻⁷."""
    exponent = math.floor(logarithm / math.log(10))
    digits = math.exp(logarithm - exponent * math.log(10))
    if f"{digits:.1f}" == "10.0":
        digits, exponent = 1.0, exponent + 1
    return f"{decimal(digits, lang)}·10{str(exponent).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def bits(entropy: float, lang: str) -> str:
    """Return an entropy for people."""
    return say(lang, "lab.steps.bits", n=decimal(entropy, lang))


def figures(tree: Tree, lang: str) -> Markup:
    """Return the probability of the text up to the place that is looked at; empty at its beginning."""
    look = int(tree["look"])
    nodes = trees.path(tree, look)
    if not nodes:
        return Markup('<p class="aula-stats">{}</p>').format(say(lang, "lab.steps.first"))
    logarithm = trees.logprob(tree, nodes)
    whole = chance(math.exp(logarithm), lang) if logarithm > -700 else power(logarithm, lang)
    said = say(
        lang,
        "lab.steps.figures",
        tokens=count(lang, "lab.steps.tokens", len(nodes)),
        p=whole if math.isfinite(logarithm) else "0",
        ln=decimal(logarithm, lang, 2),
        perplexity=decimal(trees.perplexity_of(tree, look), lang, 2),
    )
    return Markup('<p class="aula-stats" role="status">{}</p>').format(said)


def choices(tree: Tree, seen: Seen | None, k: int, lang: str) -> Markup:
    """Return the `k` most probable next tokens as buttons with a bar each, and what all the others have."""
    if seen is None or seen.get("look") != tree["look"] or seen.get("tree") != tree["id"]:
        return Markup('<p class="aula-caption">{}</p>').format(say(lang, "lab.steps.go_on"))
    following = trees.next_on(tree, int(tree["look"]), int(tree["at"]))
    written = tree["nodes"][following] if following != tree["look"] else None
    rows: list[Mapping[str, Any]] = seen["top"][:k]
    listed = [_choice(row, written, lang) for row in rows]
    if written is not None and written["token"] not in [row["token"] for row in rows]:
        listed.append(_choice(written, written, lang))
    title = say(lang, "lab.steps.instead", token=label(written, lang)) if written else say(lang, "lab.steps.next")
    rest = max(0.0, 1.0 - math.fsum(float(row["p"]) for row in rows))
    width = say(lang, "lab.steps.width", bits=bits(seen["entropy"], lang), n=decimal(2.0 ** seen["entropy"], lang))
    return Markup('<h4>{}</h4><ol class="aula-choices">{}</ol><p class="aula-caption">{} {}</p>').format(
        title, Markup("").join(listed), say(lang, "lab.steps.others", p=chance(rest, lang)), width
    )


def _choice(row: Mapping[str, Any], written: Mapping[str, Any] | None, lang: str) -> Markup:
    taken = written is not None and written["token"] == row["token"]
    note = Markup(" <em>{}</em>").format(say(lang, "lab.steps.taken")) if taken else Markup("")
    name = say(lang, "lab.steps.take", token=label(row, lang), p=chance(row["p"], lang), rank=row["rank"])
    return Markup(
        '<li><button type="button" class="aula-choice{}" data-do="take" data-id="{}" aria-label="{}">'
        '<span class="aula-rank">{}</span><span class="aula-piece">{}{}</span><span class="aula-chance">{}</span>'
        '<span class="aula-share" aria-hidden="true"><span style="width:{}%"></span></span></button></li>'
    ).format(
        " taken" if taken else "",
        row["token"],
        name,
        row["rank"],
        label(row, lang),
        note,
        chance(row["p"], lang),
        f"{100 * row['p']:.1f}",
    )


def stage(tree: Tree | None, seen: Seen | None, k: int, colour: str, lang: str, focus: str = "") -> str:
    """Return the panel's stage; `focus`: a nonce when the keyboard is to be here now.

    While another tree is on its way there is nothing to press.
    """
    if tree is None:
        return str(Markup('<p class="aula-empty">{}</p>').format(say(lang, "lab.steps.empty")))
    title = say(lang, "lab.steps.of", title=tree["title"], model=tree["model"])
    cut = Markup('<p class="aula-note">{}</p>').format(say(lang, "lab.steps.cut", n=trees.LONGEST))
    how = seen or {}
    held = bool(how.get("held"))
    return str(
        Markup(
            '<section class="aula-walk" tabindex="0" aria-label="{}" data-focus="{}" data-drawn="{}"{}>'
            '<p class="aula-caption">{}</p>{}{}{}{}{}{}</section>'
        ).format(
            say(lang, "lab.steps.stage"),
            focus,
            how.get("drawn", ""),
            Markup(" inert") if held else "",
            title,
            cut if tree.get("cut") else Markup(""),
            path(tree, colour, lang),
            _legend(tree, colour, lang),
            figures(tree, lang),
            Markup("") if held else _moves(tree, lang),
            Markup("") if held else choices(tree, seen, k, lang),
        )
    )


def _legend(tree: Tree, colour: str, lang: str) -> Markup:
    if len(tree["nodes"]) < 2:
        return Markup("")
    keys = Markup("").join(
        Markup('<span class="aula-step-key {}" aria-hidden="true"></span>{} ').format(
            kind, say(lang, f"lab.steps.key_{colour}_{kind}")
        )
        for kind in ("sure", "open", "rare")
    )
    return Markup('<p class="aula-stats">{}</p>').format(keys)


def _moves(tree: Tree, lang: str) -> Markup:
    buttons = [
        button(say(lang, "lab.steps.back"), "back"),
        button(say(lang, "lab.steps.forward"), "next", kind="primary"),
        button(say(lang, "lab.steps.chance"), "chance"),
    ]
    ended = Markup("")
    if tree["nodes"][int(tree["look"])]["end"]:
        ended = Markup('<p class="aula-note">{}</p>').format(say(lang, "lab.steps.ended"))
    return Markup('<div class="aula-actions">{}</div>{}').format(Markup("").join(buttons), ended)


def rows(tree: Tree, lang: str) -> list[list[Cell]]:
    """Return every node of the tree as a row of the table: number, parent, token, id, p, ln p, entropy, rank, ..."""
    marked = set(trees.path(tree, int(tree["at"])))
    found: list[list[Cell]] = []
    together = [0.0]
    for number, node in enumerate(tree["nodes"][1:], 1):
        logarithm = math.log(node["p"]) if node["p"] > 0 else -math.inf
        together.append(together[node["parent"]] + logarithm)
        shown = say(lang, "lab.steps.yes") if number in marked else ""
        cells: list[Cell] = [str(number), str(node["parent"]), label(node, lang), int(node["token"]), float(node["p"])]
        found.append([*cells, logarithm, float(node["entropy"]), int(node["rank"]), together[-1], shown])
    return found


def kept_list(kept: Sequence[Tree], lang: str) -> str:
    """Return the trees that this browser keeps, to be opened again."""
    if not kept:
        return ""
    listed = Markup("").join(_kept(tree, lang) for tree in kept)
    return str(
        Markup('<h4>{}</h4><ul class="aula-rows">{}</ul>').format(say(lang, "lab.steps.kept", n=len(kept)), listed)
    )


def _kept(tree: Tree, lang: str) -> Markup:
    title = str(tree["title"])
    facts = f"{tree['model']} · {count(lang, 'lab.steps.tokens', len(tree['nodes']) - 1)}"
    return Markup(
        '<li class="aula-row"><div><span class="aula-name">{}</span> <span class="aula-meta">{}</span></div>'
        '<div class="aula-actions">{}{}</div></li>'
    ).format(
        title,
        facts,
        button(say(lang, "lab.steps.open"), "open", tree["id"], label=say(lang, "lab.steps.open_name", name=title)),
        button(
            say(lang, "lab.steps.forget"),
            "forget",
            tree["id"],
            label=say(lang, "lab.steps.forget_name", name=title),
            kind="quiet",
        ),
    )
