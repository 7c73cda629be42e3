"""Rows of scores that were read, kept for drawing them again without asking the model. It knows no page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rag.llama.sequences import Progress, Row
    from rag.llm import LlamaChat

_MOST = 24  # 15 MB where there are 150,000 tokens, and most often the very rows that the model's own memory holds
_Key: TypeAlias = tuple[str, tuple[int, ...]]


class KeptRows:
    """The last rows that were looked at, by model and tokens. Safe to use from several threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._rows: OrderedDict[_Key, Row] = OrderedDict()
        self._lock = threading.Lock()

    def kept(self, model: str, tokens: Sequence[int]) -> Row | None:
        """Return what is kept of a model by its name, or None; the model is not asked, nor loaded."""
        key = (model, tuple(tokens))
        with self._lock:
            if key in self._rows:
                self._rows.move_to_end(key)
            return self._rows.get(key)

    def row(
        self,
        chat: LlamaChat,
        tokens: Sequence[int],
        cancel: threading.Event | None = None,
        told: Progress | None = None,
    ) -> Row:
        """Return the (vocabulary,) logits after `tokens`, read-only; the model is only asked when they are not kept.

        Raises what `Sequences.after` raises.
        """
        key = (chat.model, tuple(tokens))
        found = self.kept(*key)
        if found is None:
            found = chat.sequences.after(tokens, cancel, told)
        with self._lock:
            self._rows[key] = found
            self._rows.move_to_end(key)
            while len(self._rows) > _MOST:
                self._rows.popitem(last=False)
        return found
