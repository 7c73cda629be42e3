"""What the model has read: its key-value memory, and which tokens are in it. Knows no text and no messages."""

from __future__ import annotations

import ctypes
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import llama_cpp.llama_cpp as api

from rag.errors import ModelNotReady
from rag.llama.native import Handles
from rag.llama.sampling import Sampler

# Tokens read in one step. Measured on two cores with a 1.5 B model: 162, 172, 173, 171 tokens/s at 64, 128, 256 and
# 512; the working memory grows with it.
BATCH = 256
# Matrix kernels take four rows at a time and the rest, or a single row, one by one, which rounds differently. When
# every step of a prompt begins at a multiple of this and is no shorter, each token goes through the same kernel
# wherever the reading begins, and a reused prefix does not change the answer.
_ALIGN = 8
_POLL_S = 0.05
_ABORTED = 2  # llama_decode's own code


def _is_set_function() -> Callable[[ctypes.c_void_p], bool]:
    """Return the native function that tells llama.cpp to stop: C's strlen, called with a one-character text.

    It is asked hundreds of times a token. A Python function would take the interpreter's lock each time and wait for
    every other thread of the app; strlen of "" is 0, of "x" is not, and needs no lock.
    """
    library = "msvcrt" if sys.platform == "win32" else None
    return ctypes.cast(ctypes.CDLL(library).strlen, api.ggml_abort_callback)


def steps(tokens: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut what is left of a prompt into steps of at most BATCH tokens, none of them (but a lone one) too short."""
    done = 0
    while done < len(tokens):
        rest = len(tokens) - done
        size = BATCH - _ALIGN if 0 < rest - BATCH < _ALIGN else min(BATCH, rest)
        yield tokens[done : done + size]
        done += size


class Context:
    """One sequence of tokens in the model's memory. Native memory is touched only under a lock that `close` takes."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles
        self._memory = api.llama_get_memory(handles.context)
        self._native = threading.Lock()
        self._closed = False
        self._held: list[int] = []
        self._settled = 0  # how many of them, from the start, were read as prompt and not one by one as answer
        self._is_set = _is_set_function()
        self._flag = ctypes.create_string_buffer(2)
        self.size = api.llama_n_ctx(handles.context)
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
        common = 0
        limit = min(len(tokens) - _ALIGN, self._settled if repeatable else len(self._held))
        while common < limit and tokens[common] == self._held[common]:
            common += 1
        common -= common % _ALIGN
        with self._native:
            self._forget_after(common)
        return len(self._held)

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
        whole = api.llama_memory_seq_pos_min(self._memory, 0) == 0
        if not (count and whole and api.llama_memory_seq_rm(self._memory, 0, count, -1)):
            api.llama_memory_clear(self._memory, False)
            count = 0
        del self._held[count:]
        self._settled = min(self._settled, count)
