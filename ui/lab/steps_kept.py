"""The trees that a browser keeps for the Steps panel, so that branches are there after a reload; no components.

What a browser gives back may be anything, also what another person has left there.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from lab import tree as trees
from lab.tree import Tree

MOST = 8  # trees besides the one that is open
LONGEST = 1_000_000  # characters of JSON: a browser keeps a few million in all
_TEXTS = ("id", "owner", "title", "model")


def planted(owner: str, title: str, model: str, prompt: Mapping[str, Any], cut: bool = False) -> Tree:
    """Return a tree of a prompt ({"text"} or {"messages", "begin"}); `cut`: its answer was too long to be all there."""
    key = secrets.token_hex(4)
    return trees.planted(id=key, owner=owner, title=title, model=model, prompt=dict(prompt), cut=cut, at=0, look=0)


def open_tree(data: object, owner: str) -> Tree | None:
    """Return the tree that lies open in this browser, if it is one and the owner's."""
    tree = trees.read(data)
    if tree is None or not all(isinstance(tree.get(name), str) for name in _TEXTS) or tree["owner"] != owner:
        return None
    places = (tree.get("at"), tree.get("look"), tree.get("answer", 0))  # an older Aula did not say what is an answer
    if not all(type(place) is int and 0 <= place < len(tree["nodes"]) for place in places):
        return None
    return tree if _is_prompt(tree.get("prompt")) else None


def others(data: object, owner: str) -> list[Tree]:
    """Return the trees that were put away in this browser, the last one first."""
    listed = data[:MOST] if isinstance(data, list) else []
    return [tree for one in listed if (tree := open_tree(one, owner)) is not None]


def put_away(kept: Sequence[Tree], tree: Tree | None) -> list[Tree]:
    """Return the kept trees with one more before them; the oldest go where they are too many or too long.

    One that was not grown is not kept: a prompt alone, or a finished answer, which can be handed over again.
    """
    found = [one for one in kept if tree is None or one["id"] != tree["id"]]
    if tree is not None and len(tree["nodes"]) > 1 + tree.get("answer", 0):
        found = [tree, *found]
    found = found[:MOST]
    while found and len(json.dumps(found)) > LONGEST:
        found.pop()
    return found


def same(kept: Sequence[Tree], model: str, prompt: Mapping[str, Any], answer: Sequence[int]) -> Tree | None:
    """Return the tree that a model's finished answer (token ids) to a prompt lies in already, if one of them is it."""
    for tree in kept:
        tokens = [node["token"] for node in tree["nodes"][1 : 1 + tree.get("answer", 0)]]
        if (tree["model"], tree["prompt"], tokens) == (model, prompt, list(answer)):
            return tree
    return None


def _is_prompt(prompt: object) -> bool:
    if not isinstance(prompt, Mapping):
        return False
    messages = prompt.get("messages")
    if messages is None:
        return isinstance(prompt.get("text"), str)
    return isinstance(messages, list) and isinstance(prompt.get("begin"), str) and all(map(_is_message, messages))


def _is_message(one: object) -> bool:
    return isinstance(one, Mapping) and all(isinstance(one.get(name), str) for name in ("role", "content"))
