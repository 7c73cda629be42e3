"""A text that no model was taught with, and how many bits a model needs for it. It knows no page and no document.

Models cut text differently, so a perplexity per token cannot be compared between them. Bits can: they are a property of
the text and the model alone (Shannon 1951, "Prediction and Entropy of Printed English"; Gao et al. 2020, "The Pile").
"""

from __future__ import annotations

import math
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from lab.distribution import log_softmax
from rag.errors import TextTooShort

if TYPE_CHECKING:
    from rag.llama.sequences import Progress, Row
    from rag.llm import LlamaChat

LONGEST = 1_000_000  # characters that are read of a text
HELD, SHARE, LEAD = 250, 0.2, 40  # words held out at most, the share of a short text, the words read before them
FEWEST = 120  # words of a text that is cut in two
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class CodeLength:
    """What a text costs: `bits` = -sum log2 p. `bytes` are those of its UTF-8, `words` do not count its marks."""

    bits: float
    bytes: int
    words: int

    @property
    def bits_per_byte(self) -> float:
        """The bits for one byte."""
        return self.bits / self.bytes

    @property
    def perplexity(self) -> float:
        """The perplexity per word: among so many equally likely words it is unsure, on average."""
        return float(2.0 ** min(1000.0, self.bits / max(1, self.words)))


@dataclass(frozen=True)
class Cut:
    """A text in two: `taught` is counted, `held` is not; `lead` is the end of `taught`, which models read before it."""

    taught: str
    lead: str
    held: str


def count_words(text: str) -> int:
    """Return how many words a text has."""
    return len(_WORD.findall(text))


def plain(text: str) -> str:
    """Return a text in one line: how it was laid out is nobody's merit."""
    return " ".join(text[:LONGEST].split())


def cut(text: str) -> Cut:
    """Hold out the end of a text: its last fifth, at most HELD words. Raises TextTooShort."""
    line = plain(text)
    words = list(_WORD.finditer(line))
    if len(words) < FEWEST:
        raise TextTooShort(words=FEWEST)
    held = len(words) - min(HELD, int(SHARE * len(words)))
    lead, end = _before(line, words, held - LEAD), _before(line, words, held)
    return Cut(line[:end], line[lead:end].lstrip(), line[end:])


def _before(line: str, words: Sequence[re.Match[str]], number: int) -> int:
    """Return where a word begins: at the blank before it and its opening marks, where there is one."""
    begin = words[number].start()
    blank = line.rfind(" ", words[number - 1].end(), begin)
    return blank if blank >= 0 else begin


def model_code_length(
    chat: LlamaChat,
    lead: str,
    text: str,
    cancel: threading.Event | None = None,
    told: Progress | None = None,
) -> CodeLength:
    """Return what `text` takes after `lead` by a language model's raw distribution, in one pass.

    A token that has a part of both counts as the lead's, with its bytes. Raises what `Sequences.score` raises.
    """
    tokens, start = after_lead(chat, lead, text)
    size = len(text.encode("utf-8"))
    costs = chat.sequences.score(tokens, start, lambda place, row: _cost(row, tokens[place]), cancel, told)
    bits = math.fsum(costs) * size / sum(len(chat.vocabulary.piece(one)) for one in tokens[start:])
    return CodeLength(bits, size, count_words(text))


def after_lead(chat: LlamaChat, lead: str, text: str) -> tuple[list[int], int]:
    """Return the tokens of `lead` and `text`, and the place of the first that is the text's alone.

    They begin as the model wants a text to begin: with its own token for that, or with none.
    """
    tokens = chat.encode_text(lead + text)
    ends = list(accumulate(len(chat.vocabulary.piece(one)) for one in tokens))
    free = ends[-1] - len(text.encode("utf-8"))  # bytes that nothing is asked for
    return tokens, next(place for place in range(1, len(tokens)) if ends[place - 1] >= free)


def _cost(row: Row, token: int) -> float:
    return float(-log_softmax(row)[token] / math.log(2.0))
