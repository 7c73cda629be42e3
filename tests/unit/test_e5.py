"""The 4-bit format of multilingual-e5-small: a small network written in it comes out as it went in."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from gguf import GGMLQuantizationType
from gguf.quants import dequantize, quantize
from safetensors.numpy import load_file

from rag import e5

HIDDEN, FFN, VOCABULARY, POSITIONS, TYPES = 32, 64, 50, 16, 2
MATRICES = {"q": (32, 32), "k": (32, 32), "v": (32, 32), "ao": (32, 32), "fi": (64, 32), "fo": (32, 64)}
LAYER = "encoder.layer.1"
NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "l1.q.w": f"{LAYER}.attention.self.query.weight",
    "l1.v.b": f"{LAYER}.attention.self.value.bias",
    "l1.ao.w": f"{LAYER}.attention.output.dense.weight",
    "l1.aln.b": f"{LAYER}.attention.output.LayerNorm.bias",
    "l1.fi.w": f"{LAYER}.intermediate.dense.weight",
    "l1.fo.w": f"{LAYER}.output.dense.weight",
    "l1.oln.w": f"{LAYER}.output.LayerNorm.weight",
}


def network() -> dict[str, tuple[int, np.ndarray, bytes]]:
    """Every tensor: its kind in the file, the values that it must come out with, and its bytes."""
    random = np.random.default_rng(5)
    shapes: dict[str, tuple[int, ...]] = {
        "emb.word": (VOCABULARY, HIDDEN),
        "emb.pos": (POSITIONS, HIDDEN),
        "emb.type": (TYPES, HIDDEN),
    }
    shapes |= {"emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for layer in (0, 1):
        for name, (rows, columns) in MATRICES.items():
            shapes |= {f"l{layer}.{name}.w": (rows, columns), f"l{layer}.{name}.b": (rows,)}
        for name in ("aln", "oln"):
            shapes |= {f"l{layer}.{name}.w": (HIDDEN,), f"l{layer}.{name}.b": (HIDDEN,)}
    tensors = {}
    for name, shape in shapes.items():
        values = random.normal(0, 0.05, shape).astype(np.float32)
        if len(shape) == 2 and name not in ("emb.pos", "emb.type"):
            packed = quantize(values, GGMLQuantizationType.Q4_0)
            tensors[name] = (e5.Q4_0, dequantize(packed, GGMLQuantizationType.Q4_0), packed.tobytes())
        else:
            tensors[name] = (e5.F32, values, values.tobytes())
    return tensors


def write(path: Path, tensors: dict[str, tuple[int, np.ndarray, bytes]]) -> Path:
    pieces, blob, table = 7, b"vocabulary", b"four table bytes"
    head = e5.MAGIC + struct.pack("<I7i", 1, HIDDEN, 2, 4, FFN, VOCABULARY, POSITIONS, TYPES)
    head += struct.pack("<f2i4iQ", 1e-12, 32, pieces, 0, 2, 1, 3, len(blob))
    head += bytes(4 * (pieces + 1) + 4 * pieces) + blob + struct.pack("<iI", 0, len(table)) + table
    head += struct.pack("<i", len(tensors))
    offset = len(head) + sum(2 + len(name) + struct.calcsize("<BIQQ") for name in tensors)
    body = b""
    for name, (kind, values, data) in tensors.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kind, values.size, offset + len(body), len(data))
        body += data
    path.write_bytes(head + body)
    return path


@pytest.fixture
def material(tmp_path: Path) -> tuple[Path, Path]:
    tokenizer = tmp_path / "tokenizer.json"
    tokenizer.write_text('{"model": {}}')
    return write(tmp_path / "e5.bin", network()), tokenizer


def ignore(done: int, total: int) -> None:
    pass


def test_every_tensor_comes_out_under_its_name(material: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    e5.build(*material, folder, ignore)
    found, expected = load_file(folder / "model.safetensors"), network()
    for name, hub_name in NAMES.items():
        values = expected[name][1]
        assert found[hub_name].shape == values.shape, name
        np.testing.assert_array_equal(found[hub_name], values.astype(np.float16), err_msg=name)
    assert len(found) == len(expected) + 2  # and the pooler, which nothing reads
    assert not found["pooler.dense.weight"].any()


def test_a_large_matrix_is_read_in_slices(
    material: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(e5, "ROWS_AT_ONCE", 7)
    e5.build(*material, tmp_path / "model", ignore)
    words = load_file(tmp_path / "model" / "model.safetensors")["embeddings.word_embeddings.weight"]
    np.testing.assert_array_equal(words, network()["emb.word"][1].astype(np.float16))


def test_the_configuration_follows_the_header(material: tuple[Path, Path], tmp_path: Path) -> None:
    folder = tmp_path / "model"
    e5.build(*material, folder, ignore)
    config = json.loads((folder / "config.json").read_text())
    assert (config["hidden_size"], config["num_hidden_layers"], config["num_attention_heads"]) == (HIDDEN, 2, 4)
    assert (config["intermediate_size"], config["vocab_size"]) == (FFN, VOCABULARY)
    assert config["layer_norm_eps"] == pytest.approx(1e-12)
    assert config["dtype"] == "float32"
    assert json.loads((folder / "1_Pooling" / "config.json").read_text())["word_embedding_dimension"] == HIDDEN
    assert (folder / "tokenizer.json").read_bytes() == material[1].read_bytes()
    assert (folder / "model.safetensors").stat().st_mode == (folder / "tokenizer.json").stat().st_mode


def test_it_tells_how_far_it_is_and_can_be_stopped(material: tuple[Path, Path], tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    e5.build(*material, tmp_path / "model", lambda done, total: steps.append((done, total)))
    assert steps[0][0] == 0
    assert steps[-1][0] == steps[-1][1]
    assert steps == sorted(steps)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        e5.build(*material, tmp_path / "other", stop)
    assert not (tmp_path / "other" / "model.safetensors").exists()


@pytest.mark.parametrize("size", [0, 3, 40, 200, -1])
def test_a_file_that_ends_early_is_refused(material: tuple[Path, Path], tmp_path: Path, size: int) -> None:
    weights = material[0]
    weights.write_bytes(weights.read_bytes()[:size])
    with pytest.raises(ValueError):  # noqa: PT011 - an empty file is refused by mmap, in its own words
        e5.build(*material, tmp_path / "model", ignore)


def test_another_format_is_refused(material: tuple[Path, Path], tmp_path: Path) -> None:
    material[0].write_bytes(b"GGUF" + material[0].read_bytes()[4:])
    with pytest.raises(ValueError, match="not a 4-bit e5 file"):
        e5.build(*material, tmp_path / "model", ignore)
