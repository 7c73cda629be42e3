"""How large a loaded model is, as llama.cpp counts it; knows no text and reads nothing."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass

import llama_cpp.llama_cpp as api

from rag.llama.native import Handles

_VALUE_BYTES = 2  # keys and values are kept in 16 bits, which is llama.cpp's own choice


@dataclass(frozen=True)
class Shape:
    """`quantisation` is llama.cpp's word for it, like "Q4_K - Medium"; `weights` the bytes that they take.

    `per_token`: bytes of keys and values that the memory keeps for each token of the window.
    """

    quantisation: str
    parameters: int
    weights: int
    layers: int
    per_token: int


def shape(handles: Handles) -> Shape:
    """Return the figures of a loaded model."""
    model = handles.model
    description = ctypes.create_string_buffer(256)
    api.llama_model_desc(model, description, len(description))
    layers = int(api.llama_model_n_layer(model))
    heads = max(1, int(api.llama_model_n_head(model)))
    width = int(api.llama_model_n_embd(model)) // heads
    architecture = _said(model, "general.architecture")
    keys = _number(model, f"{architecture}.attention.key_length", width)
    values = _number(model, f"{architecture}.attention.value_length", width)
    return Shape(
        quantisation=" ".join(description.value.decode("utf-8", errors="replace").split()[2:]),  # after kind and size
        parameters=int(api.llama_model_n_params(model)),
        weights=int(api.llama_model_size(model)),
        layers=layers,
        per_token=layers * int(api.llama_model_n_head_kv(model)) * (keys + values) * _VALUE_BYTES,
    )


def _said(model: api.llama_model_p, key: str) -> str:
    """Return what the file says under a key, "" where it says nothing."""
    found = ctypes.create_string_buffer(256)
    size = api.llama_model_meta_val_str(model, key.encode(), found, len(found))
    return found.value.decode("utf-8", errors="replace") if size >= 0 else ""


def _number(model: api.llama_model_p, key: str, otherwise: int) -> int:
    said = _said(model, key)
    return int(said) if said.isdigit() else otherwise
