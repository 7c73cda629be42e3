"""Moves through a tree with a model at hand: a token on, a token back, another one instead, one by chance.

`look` is the node after which one looks, `at` the end of the branch that is shown. It knows no page.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab import tree as trees
from lab.distribution import Distribution
from lab.sampler import Settings, draw
from lab.trace import ahead, chosen, scores, trace
from lab.tree import Tree
from rag.errors import BadOption, EmptyQuestion, NoAnswerYet
from rag.said import chat_messages

if TYPE_CHECKING:
    from rag.llama.sequences import Progress
    from rag.llm import LlamaChat

MOVES = ("next", "chance", "take", "back", "at", "node")


def prompt_tokens(chat: LlamaChat, prompt: Mapping[str, object]) -> list[int]:
    """Return the tokens of {"text"} to be gone on with, or of {"messages", "begin"}. Raises EmptyQuestion."""
    text, said = prompt.get("text"), prompt.get("messages")
    if isinstance(said, list) and said:
        return chat.encode(chat_messages(said), str(prompt.get("begin") or ""))
    if not str(text or "").strip():
        raise EmptyQuestion
    return chat.encode_text(str(text))


@dataclass(frozen=True)
class Walk:
    """A tree, the model that it was grown with, and the tokens of its prompt. Every move is one step of the model.

    All of its methods raise QuestionTooLong, ModelNotReady, Cancelled, and TreeFull where the tree grows.
    """

    chat: LlamaChat
    prompt: list[int]
    cancel: threading.Event | None = None
    told: Progress | None = None

    def ahead(self, tree: Tree, k: int) -> Distribution:
        """Return what may come at the place that is looked at."""
        return ahead(self.chat, self._tokens(tree), k, self.cancel, self.told)

    def moved(self, tree: Tree, move: str, value: int = 0) -> Tree:
        """Return the tree after one of MOVES. `value`: a token for "take", a node for "at" and "node".

        "at" looks at the place where a node was chosen; "node" goes behind it. Raises BadOption.
        """
        look = int(tree["look"])
        if move == "back":
            return tree | {"look": max(0, tree["nodes"][look]["parent"])}
        if move in ("at", "node"):
            return _seen(tree, value, behind=move == "node")
        if move not in MOVES:
            raise BadOption(option="move", allowed=", ".join(MOVES))
        onward = trees.next_on(tree, look, int(tree["at"]))
        if move == "next" and onward != look:
            return tree | {"look": onward}
        return tree if tree["nodes"][look]["end"] else self._grown(tree, self._chosen(tree, move, value))

    def answered(self, tree: Tree, answer: list[int]) -> Tree:
        """Return the tree with a finished answer in it, looked at from its end.

        `tree` is a prompt alone; the nodes 1 to `answer` are the answer's then. Raises NoAnswerYet.
        """
        if not answer:
            raise NoAnswerYet
        found = trace(self.chat, self.prompt, answer, 0, self.cancel, self.told)
        tree, leaf = trees.grown(tree, 0, found.tokens)
        return tree | {"at": leaf, "look": leaf, "answer": len(answer)}

    def _tokens(self, tree: Tree) -> list[int]:
        return [*self.prompt, *trees.ids(tree, int(tree["look"]))]

    def _chosen(self, tree: Tree, move: str, value: int) -> int:
        if move == "take":
            if not 0 <= value < self.chat.vocabulary.size:
                raise BadOption(option="token", allowed=f"0 – {self.chat.vocabulary.size - 1}")
            return value
        row = scores(self.chat, self._tokens(tree), self.cancel, self.told)
        if move == "chance":
            return draw(row, Settings(), [], np.random.default_rng())
        return int(np.argmax(row))

    def _grown(self, tree: Tree, token: int) -> Tree:
        row = scores(self.chat, self._tokens(tree), self.cancel, self.told)
        tree, node = trees.grow(tree, int(tree["look"]), chosen(row, self.chat.vocabulary, token, 0))
        return _seen(tree, node, behind=True)


def _seen(tree: Tree, node: int, behind: bool) -> Tree:
    """Return the tree looked at before or behind a node; the branch that is shown stays where the node is on it."""
    if not 0 <= node < len(tree["nodes"]):
        raise BadOption(option="node", allowed=f"0 – {len(tree['nodes']) - 1}")
    shown = [0, *trees.path(tree, int(tree["at"]))]
    leaf = tree["at"] if node in shown else trees.leaf(tree, node)
    return tree | {"at": leaf, "look": node if behind else max(0, tree["nodes"][node]["parent"])}
