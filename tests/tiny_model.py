"""A random Llama of a few tokens, the same weights as a GGUF file and as a transformers folder.

So small that every sequence can be tried, and that two implementations can be held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

if TYPE_CHECKING:
    import numpy.typing as npt

END = "<|endoftext|>"
WORDS = [END, "\u0120", "\u010a", ".", *"abcdefghijklmnop", "ab"]  # GPT-2's letters for a blank and a line break
MERGES = ["a b"]
# llama.cpp keeps keys and values in half precision: what attention adds is small enough for that not to be seen.
_SPREAD = {"embed_tokens": 1.0, "lm_head": 0.35, "o_proj": 0.04}
_HIDDEN, _HEADS, _LAYERS, _INNER, _WINDOW = 32, 2, 2, 64, 256


@dataclass(frozen=True)
class Tiny:
    """Where both forms of the model lie; `size` is the number of tokens. Token 0 ends an answer."""

    gguf: Path
    hf: Path
    size: int


def tiny(folder: Path, seed: int = 7, padding: int = 0) -> Tiny:
    """Write both forms into `folder`; a seed gives the same weights again. `padding`: tokens of no text."""
    words = [*WORDS, *(f"[PAD{number}]" for number in range(padding))]
    made = Tiny(folder / "tiny.gguf", folder / "tiny-hf", len(words))
    model = _random(seed, len(words))
    model.save_pretrained(made.hf)
    _write(made.gguf, words, {name: tensor.numpy() for name, tensor in model.state_dict().items()})
    return made


def _random(seed: int, size: int) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=size,
        hidden_size=_HIDDEN,
        intermediate_size=_INNER,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        max_position_embeddings=_WINDOW,
        rms_norm_eps=1e-5,
        bos_token_id=0,
        eos_token_id=0,
        tie_word_embeddings=False,
        dtype="float32",
    )
    model = LlamaForCausalLM(config)
    drawn = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "norm" not in name:
                weights.copy_(torch.randn(weights.shape, generator=drawn) * _SPREAD.get(name.split(".")[-2], 0.15))
    model.eval()
    return model


_NAMES = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}
_PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}


def _write(path: Path, words: list[str], weights: dict[str, npt.NDArray[np.float32]]) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(_WINDOW)
    writer.add_embedding_length(_HIDDEN)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_INNER)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_HIDDEN // _HEADS)
    writer.add_vocab_size(len(words))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(words)
    kinds = [gguf.TokenType.CONTROL if word == END else gguf.TokenType.NORMAL for word in WORDS]
    writer.add_token_types([*kinds, *([gguf.TokenType.UNUSED] * (len(words) - len(WORDS)))])
    writer.add_token_merges(MERGES)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    writer.add_add_bos_token(False)
    for name, values in weights.items():
        writer.add_tensor(_renamed(name), np.ascontiguousarray(_turned(name, values)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _renamed(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    _, _, layer, part = name.removesuffix(".weight").split(".", 3)
    return f"blk.{layer}.{_PARTS[part]}.weight"


def _turned(name: str, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return queries and keys as llama.cpp wants them: it turns neighbouring numbers, transformers the two halves."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return values
    rows, columns = values.shape
    halves = values.reshape(_HEADS, 2, rows // _HEADS // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)
