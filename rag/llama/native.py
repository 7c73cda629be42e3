"""Starts llama.cpp and opens model files; knows the library and the machine, not what a model is used for."""

from __future__ import annotations

import ctypes
import logging
import math
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import llama_cpp.llama_cpp as api
import psutil

from rag.errors import ModelLoadFailed
from rag.llama.shelf import SLOTS, SPARE

logger = logging.getLogger(__name__)

_GGUF_MAGIC = b"GGUF"
_LEVELS = {2: logging.DEBUG, 3: logging.INFO, 4: logging.WARNING}  # ggml_log_level -> ours: its INFO is chatter
_ERROR = 4
_NO_WORDS = "it has no tokenizer"
_complaints: deque[str] = deque(maxlen=20)
_loading = threading.Lock()
_started = False


@api.llama_log_callback
def _on_log(level: int, text: bytes, _user_data: ctypes.c_void_p) -> None:
    line = text.decode("utf-8", errors="replace").strip()
    if level == _ERROR and line:
        _complaints.append(line)
    if line.strip("."):
        logger.log(_LEVELS.get(level, logging.DEBUG), "%s", line)


def _start() -> None:
    """Start the library once; its log goes to ours instead of stderr."""
    global _started
    if not _started:
        api.llama_log_set(_on_log, ctypes.c_void_p(0))
        api.llama_backend_init()
        _started = True


@dataclass(frozen=True)
class Handles:
    """Pointers into llama.cpp. `gpu` says whether layers were offloaded. Whoever holds them frees them.

    `spare`: tokens of the context's memory that are not for the sequence at hand.
    """

    model: api.llama_model_p
    vocab: api.llama_vocab_p
    context: api.llama_context_p
    gpu: bool
    spare: int = 0

    def chat_template(self) -> str | None:
        """Return the Jinja source that came with the model, if any."""
        return _template(self.model)

    def free(self) -> None:
        """Give the memory back; the handles are dead afterwards."""
        api.llama_free(self.context)
        api.llama_model_free(self.model)


@dataclass(frozen=True)
class Words:
    """A model opened without its weights: its vocabulary and its template. Whoever holds it frees it.

    `trained`: tokens of the longest text that it was trained for, 0 where its file does not say.
    """

    model: api.llama_model_p
    vocab: api.llama_vocab_p
    trained: int

    def chat_template(self) -> str | None:
        """Return the Jinja source that came with the model, if any."""
        return _template(self.model)

    def free(self) -> None:
        """Give the memory back; nothing of it may be used afterwards."""
        api.llama_model_free(self.model)


def load_words(path: Path, name: str) -> Words:
    """Open a GGUF file's vocabulary alone: tens of megabytes and under a second. Raises ModelLoadFailed."""
    _check_magic(path, name)
    with _loading:
        _start()
        _complaints.clear()
        params = api.llama_model_default_params()
        params.vocab_only = True
        model = api.llama_model_load_from_file(os.fsencode(path), params)
        if not model:
            raise ModelLoadFailed(name=name, reason=_last_words())
        vocab = api.llama_model_get_vocab(model)
        if api.llama_vocab_type(vocab) == api.LLAMA_VOCAB_TYPE_NONE:  # asking it for tokens would end the process
            api.llama_model_free(model)
            raise ModelLoadFailed(name=name, reason=_NO_WORDS)
        trained = _said(model, f"{_said(model, 'general.architecture')}.context_length")
        return Words(model, vocab, int(trained) if trained.isdigit() else 0)


def _said(model: api.llama_model_p, key: str) -> str:
    """Return what the file's header says under a key; "" for nothing."""
    buffer = ctypes.create_string_buffer(128)
    length = api.llama_model_meta_val_str(model, key.encode("utf-8", "replace"), buffer, len(buffer))
    return buffer.value.decode("utf-8", errors="replace") if length >= 0 else ""


def _template(model: api.llama_model_p) -> str | None:
    source: bytes | None = api.llama_model_chat_template(model, None)
    return source.decode("utf-8", errors="replace") if source else None


