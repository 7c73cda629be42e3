"""What the model has read: its key-value memory, and which tokens are in it. Knows no text and no messages."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import llama_cpp.llama_cpp as api
import numpy as np

from rag.errors import ModelNotReady
from rag.llama.native import Handles
from rag.llama.sampling import Sampler
from rag.llama.shelf import LONGEST, WORTH, Kept, Shelf

# Tokens read in one step. Measured on two cores with a 1.5 B model: 162, 172, 173, 171 tokens/s at 64, 128, 256 and
# 512; the working memory grows with it.
BATCH = 256
# Matrix kernels take four rows at a time and the rest, or a single row, one by one, which rounds differently. When
# every step of a prompt begins at a multiple of this and is no shorter, each token goes through the same kernel
# wherever the reading begins, and a reused prefix does not change the answer.
ALIGN = 8
_POLL_S = 0.05
_ABORTED = 2  # llama_decode's own code


def _is_set_function() -> Callable[[ctypes.c_void_p], bool]:
    """Return the native function that tells llama.cpp to stop: C's strlen, called with a one-character text.

    It is asked hundreds of times a token. A Python function would take the interpreter's lock each time and wait for
    every other thread of the app; strlen of "" is 0, of "x" is not, and needs no lock.
    """
    library = "msvcrt" if sys.platform == "win32" else None
    return ctypes.cast(ctypes.CDLL(library).strlen, api.ggml_abort_callback)


def steps(tokens: Sequence[int], most: int = BATCH) -> Iterator[Sequence[int]]:
    """Cut what is left of a prompt into steps of at most `most` tokens, none of them (but a lone one) too short."""
    done = 0
    while done < len(tokens):
        rest = len(tokens) - done
        size = most - ALIGN if 0 < rest - most < ALIGN else min(most, rest)
        yield tokens[done : done + size]
        done += size


def shared(tokens: Sequence[int], held: Sequence[int]) -> int:
    """Return how many tokens of a prompt need not be read again: a multiple of ALIGN, and some are always left."""
    same = 0
    limit = min(len(tokens) - ALIGN, len(held))
    while same < limit and tokens[same] == held[same]:
        same += 1
    return max(0, same - same % ALIGN)


class Context:
    """One sequence of tokens in the model's memory. Native memory is touched only under a lock that `close` takes.

    The beginnings of a few other prompts stay beside it as sequences of their own (rag.llama.shelf), so that a short
    question in between does not make the long fixed part be read again.
    """

    def __init__(self, handles: Handles) -> None:
        self._handles = handles
        self._memory = api.llama_get_memory(handles.context)
        self._native = threading.Lock()
        self._closed = False
        self._held: list[int] = []
        self._shelf = Shelf()
        self._settled = 0  # how many of them, from the start, were read as prompt and not one by one as answer
        self._is_set = _is_set_function()
        self._flag = ctypes.create_string_buffer(2)
        self.size = api.llama_n_ctx(handles.context) - handles.spare
        self._arm(self._flag)

    def close(self) -> None:
        """Free the memory at once; a generation under way ends at its next step."""
        self._closed = True
        self._flag[0] = b"x"
        with self._native:
            if self._memory is not None:
                self._memory = None
                self._handles.free()

    @property
    def closed(self) -> bool:
        """Whether the memory is gone."""
        return self._closed

    def reuse(self, tokens: Sequence[int], repeatable: bool) -> int:
        """Keep what of `tokens` was read before, forget the rest, return how many were kept; some are always left.

        `repeatable` keeps only what was read as prompt: an answer's tokens were read one by one, and their scores
        differ in the last digits from the same tokens read together.
        """
        common = shared(tokens, self._held[: self._settled] if repeatable else self._held)
        with self._native:
            if repeatable:
                # Where in the memory a token lies changes the last digits of a sum: nothing else may lie there.
                if self._drop_shelf():
                    common = 0
            elif self._is_whole():
                best = self._shelf.best(tokens)
                overwritten = self._put_aside(common)
                if best is not None and best.slot not in overwritten and shared(tokens, best.tokens) > common:
                    common = shared(tokens, best.tokens)
                    self._take(best)
            self._forget_after(common)
        return len(self._held)

    def _put_aside(self, common: int) -> list[int]:
        """Keep the beginning of what is held if more than a little of it goes; return the slots whose content went."""
        if len(self._held) - common < WORTH or not self._handles.spare:
            return []
        kept, gone = self._shelf.put(self._held[:LONGEST], min(self._settled, LONGEST))
        for slot in gone:
            api.llama_memory_seq_rm(self._memory, slot, -1, -1)
        if kept is not None:
            api.llama_memory_seq_cp(self._memory, 0, kept.slot, 0, len(kept.tokens))
        return gone

    def _take(self, kept: Kept) -> None:
        """Put what was kept in the place of what is held; it shares its memory with the copy that stays."""
        api.llama_memory_seq_rm(self._memory, 0, -1, -1)
        api.llama_memory_seq_cp(self._memory, kept.slot, 0, 0, len(kept.tokens))
        self._held = list(kept.tokens)
        self._settled = kept.settled

    def _drop_shelf(self) -> bool:
        """Forget what was put aside; True when there was something, and all of the memory was emptied."""
        if self._closed or not self._shelf.clear():
            return False
        api.llama_memory_clear(self._memory, False)
        self._held = []
        self._settled = 0
        return True

    def _is_whole(self) -> bool:
        """Tell whether the memory can be cut: recurrent and sliding-window memories cannot."""
        return not self._closed and (not self._held or api.llama_memory_seq_pos_min(self._memory, 0) == 0)

    def read(self, tokens: Sequence[int], answer: bool = False) -> bool:
        """Read tokens after those held. False when aborted: what the step added is forgotten, the rest stays."""
        buffer = (api.llama_token * len(tokens))(*tokens)
        with self._native:
            if self._closed:
                return False
            code = api.llama_decode(self._handles.context, api.llama_batch_get_one(buffer, len(tokens)))
            if code != 0:
                self._forget_after(len(self._held))
        if code == _ABORTED:
            return False
        if code != 0:
            raise RuntimeError(f"llama_decode returned {code}")
        if not answer and self._settled == len(self._held):
            self._settled += len(tokens)
        self._held += tokens
        return True

    def choose(self, sampler: Sampler) -> int | None:
        """Return the next token, or None when the model was closed meanwhile."""
        with self._native:
            return None if self._closed else sampler.choose(self._handles.context)

    def log_probabilities(self, tokens: Sequence[int]) -> list[float]:
        """Return the natural logarithm of each token's probability of coming next; nothing when closed meanwhile."""
        with self._native:
            if self._closed:
                return []
            count = api.llama_vocab_n_tokens(self._handles.vocab)
            logits = np.ctypeslib.as_array(api.llama_get_logits_ith(self._handles.context, -1), shape=(count,))
            scores = logits.astype(np.float64)
        top = float(scores.max())
        total = top + float(np.log(np.exp(scores - top).sum()))
        return [float(scores[token]) - total for token in tokens]

    @contextmanager
    def abortable(self, cancel: threading.Event | None) -> Iterator[None]:
        """Let `cancel` also interrupt a step under way (on the CPU; elsewhere it ends with the step)."""
        flag, done = ctypes.create_string_buffer(2), threading.Event()

        def watch(cancel: threading.Event) -> None:
            while not done.is_set():
                if cancel.wait(_POLL_S):
                    flag[0] = b"x"
                    return

        self._arm(flag)
        if cancel is not None:
            threading.Thread(target=watch, args=(cancel,), name="model-cancel", daemon=True).start()
        try:
            yield
        finally:
            done.set()
            self._arm(ctypes.create_string_buffer(2))  # a late watcher sets only its own flag

    def _arm(self, flag: ctypes.Array[ctypes.c_char]) -> None:
        with self._native:
            if self._closed:
                return
            self._flag = flag
            pointer = ctypes.cast(flag, ctypes.c_void_p)
            api.llama_set_abort_callback(self._handles.context, self._is_set, pointer)

    def _forget_after(self, count: int) -> None:
        """Truncate the memory; recurrent and sliding-window memories that cannot be truncated are emptied."""
        if self._closed:
            raise ModelNotReady()
        if not (count and self._is_whole() and api.llama_memory_seq_rm(self._memory, 0, count, -1)):
            api.llama_memory_seq_rm(self._memory, 0, -1, -1)
            if api.llama_memory_seq_pos_max(self._memory, 0) >= 0:  # it cannot even forget one sequence by itself
                self._shelf.clear()
                api.llama_memory_clear(self._memory, False)
            count = 0
        del self._held[count:]
        self._settled = min(self._settled, count)
