"""Chunks against the real tokenizers: none is longer than the model reads, with its headings and its prefix."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rag.chunking import HEADING_TOKENS, LARGEST, SMALLEST, Cut, chunk_page, searchable
from rag.pages import PageText
from rag.tokens import Counted, Estimate, Tokens

PREFIX = "passage: "
ROOT = Path(__file__).resolve().parents[2]
MODELS = ("all-minilm-l6-v2", "multilingual-e5-small")
ODD = "ﬁn x² ½ İ ẞ ㌔ e\u0301\u0323 \u0301solo 😀👩‍👧 日本語テキスト العربية ก็ ａｂｃ \u00ad \u200b … ¿¡ \u202e x_1 https://a.b/c?d=e#f"


@pytest.fixture(params=MODELS)
def folder(request: pytest.FixtureRequest, models_dir: Path) -> Path:
    found = models_dir / str(request.param)
    if not (found / "tokenizer.json").exists() and "AULA_EVERYTHING" not in os.environ:
        pytest.skip(f"{request.param} is not installed here")
    return found


def read(folder: Path, text: str) -> int:
    """Return how long a passage is as the model is given it."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return len(tokenizer.encode(PREFIX + text).ids)


def window(folder: Path) -> int:
    return int(json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"])


def test_the_limit_is_what_the_model_reads_less_what_is_put_around_a_passage(folder: Path) -> None:
    tokens = Tokens(folder, PREFIX)
    assert tokens.limit + read(folder, "") == window(folder)
    assert tokens.count("") == 0 < tokens.count("palabra")
    assert Tokens(folder, "").limit > tokens.limit


def test_no_chunk_is_longer_than_the_model_reads(folder: Path) -> None:
    samples = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "documents").rglob("*.html"))]
    samples += [ODD * 60, "x1Z" * 2_000, "日本語" * 1_500, "a | b | 12\n" * 400, "😀" * 900]
    path = tuple((level, f"Un título más bien largo del nivel {level}, como los hay") for level in range(1, 7))
    tokens, most = Tokens(folder, PREFIX), 0
    for text in samples:
        spans, _ = chunk_page(PageText(1, text, "text"), Cut(LARGEST, 0), tokens, path)
        chunks = [searchable(span.heading, text[span.start : span.end]) for span in spans]
        longest = max(chunks, key=tokens.count)
        assert tokens.count(longest) <= tokens.limit
        assert read(folder, longest) <= window(folder)
        most = max(most, tokens.count(longest))
    assert most > tokens.limit - 2 * HEADING_TOKENS  # and as long as they may be


def test_a_stretch_counts_as_it_would_alone(folder: Path) -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split()[:400]) + " " + ODD
    tokens, places = Tokens(folder, PREFIX), [0]
    places += [at for at in range(1, len(text)) if text[at - 1].isspace() and not text[at].isspace()]
    counted = Counted(text, tokens)
    for start, end in itertools.pairwise(places[::7]):
        assert abs(counted.count(start, end) - tokens.count(text[start:end])) <= 1


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.one_of(st.sampled_from(ODD.split(" ")), st.text(max_size=40)), max_size=150),
    st.integers(SMALLEST, 120),
)
def test_any_text_is_cut_to_its_size(folder: Path, words: list[str], size: int) -> None:
    tokens = _loaded(folder)
    page = PageText(1, " ".join(words), "text")
    spans, _ = chunk_page(page, Cut(size, size // 4), tokens)
    for span in spans:
        assert tokens.count(page.text[span.start : span.end]) <= size
    covered = {at for span in spans for at in range(span.start, span.end)}
    assert all(at in covered for at, letter in enumerate(page.text) if not letter.isspace())


def test_an_estimate_is_rather_too_high(folder: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    estimated, real = Estimate().count(text), Tokens(folder, PREFIX).count(text)
    assert real <= estimated < 2 * real


_KNOWN: dict[Path, Tokens] = {}


def _loaded(folder: Path) -> Tokens:
    """Return the tokens of a model, read once for all examples."""
    if folder not in _KNOWN:
        _KNOWN[folder] = Tokens(folder, PREFIX)
    return _KNOWN[folder]
