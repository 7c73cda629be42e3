"""What is done to a question before it is searched for, with real models: however weak the model, nothing breaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rag.errors import Cancelled
from rag.followups import stand_alone
from rag.llm import LlamaChat
from rag.overview import ROOM, Sketcher
from rag.selection import GAP
from rag.services import Services, build_services
from rag.settings import Settings
from rag.translation import Translator, is_translation

OWNER = "local"
SUBJECTS = {
    "Rent": "Every plot costs 25 pounds a year, and the rent is due on the first day of March.",
    "Water": "Hoses may run only after six in the evening and for no longer than twenty minutes a plot.",
    "Compost": "Three bays of compost are turned in March, in June and once more in October.",
    "Bees": "The four hives are closed to visitors whenever the yellow flag is up behind the pond.",
    "Feasts": "The harvest supper is held on the last Saturday of September in the chapel hall.",
}
HISTORY = [("user", "Who designed the Punta Lora lighthouse?"), ("assistant", "Elena Ruiz designed it in 1902.")]
HISTORIA = [("user", "¿Quién diseñó el faro de Punta Lora?"), ("assistant", "Lo diseñó Elena Ruiz en 1902.")]


@pytest.fixture(scope="module")
def services(tmp_path_factory, models_dir) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("help")
    built = build_services(
        Settings(
            data_dir=folder / "data",
            models_dir=models_dir,
            model="smollm2-135m-instruct",
            embedding="all-minilm-l6-v2",
            download=False,
            offline=True,
        )
    )
    built.start()
    path = folder / "handbook.md"
    path.write_text(
        "# Harbour Lane garden\n\n"
        + "\n\n".join(
            f"## {title}\n\n{text} "
            + " ".join(f"Members who ask about {title.lower()} get answer {n}." for n in range(4))
            for title, text in SUBJECTS.items()
        ),
        encoding="utf-8",
    )
    ids = built.library.add(OWNER, [(path, "handbook.md")])
    list(built.library.wait(OWNER, ids))
    while built.engine.status().state == "loading":
        threading.Event().wait(0.1)
    yield built
    built.close()


@pytest.fixture(scope="module")
def model(services: Services) -> LlamaChat:
    return services.engine.chat()


@pytest.mark.parametrize(
    ("question", "history", "language"),
    [
        ("And how much did it cost?", HISTORY, "en"),
        ("Who was her father?", HISTORY, "en"),
        ("¿Y cuánto costó?", HISTORIA, "es"),
        ("¿Cuándo lo construyeron?", HISTORIA, "es"),
        ("¿" + "y " * 400 + "?", HISTORIA, "es"),
        ("And that?", [("user", "x " * 5_000), ("assistant", "y " * 5_000)], "en"),
    ],
)
def test_a_follow_up_can_always_be_searched_for(model, question, history, language):
    found = stand_alone(model, question, history, language)
    assert found.how in {"rewritten", "terms"}
    assert found.text.strip()
    assert "\n" not in found.text
    if found.how == "terms":
        assert found.text.startswith(question)
    if "lighthouse" in history[0][1] or "faro" in history[0][1]:
        assert "Lora" in found.text or "Ruiz" in found.text


def test_a_rewriting_can_be_stopped(model):
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        stand_alone(model, "And how much did it cost?", HISTORY, "en", cancel)


@pytest.mark.parametrize(("query", "language"), [("¿Cuánto cuesta la cuota?", "en"), ("How much is rent?", "es")])
def test_a_translation_is_one_or_none(model, query, language):
    line = Translator().translate(model, query, language)
    assert line is None or is_translation(query, line, language)


def test_a_sketch_with_real_embeddings_spans_the_document(services):
    sketcher, steps = Sketcher(services.library._store, services.dense), []
    found = sketcher.sketch(OWNER, progress=lambda *step: steps.append(step))
    text = GAP.join(excerpt.text for excerpt in found)
    assert len(text) <= ROOM
    assert all(title in text for title in SUBJECTS)
    assert sum(sentence in text for sentence in SUBJECTS.values()) >= 3
    for excerpt in found:
        page = services.library.page_text(OWNER, excerpt.document, excerpt.page)
        assert excerpt.text == GAP.join(page[start:end] for start, end in excerpt.spans)
    assert steps[-1][0] == steps[-1][1] > 0
    steps.clear()
    assert sketcher.sketch(OWNER, progress=lambda *step: steps.append(step)) == found
    assert steps == []
