"""What may be written after a prompt, as a tree that is grown token by token: plain JSON, which a browser can keep.

A tree is {"nodes": [...], ...}; a node is {"parent", "token", "p", "entropy", "rank", "bytes", "end"}. Node 0 is the
prompt. Nothing here changes a tree: it returns another one. It knows no model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.trace import Traced, perplexity
from rag.errors import TreeFull

Tree = dict[str, Any]
Node = dict[str, Any]
MOST = 1200  # nodes: about 120 kB of JSON
LONGEST = 600  # tokens of a finished answer; its branches need room too
_ROOT: Node = {"parent": -1, "token": -1, "p": 1.0, "entropy": 0.0, "rank": 0, "bytes": "", "end": False}
_DIGITS = 9  # that are kept of a probability: a thousand of them multiply to the same six digits


@dataclass(frozen=True)
class Run:
    """Nodes one after the other without a branch between them. `parent` is the number of the run before, or -1."""

    nodes: tuple[int, ...]
    parent: int


def planted(**about: object) -> Tree:
    """Return a tree of the prompt alone; `about` is kept with it."""
    return {**about, "nodes": [dict(_ROOT)]}


def grow(tree: Tree, parent: int, token: Traced) -> tuple[Tree, int]:
    """Return the tree with `token` after node `parent`, and its node; one that is there already is not added again.

    Raises TreeFull.
    """
    nodes: list[Node] = tree["nodes"]
    for number, node in enumerate(nodes):
        if node["parent"] == parent and node["token"] == token.token.id:
            return tree, number
    if len(nodes) >= MOST:
        raise TreeFull(most=MOST)
    return {**tree, "nodes": [*nodes, _node(parent, token)]}, len(nodes)


def grown(tree: Tree, parent: int, tokens: Iterable[Traced]) -> tuple[Tree, int]:
    """Return the tree with one token after the other, and the node of the last."""
    for token in tokens:
        tree, parent = grow(tree, parent, token)
    return tree, parent


def path(tree: Tree, node: int) -> list[int]:
    """Return the nodes from the one after the prompt to `node`; none for the prompt itself."""
    found: list[int] = []
    while node > 0:
        found.append(node)
        node = tree["nodes"][node]["parent"]
    return found[::-1]


def ids(tree: Tree, node: int) -> list[int]:
    """Return the token ids that lead to `node`."""
    return [tree["nodes"][one]["token"] for one in path(tree, node)]


def logprob(tree: Tree, nodes: Sequence[int]) -> float:
    """Return ln p of the nodes together; -inf where one of them cannot be."""
    chances = [tree["nodes"][one]["p"] for one in nodes]
    return math.fsum(map(math.log, chances)) if all(chances) else -math.inf


def probability(tree: Tree, node: int) -> float:
    """Return how probable the text up to `node` is, given the prompt (0..1)."""
    return math.exp(logprob(tree, path(tree, node)))


def perplexity_of(tree: Tree, node: int) -> float:
    """Return the perplexity of the text up to `node`."""
    nodes = path(tree, node)
    return perplexity(logprob(tree, nodes), len(nodes))


def text(tree: Tree, nodes: Sequence[int]) -> str:
    r"""Return what the nodes write; half a letter at the end reads \xc3."""
    return b"".join(bytes.fromhex(tree["nodes"][one]["bytes"]) for one in nodes).decode("utf-8", "backslashreplace")


def next_on(tree: Tree, node: int, leaf: int) -> int:
    """Return the node that comes after `node` on the way to `leaf`; `leaf` itself where it is not on that way."""
    way = [0, *path(tree, leaf)]
    return way[way.index(node) + 1] if node in way[:-1] else leaf


def leaf(tree: Tree, node: int) -> int:
    """Return the end of the branch that goes on from `node`, by the first token that was chosen each time."""
    for number, one in enumerate(tree["nodes"][1:], 1):  # a node comes after its parent
        if one["parent"] == node:
            node = number
    return node


def runs(tree: Tree) -> list[Run]:
    """Return the tree without its prompt, as runs; a run comes after the one that it goes on from."""
    children: dict[int, list[int]] = {}
    for number, node in enumerate(tree["nodes"][1:], 1):
        children.setdefault(node["parent"], []).append(number)
    found: list[Run] = []
    waiting = [(child, -1) for child in reversed(children.get(0, []))]
    while waiting:
        node, before = waiting.pop()
        nodes = [node]
        while len(after := children.get(nodes[-1], [])) == 1:
            nodes += after
        waiting += [(child, len(found)) for child in reversed(children.get(nodes[-1], []))]
        found.append(Run(tuple(nodes), before))
    return found


def read(data: object) -> Tree | None:
    """Return a tree that a browser has kept; None for what is none. `about` is for its owner to look through."""
    nodes = data.get("nodes") if isinstance(data, Mapping) else None
    if not isinstance(data, Mapping) or not isinstance(nodes, list) or not 1 <= len(nodes) <= MOST:
        return None
    if nodes[0] != _ROOT or not all(_is_node(node, number) for number, node in enumerate(nodes[1:], 1)):
        return None
    return dict(data)


def _node(parent: int, token: Traced) -> Node:
    return {
        "parent": parent,
        "token": token.token.id,
        "p": float(f"{token.p:.{_DIGITS}g}"),
        "entropy": round(token.entropy, 4),
        "rank": token.rank,
        "bytes": token.token.bytes.hex(),
        "end": token.end,
    }


def _is_node(node: object, number: int) -> bool:
    """Whether it is a node whose parent comes before it: a way to the prompt then always ends."""
    if not isinstance(node, Mapping) or node.keys() != _ROOT.keys():
        return False
    whole = all(type(node[name]) is int for name in ("parent", "token", "rank"))
    real = all(type(node[name]) in (int, float) and math.isfinite(node[name]) for name in ("p", "entropy"))
    if not whole or not real or type(node["end"]) is not bool:
        return False
    return 0 <= node["parent"] < number and node["token"] >= 0 and 0 <= node["p"] <= 1 and _is_hex(node["bytes"])


def _is_hex(value: object) -> bool:
    if not isinstance(value, str) or len(value) > 2048:
        return False
    try:
        return bytes.fromhex(value).hex() == value
    except ValueError:
        return False