def load(path: Path, name: str, n_ctx: int, n_batch: int, n_threads: int | None, n_gpu_layers: int | None) -> Handles:
    """Open a GGUF file with a context of `n_ctx` tokens (at most what the model was trained for).

    `n_gpu_layers` None offloads everything where the build can, and falls back to the CPU when the graphics memory
    does not suffice. Raises ModelLoadFailed with the library's own last words.
    """
    _check_magic(path, name)
    threads = n_threads or physical_cores()
    with _loading:  # so that a complaint belongs to the load that caused it
        _start()
        choices = [n_gpu_layers] if n_gpu_layers is not None else [0]
        if n_gpu_layers is None and api.llama_supports_gpu_offload():
            choices.insert(0, -1)
        for layers in choices:
            _complaints.clear()
            handles = _open(path, n_ctx, n_batch, threads, layers)
            if handles is not None:
                return handles
        raise ModelLoadFailed(name=name, reason=_last_words())


def _check_magic(path: Path, name: str) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except OSError as error:
        raise ModelLoadFailed(name=name, reason=error.strerror or str(error)) from error
    if magic != _GGUF_MAGIC:
        raise ModelLoadFailed(name=name, reason="not a GGUF file")


def _last_words() -> str:
    for line in reversed(_complaints):
        _, _, said = line.rpartition("error loading model: ")
        if said != line:
            return said
    return _complaints[-1] if _complaints else "llama.cpp gave no reason"


def _open(path: Path, n_ctx: int, n_batch: int, threads: int, layers: int) -> Handles | None:
    params = api.llama_model_default_params()
    params.n_gpu_layers = layers
    model = api.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        return None
    trained = api.llama_model_n_ctx_train(model)
    n_ctx = min(n_ctx, trained) if trained > 0 else n_ctx
    gpu = layers != 0 and bool(api.llama_supports_gpu_offload())
    context = _open_context(model, n_ctx + SPARE, n_batch, threads, gpu, SLOTS + 1)
    vocab = api.llama_model_get_vocab(model)
    if not context or not vocab:
        api.llama_model_free(model)
        return None
    if api.llama_vocab_type(vocab) == api.LLAMA_VOCAB_TYPE_NONE:
        _complaints.append(_NO_WORDS)
        api.llama_free(context)
        api.llama_model_free(model)
        return None
    if not api.llama_get_memory(context) or api.llama_model_has_encoder(model):
        _complaints.append("not a model that writes text")
        api.llama_free(context)
        api.llama_model_free(model)
        return None
    return Handles(model, vocab, context, gpu, SPARE)


def second_context(handles: Handles, n_ctx: int, n_batch: int, sequences: int) -> api.llama_context_p:
    """Open another memory over weights that are loaded already: `n_ctx` tokens, shared by so many sequences.

    Whoever holds it frees it, before the weights go. Raises MemoryError where there is no room for it.
    """
    threads = api.llama_n_threads(handles.context)
    context = _open_context(handles.model, n_ctx, n_batch, threads, handles.gpu, sequences)
    if not context:
        raise MemoryError("no room for a second context")
    return context


def _open_context(
    model: api.llama_model_p, n_ctx: int, n_batch: int, threads: int, gpu: bool, sequences: int
) -> api.llama_context_p | None:
    params = api.llama_context_default_params()
    params.n_ctx = n_ctx
    params.n_seq_max = sequences
    params.kv_unified = True  # so that sequences share what they have in common
    params.n_batch = params.n_ubatch = n_batch
    params.n_threads = params.n_threads_batch = threads
    # On a CPU flash attention is no faster (measured at 1,000 tokens: 174 with it, 172 tokens/s without) and its
    # result depends on how a prompt is cut into batches, so that a reused prefix would change the answer.
    params.flash_attn_type = api.LLAMA_FLASH_ATTN_TYPE_AUTO if gpu else api.LLAMA_FLASH_ATTN_TYPE_DISABLED
    context: api.llama_context_p | None = api.llama_init_from_model(model, params)
    return context


def physical_cores() -> int:
    """Return the cores this process may use: hyper-threads only get in each other's way here."""
    counts = [psutil.cpu_count(logical=False), os.cpu_count(), _cgroup_cpus()]
    if hasattr(os, "sched_getaffinity"):
        counts.append(len(os.sched_getaffinity(0)))
    return max(1, min(count for count in counts if count) if any(counts) else 1)


def _cgroup_cpus() -> int | None:
    """Return the container's CPU quota, rounded up, where there is one (Linux, cgroup v2)."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return None if quota == "max" else max(1, math.ceil(int(quota) / int(period)))
    except (OSError, ValueError):
        return None
