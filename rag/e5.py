"""multilingual-e5-small from its 4-bit file: it reads that format and writes a sentence-transformers folder.

It knows nothing of where the file came from. Model: Wang et al. 2024, "Multilingual E5 Text Embeddings".
The matrices are ggml Q4_0 blocks; they are written as float16, which holds them to within 2**-11 of their
value at half the size of float32. The configuration asks for float32, so a plain load computes in float32.
"""

from __future__ import annotations

import json
import mmap
import shutil
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"E5S1"
F32, Q4_0 = 0, 1
BLOCK_VALUES, BLOCK_BYTES = 32, 18  # one Q4_0 block: a float16 scale and 16 bytes of nibbles
ROWS_AT_ONCE = 16_384  # keeps the float32 copy of the 250,037-row word matrix at 25 MB

EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
SUFFIX = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class Header:
    """The shape of the network, as the file states it."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocabulary: int
    positions: int
    token_types: int
    eps: float


@dataclass(frozen=True)
class Tensor:
    """One tensor's place in the file: `count` values of `kind` in `size` bytes from `offset`."""

    kind: int
    count: int
    offset: int
    size: int


class _Reader:
    """A cursor over little-endian values. Reading past the end raises ValueError."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[int | float, ...]:
        try:
            values = struct.unpack_from("<" + layout, self.data, self.at)
        except struct.error as error:
            raise ValueError(f"the file ends at {len(self.data)} bytes, inside its header") from error
        self.at += struct.calcsize("<" + layout)
        return values

    def integer(self, layout: str) -> int:
        return int(self.take(layout)[-1])

    def skip(self, length: int) -> None:
        self.at += length

    def text(self, length: int) -> str:
        self.skip(length)
        return self.data[self.at - length : self.at].decode("ascii")


def read_layout(data: mmap.mmap) -> tuple[Header, dict[str, Tensor]]:
    """Return the header and where each tensor lies. Raises ValueError when this is not such a file."""
    if data[:4] != MAGIC:
        raise ValueError("not a 4-bit e5 file")
    reader = _Reader(data)
    reader.skip(8)  # magic and version
    hidden, layers, heads, ffn, vocabulary, positions, types = (int(value) for value in reader.take("7i"))
    eps = float(reader.take("f")[0])
    header = Header(hidden, layers, heads, ffn, vocabulary, positions, types, eps)
    if reader.integer("i") != BLOCK_VALUES:
        raise ValueError("unknown block size")
    pieces = reader.integer("i")
    reader.take("4i")  # special token ids: the tokenizer has them too
    blob = reader.integer("Q")
    reader.skip(4 * (pieces + 1) + 4 * pieces + blob)  # the vocabulary: tokenizer.json has it too
    reader.skip(reader.integer("iI"))  # a table of that length belongs to the tokenizer too
    tensors: dict[str, Tensor] = {}
    for _ in range(reader.integer("i")):
        name = reader.text(reader.integer("H"))
        kind, count, offset, size = (int(value) for value in reader.take("BIQQ"))
        if offset + size > len(data) or size != _bytes_of(kind, count):
            raise ValueError(f"tensor {name} does not lie within the file")
        tensors[name] = Tensor(kind, count, offset, size)
    return header, tensors


def _bytes_of(kind: int, count: int) -> int:
    return count * 4 if kind == F32 else count // BLOCK_VALUES * BLOCK_BYTES


def _hub_name(name: str) -> str:
    """Translate a tensor's name to BertModel's: l3.ao.w -> encoder.layer.3.attention.output.dense.weight."""
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    layer, module, suffix = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{LAYER[module]}.{SUFFIX[suffix]}"


def _shape(name: str, count: int, header: Header) -> tuple[int, ...]:
    """Return (rows, columns) for a matrix, (length,) for a bias or a layer norm."""
    if name.endswith((".b", "ln.w")):
        return (count,)
    columns = header.ffn if name.endswith("fo.w") else header.hidden
    return count // columns, columns


def _read(data: mmap.mmap, tensor: Tensor, shape: tuple[int, ...]) -> NDArray[np.float16]:
    """Return one tensor as float16, dequantized a slice of rows at a time."""
    import numpy as np
    from gguf import GGMLQuantizationType
    from gguf.quants import dequantize

    if tensor.kind == F32:
        values = np.frombuffer(data, np.float32, tensor.count, tensor.offset)
        return values.reshape(shape).astype(np.float16)
    rows = np.frombuffer(data, np.uint8, tensor.size, tensor.offset).reshape(shape[0], -1)
    out = np.empty(shape, np.float16)
    for start in range(0, shape[0], ROWS_AT_ONCE):
        part = rows[start : start + ROWS_AT_ONCE]
        out[start : start + len(part)] = dequantize(part, GGMLQuantizationType.Q4_0)
    return out


def _tensors(
    data: mmap.mmap, header: Header, places: dict[str, Tensor], step: Callable[[int, int], None]
) -> Iterator[tuple[str, NDArray[np.float16]]]:
    import numpy as np

    total = sum(tensor.size for tensor in places.values())
    done = 0
    for name, tensor in places.items():
        step(done, total)
        yield _hub_name(name), _read(data, tensor, _shape(name, tensor.count, header))
        done += tensor.size
    step(total, total)
    # BertModel has a pooler, which mean pooling never reads and the 4-bit file leaves out: zeros, so that
    # loading neither draws random weights for it nor warns of missing ones.
    yield "pooler.dense.weight", np.zeros((header.hidden, header.hidden), np.float16)
    yield "pooler.dense.bias", np.zeros(header.hidden, np.float16)


def build(weights: Path, tokenizer: Path, folder: Path, step: Callable[[int, int], None]) -> None:
    """Write the sentence-transformers folder for `weights` (the 4-bit file) and `tokenizer` (tokenizer.json).

    `step(done, total)` hears the progress in bytes of `weights` and may raise to stop.
    Raises ValueError when `weights` is not what it should be.
    """
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    with weights.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        header, places = read_layout(data)
        arrays = dict(_tensors(data, header, places, step))
    save_file(arrays, folder / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    shutil.copymode(folder / "tokenizer.json", folder / "model.safetensors")  # written for its owner only
    for name, content in _configuration(header).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _configuration(header: Header) -> dict[str, object]:
    """Return the JSON files of the folder. Pooling and lengths are those of the model's own card."""
    special = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>"}
    special |= {"pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    tokens: dict[str, object] = {f"{key}_token": token for key, token in special.items()}
    # PreTrainedTokenizerFast takes tokenizer.json as it stands, with no class rebuilding its rules.
    tokenizer = {**tokens, "model_max_length": header.positions, "tokenizer_class": "PreTrainedTokenizerFast"}
    parts = (("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize"))
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for i, (path, kind) in enumerate(parts)
    ]
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "dtype": "float32",
            "hidden_act": "gelu",
            "hidden_size": header.hidden,
            "intermediate_size": header.ffn,
            "layer_norm_eps": header.eps,
            "max_position_embeddings": header.positions,
            "num_attention_heads": header.heads,
            "num_hidden_layers": header.layers,
            "pad_token_id": 1,
            "type_vocab_size": header.token_types,
            "vocab_size": header.vocabulary,
        },
        "tokenizer_config.json": tokenizer,
        "special_tokens_map.json": tokens,
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": header.positions, "do_lower_case": False},
        "1_Pooling/config.json": {
            "word_embedding_dimension": header.hidden,
            "pooling_mode_mean_tokens": True,
        },
    }
