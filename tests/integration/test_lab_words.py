"""The Words panel with the real starter model: the same bytes for both models, and each part as it is shown."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from lab.held_out import cut, model_code_length
from prompts.services import Services, build_services
from rag.llm import LlamaChat
from rag.settings import Settings
from tests.unit.test_lab_ngrams import text
from ui.lab.shared import Shared
from ui.lab.words import WordsPanel

pytestmark = pytest.mark.model
STARTER = "smollm2-135m-instruct"


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory, models_dir: Path) -> Iterator[Services]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("words"),
        models_dir=models_dir,
        model=STARTER,
        embedding="all-minilm-l6-v2",
        download=False,
        offline=True,
        n_ctx=2048,
    )
    made = build_services(settings)
    made.start()
    made.dense.get()
    yield made
    made.close()


@pytest.fixture(scope="module")
def chat(services: Services) -> LlamaChat:
    return services.lender.chat(STARTER)


@pytest.fixture
def panel(services: Services) -> WordsPanel:
    with gr.Blocks():
        return WordsPanel(Shared(services))


@pytest.fixture
def request_() -> gr.Request:
    return gr.Request(session_hash="words", headers={"accept-language": "es"}, username=None, cookies={})


def test_the_language_model_is_measured_on_the_very_bytes(chat: LlamaChat) -> None:
    parts = cut(text(130))
    found = model_code_length(chat, parts.lead, parts.held)
    tokens = chat.encode_text(parts.lead + parts.held)
    start = len(chat.encode_text(parts.lead))
    assert tokens[:start] == chat.encode_text(parts.lead)  # words begin a token of their own here
    bits = 0.0
    for place in range(start, len(tokens)):  # step by step, over the raw logits
        row = chat.sequences.after(tokens[:place], filled=True).astype(np.float64)
        bits -= (row[tokens[place]] - row.max() - math.log(np.exp(row - row.max()).sum())) / math.log(2)
    assert found.bits == pytest.approx(bits, rel=1e-4)
    assert found.bytes == len(parts.held.encode())
    assert found.bits_per_byte == pytest.approx(bits / found.bytes, rel=1e-4)


def test_counting_and_the_model_stand_side_by_side(panel: WordsPanel, request_: gr.Request) -> None:
    updates = list(panel._models.teach(request_, "", "", text(150), "El faro", 3))
    first, last = str(updates[0][0]), str(updates[-1][0])
    assert "<progress" in str(updates[0][3])  # below the button, and not below all that was counted
    assert updates[-1][3] == ""
    assert STARTER not in first
    assert last.count("<dt>") == 6
    assert STARTER in last
    for html in (first, last):
        assert all(f"{n}\u2011gramas" in html for n in range(1, 6))
    values = [float(one) for one in re.findall(r'</th><td data-value="([\d.]+)"', last)]
    assert len(values) == 6
    assert values[1] < values[0]  # two words say more than one


def test_what_is_counted_stays_where_the_model_cannot_be_used(panel: WordsPanel, request_: gr.Request) -> None:
    last = str(list(panel._models.teach(request_, "qwen3-0.6b-that-is-not-here", "", text(130), "", 1))[-1][0])
    assert "aula-error" in last
    assert last.count("<dt>") == 5


def test_both_texts_as_bags_and_for_the_embedding(panel: WordsPanel, request_: gr.Request) -> None:
    shown = panel._counts.count(request_, "El perro muerde al hombre.", "El hombre muerde al perro.", 2, False, False)
    assert shown.count("<figure") == 3
    assert "1,000" in shown  # as bags they are the same
    assert "0,250" in shown  # by pairs they are not
    assert "muerde al" in shown
    assert ">embedding<" in shown


def test_what_is_typed_is_data(panel: WordsPanel, request_: gr.Request) -> None:
    nasty = "<img src=x onerror=alert(1)> hola"
    assert "<img" not in panel._counts.count(request_, nasty, nasty, 1, True, False)
    assert "<img" not in panel._search.look(request_, nasty, "lines", nasty)
    assert "<img" not in str(list(panel._models.teach(request_, "no", "", text(130) + nasty, nasty, 1))[-1][0])


def test_meaning_finds_what_words_do_not(panel: WordsPanel, request_: gr.Request) -> None:
    lines = "The automobile is quick.\nThe car park is closed.\nBread with oil."
    shown = panel._search.look(request_, "Which car is fast?", "lines", lines)
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>((?:<td[^>]*>[^<]*</td>)+)', shown)
    table = {name: re.findall(r"<td[^>]*>([^<]*)</td>", cells) for name, cells in rows}
    assert table["The car park is closed."][1] == "1"  # the word "car"
    assert table["The automobile is quick."][3] == "1"  # what it means
    assert table["Bread with oil."][1] == "–"
    assert "car" in table["The car park is closed."][4]


def test_empty_and_without_documents_say_the_next_step(panel: WordsPanel, request_: gr.Request) -> None:
    for shown in (
        panel._counts.count(request_, "", " ", 1, False, False),
        panel._search.look(request_, "", "lines", ""),
        panel._search.look(request_, "¿Qué?", "lines", ""),
        panel._search.look(request_, "¿Qué?", "documents", ""),
        str(list(panel._models.teach(request_, "", "", "", "", 1))[-1][0]),
    ):
        assert "aula-empty" in shown


def test_anothers_document_cannot_be_counted(panel: WordsPanel, request_: gr.Request) -> None:
    with pytest.raises(gr.Error):
        list(panel._models.teach(request_, "", "0" * 64, "", "", 1))
