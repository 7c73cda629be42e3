"""rag/whole.py and rag/overview.py: questions about a whole document, and the sketch that answers them."""

from __future__ import annotations

import threading

import pytest

from rag.chunking import Span
from rag.errors import Cancelled, DocumentNotFound
from rag.outline import pieces
from rag.overview import LEAST, MOST_DOCUMENTS, ROOM, SAMPLE, Sketcher
from rag.pages import PageText
from rag.selection import GAP
from rag.store import Facts, Store
from rag.whole import is_about_whole, without_name

WHOLE = {
    "es": """Resume el documento
    Resúmelo
    resume este pdf en tres frases
    Hazme un resumen del documento
    ¿De qué trata el documento?
    ¿De qué va esto?
    ¿De qué trata?
    ¿Cuáles son las ideas principales?
    ¿Cuáles son las ideas principales del texto?
    Dame los puntos clave de la presentación
    ¿Qué temas se tratan en las diapositivas?
    ¿Cómo está organizado el documento?
    ¿Qué secciones tiene el documento?
    Haz un esquema de los apuntes
    ¿Puedes resumir las diapositivas, por favor?
    ¿Cuáles son las conclusiones?
    ¿Cuáles son las conclusiones del informe?
    ¿A qué conclusión llega el documento?
    Explícame el documento
    ¿Qué es este documento?
    ¿Qué explica el documento?
    Resumen
    Quiero un resumen breve de todo el documento
    Resume guia-de-la-biblioteca.pdf
    Resume la presentación sobre embeddings en cinco puntos
    dame una visión general del documento
    ¿Cuál es el tema principal?
    ¿Cuál es la estructura del texto?
    ¿Qué puedo aprender en este curso?
    Enumera los temas principales
    resumen del documento en inglés
    ¿Qué contiene este archivo?
    ¿De qué hablan estos documentos?
    Resume los dos documentos
    ¿Qué temas toca la presentación?
    Dime de qué va el documento
    ¿Me haces un resumen?
    Resúmeme el PDF
    ¿Sobre qué trata el archivo?
    Haz un resumen de 100 palabras del texto
    Necesito los conceptos principales de los apuntes
    ¿Qué ideas principales tiene el texto?
    ¿Cuál es la conclusión del documento?
    ¿Qué se explica en las diapositivas?
    Hazme un índice del documento
    Resume la guía
    Resume lo más importante del documento
    ¿Cuál es el contenido del documento?
    ¿Qué hay en estos documentos?
    cuáles son los puntos principales de la charla
    ¿De qué tratan las diapositivas?
    Sintetiza el informe en dos párrafos
    ¿Qué es lo más importante del documento?
    ¿Qué información contiene el documento?
    Resumen general de la clase
    Explica de qué va la presentación
    ¿Puedes decirme de qué trata el texto?
    Resume todos mis documentos
    resume el contenido del documento""",
    "en": """Summarise the document
    Summarize this PDF in three sentences
    Give me a summary
    What is this about?
    What is this document about?
    What is it about?
    What are the main ideas?
    What are the main points of the text?
    What are the key takeaways?
    What topics are covered in the slides?
    What topics does the lecture cover?
    How is the document structured?
    What sections does the document have?
    Outline the document
    Can you summarise the slides, please?
    What are the conclusions?
    What are the conclusions of the report?
    What does the document say?
    TL;DR
    Give me an overview of the document
    What is the main topic?
    What is the structure of the text?
    List the main topics
    Summarise handbook.pdf
    Write a short summary of the lecture
    What are these documents about?
    Summarise everything
    What can I learn from this course?
    Tell me what the document is about
    Explain the document
    Summarize the handbook
    What is the purpose of this document?
    What's in the document?
    Could you give me a brief overview?
    What is the main message of the article?
    Summarise both documents
    Summarise this
    Please summarise the attached PDF
    Sum up the report in one paragraph
    What's this file about?
    What is the presentation about?
    Can you tell me what this is about?
    Give me the gist of the document
    What are the most important points?
    What are the most important points in the document?
    What is the document's main idea?
    What does this paper argue?
    Key points please
    Main topics of the slides
    What is covered in the document?
    Give a one paragraph summary of the text
    What information does the document contain?
    Describe the document
    What should I know about this document?
    Summarize the contents of the file
    Create an outline of the lecture
    brief summary
    What are the main topics discussed in the handbook?
    What is the article about in general?""",
}
INSIDE = {
    "es": """Resume la vida de Cervantes
    Resume la sección sobre BM25
    Resume el capítulo 3
    ¿De qué trata la sección 2?
    ¿De qué trata El Quijote?
    Resume el argumento de la obra
    ¿Cuáles son las ideas principales de Platón?
    ¿Qué dice el documento sobre los retrasos?
    ¿Cuáles son las causas de la guerra?
    ¿Cuál es el tema de la página 3?
    ¿Qué es un documento?
    ¿Cómo está organizado el club de lectura?
    ¿Cuántas secciones tiene la biblioteca?
    Haz un resumen de la fotosíntesis
    Dame los puntos clave del Tratado de Versalles
    ¿Qué conclusiones sacó Darwin?
    Explícame la atención
    ¿Qué contiene la célula?
    ¿Qué temas se tratan en el club de lectura?
    ¿Cuál es la estructura del ADN?
    ¿Qué es un resumen?
    ¿Cómo se resume un texto?
    ¿Qué libros no se pueden sacar?
    ¿Cuántos libros puedo sacar?
    ¿De qué habla el autor en la página 2?
    Resume el documento de la página 3
    ¿Qué explica Einstein?
    ¿Cuál es el objetivo del pre-training?
    Resume la respuesta
    Resume la parte de la guía que habla de multas
    ¿Quién escribió el documento?
    ¿Qué es el texto plano?
    ¿En qué página está el resumen?
    ¿Cuáles son las partes de la célula?
    ¿Qué documentos necesito para el carné?
    ¿Cómo se entrega el informe?
    ¿Qué aparece en la tabla?
    ¿Cuáles son los temas del examen?
    ¿Cuándo se publicó el libro?
    Explica el texto de la diapositiva 4
    ¿Cuál es el mensaje de error?
    ¿Qué cubre el seguro?
    Resume las normas de préstamo
    Resume los horarios
    Haz un resumen de las ventajas de BM25
    ¿De qué trata el club de lectura?
    ¿Qué contiene la Sala Clara Campoamor?
    ¿Cuál es el contenido de plomo del suelo?
    ¿Cuáles son los puntos de recogida?
    Dame la estructura de un transformer
    ¿Qué es el curso 2025-2026?
    ¿Cuáles son las conclusiones de Newton sobre la luz?
    Enumera los planetas
    ¿Qué temas preocupan a los alumnos?
    ¿Qué es un PDF?
    Explícame qué es un encoder
    ¿De qué va la película?
    ¿Quiénes son los autores del documento?
    ¿Cuál es el objetivo del fine-tuning?
    ¿Cómo se organiza el préstamo?
    Resume cómo funciona word2vec
    ¿De qué habla Unamuno en Niebla?""",
    "en": """Summarise the life of Ada Lovelace
    Summarise the section on BM25
    Summarise chapter 3
    What is section 2 about?
    What is Don Quixote about?
    What are Plato's main ideas?
    What does the document say about fines?
    What are the causes of the war?
    What is the topic of page 3?
    What is a document?
    How is the committee structured?
    How many sections does the library have?
    Give me a summary of photosynthesis
    What are the key points of the Treaty of Versailles?
    What conclusions did Darwin draw?
    Explain attention
    What does the cell contain?
    What topics does the book club discuss?
    What is the structure of DNA?
    What is a summary?
    How do you summarise a text?
    Which books cannot leave the library?
    What does the author say on page 2?
    Summarise the document from page 3
    What is the purpose of pre-training?
    Summarise your answer
    Who wrote the document?
    What is plain text?
    On which page is the abstract?
    What are the parts of a cell?
    Which documents do I need for the card?
    When was the book published?
    What is in the table?
    What is the error message?
    What does the insurance cover?
    What is the book club about?
    What is the report due date?
    How long is the document?
    What is the main cause of inflation?
    What is the main idea behind BM25?
    What is the overview page?
    What are the conclusions of Darwin?
    Summarise the loan rules
    Summarise how word2vec works
    Give me a summary of the advantages of BM25
    What is the reading club about?
    What does room 3 contain?
    What is the lead content of the soil?
    What are the pickup points?
    Outline the structure of a transformer
    What is the course fee?
    What are Newton's conclusions about light?
    List the planets
    What is a PDF?
    What is the main topic of chapter 2?
    What is the film about?
    Who are the authors of the document?
    How are loans organised?
    What is the purpose of fine-tuning?
    What is the overview of costs?
    What is covered by the insurance?
    What is the text on slide 5?""",
}


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("language", ["es", "en"])
def test_questions_about_the_whole_are_recognised(language):
    asked = _lines(WHOLE[language])
    assert len(asked) >= 40
    assert [question for question in asked if not is_about_whole(question)] == []


@pytest.mark.parametrize("language", ["es", "en"])
def test_a_topic_inside_is_not_the_whole(language):
    asked = _lines(INSIDE[language])
    assert len(asked) >= 60
    assert [question for question in asked if is_about_whole(question)] == []


def test_summarising_it_is_about_the_last_answer_where_there_is_one():
    history = [("user", "¿Qué es BM25?"), ("assistant", "Una función de ranking.")]
    assert is_about_whole("Resúmelo")
    assert not is_about_whole("Resúmelo", history)
    assert is_about_whole("Resume el documento", history)


@pytest.mark.parametrize("question", ["", "   ", "?", "en tres frases " * 18, "resume " * 2_000, "the document " * 20])
def test_odd_questions_are_no_trouble(question):
    assert not is_about_whole(question)


class NoEmbeddings:
    """Dense without a model."""

    def get(self, cancel=None):
        return None


SUBJECTS = ("lighthouse", "harbour", "bakery", "orchard", "railway", "library", "chapel", "market", "school", "mill")


def _page(number: int, of: int) -> str:
    subject = SUBJECTS[number * len(SUBJECTS) // (of + 1)]
    body = " ".join(
        f"The {subject} number {number} has {line + 3} rooms that visitors may see on day {line} of the month."
        for line in range(6)
    )
    title = f"The {subject.title()} {chr(65 + number % 26)}"
    return f"Port Ellery in numbers\n\n{title}\n\n{body}\n\nCouncil press\n{number}"


@pytest.fixture
def store(database):
    return Store(database)


def _save(store: Store, document: str, texts: list[str], owner: str = "ana", language: str = "en") -> str:
    key = (document * 64)[:64]
    facts = Facts(key, ".pdf", 1, document, "page", language, "ready", None)
    pages = [PageText(number, text, "text", "") for number, text in enumerate(texts, 1)]
    store.save(facts, pages, [Span(1, 0, min(len(texts[0]), 50))])
    assert store.hold(owner, key, f"{document}.pdf")
    return key


def _book(store: Store, pages: int = 12) -> tuple[str, list[str]]:
    texts = [_page(number, pages) for number in range(1, pages + 1)]
    return _save(store, "b", texts), texts


def test_a_sketch_spans_the_document_verbatim_and_in_order(store):
    key, texts = _book(store)
    found = Sketcher(store, NoEmbeddings()).sketch("ana", [key])
    numbers = [excerpt.page for excerpt in found]
    assert numbers == sorted(set(numbers))
    assert {numbers[0], numbers[-1]} == {1, 12}
    assert sum(len(excerpt.text) for excerpt in found) <= ROOM
    for excerpt in found:
        page = texts[excerpt.page - 1]
        assert excerpt.text == GAP.join(page[start:end] for start, end in excerpt.spans)
        assert excerpt.quote in page
        assert list(excerpt.spans) == sorted(excerpt.spans)
        assert (excerpt.document, excerpt.name) == (key, "b.pdf")
    whole = " ".join(excerpt.text for excerpt in found)
    assert all(subject in whole.lower() for subject in SUBJECTS)


def test_headings_are_kept_and_headers_and_footers_left_out(store):
    key, _ = _book(store)
    text = " ".join(excerpt.text for excerpt in Sketcher(store, NoEmbeddings()).sketch("ana", [key]))
    assert "The Lighthouse B" in text
    assert "Port Ellery in numbers" not in text
    assert "Council press" not in text


def test_a_slide_is_a_title_and_its_points():
    slides = [
        (1, "@course\n\nPlan\n\n➔ What an encoder is for\n➔ What a decoder is for"),
        (2, "@course\n\nEncoders\n● They read the whole sentence at once"),
        (3, "@course\n\nEncoders II\n● They are good at classification tasks"),
    ]
    found = pieces(slides, "en")
    assert [piece.text for piece in found if piece.heading] == ["Plan", "Encoders", "Encoders II"]
    assert "➔ What a decoder is for" in [piece.text for piece in found if not piece.heading]
    assert all(dict(slides)[piece.page][piece.start : piece.end] == piece.text for piece in found)
    assert not any("@course" in piece.text for piece in found)


def test_what_is_said_twice_is_taken_once(store):
    line = "The harbour was founded by rope makers on a cold morning in the spring of 1874."
    key = _save(
        store, "c", [f"Chapter {n}\n\n{line} Room {n} of the old mill has exactly {n} windows." for n in range(6)]
    )
    text = " ".join(excerpt.text for excerpt in Sketcher(store, NoEmbeddings()).sketch("ana", [key]))
    assert text.count(line) == 1


def test_the_room_is_shared_between_documents_and_the_newest_come_first(store):
    keys = [_save(store, name, [_page(n, 9) for n in range(1, 10)]) for name in "defghijklm"]
    found = Sketcher(store, NoEmbeddings()).sketch("ana", room=1_000)
    order = list(dict.fromkeys(excerpt.document for excerpt in found))
    assert order == [document.id for document in store.documents("ana")][:MOST_DOCUMENTS]
    assert set(order) < set(keys)
    for document in order:
        assert 100 < sum(len(excerpt.text) for excerpt in found if excerpt.document == document) <= LEAST


def test_it_is_the_same_every_time_and_kept(store, monkeypatch):
    key, _ = _book(store)
    first = Sketcher(store, NoEmbeddings()).sketch("ana", [key])
    sketcher = Sketcher(store, NoEmbeddings())
    assert sketcher.sketch("ana", [key]) == first
    monkeypatch.setattr("rag.overview.pieces", None)  # a second reading would fail
    assert sketcher.sketch("ana", [key]) == first
    with pytest.raises(TypeError):
        sketcher.sketch("ana", [key], room=900)


def test_another_owner_gets_nothing_and_not_even_from_what_is_kept(store):
    key, _ = _book(store)
    sketcher = Sketcher(store, NoEmbeddings())
    assert sketcher.sketch("ana", [key])
    with pytest.raises(DocumentNotFound):
        sketcher.sketch("eva", [key])
    assert sketcher.sketch("eva") == []
    with pytest.raises(DocumentNotFound):
        store.page_texts("eva", key)
    assert [number for number, _ in store.page_texts("ana", key)] == list(range(1, 13))


class Counting:
    """An embedder that counts what it is given and finds every text as central as any other."""

    def __init__(self) -> None:
        self.seen = 0
        self.spec = type("Spec", (), {"collection": "counting"})

    def get(self, cancel=None):
        return self, None

    def encode_sentences(self, texts):
        import numpy as np

        self.seen += len(texts)
        return np.ones((len(texts), 4)) / 2


def test_of_a_long_document_a_bounded_sample_is_embedded_with_progress(store):
    key, _ = _book(store, pages=300)
    embedder, steps = Counting(), []
    found = Sketcher(store, embedder).sketch("ana", [key], progress=lambda *step: steps.append(step))
    assert 100 < embedder.seen <= SAMPLE
    assert len(steps) > 3
    assert steps[-1] == (embedder.seen, embedder.seen)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert found[0].page == 1
    assert found[-1].page == 300


def test_it_can_be_stopped(store):
    key, _ = _book(store, pages=300)
    cancel, embedder = threading.Event(), Counting()
    with pytest.raises(Cancelled):
        Sketcher(store, embedder).sketch("ana", [key], cancel=cancel, progress=lambda *_: cancel.set())
    assert embedder.seen < 100


@pytest.mark.parametrize(
    "texts", [[""], ["", " \n\n "], ["7"], ["a"], ["Only a title"], ["x" * 5_000], ["1 2 3\n" * 900]]
)
def test_documents_with_little_to_say_are_no_trouble(store, texts):
    key = _save(store, "z", texts)
    found = Sketcher(store, NoEmbeddings()).sketch("ana", [key])
    assert sum(len(excerpt.text) for excerpt in found) <= ROOM


def test_no_documents_no_sketch(store):
    assert Sketcher(store, NoEmbeddings()).sketch("ana") == []
    assert Sketcher(store, NoEmbeddings()).sketch("ana", []) == []


@pytest.mark.parametrize(
    ("question", "name", "whole"),
    [
        ("Resume la guía de la biblioteca", "guia-de-la-biblioteca.pdf", True),
        ("¿De qué trata Word Embeddings?", "word_embeddings.pdf", True),
        ("Summarise Harbour Lane garden", "harbour-lane-garden.pdf", True),
        ("¿Qué es un word embedding?", "word_embeddings.pdf", False),
        ("¿Cuánto cuesta el carné de la guía de la biblioteca?", "guia-de-la-biblioteca.pdf", False),
        ("Resume la vida de Ana", "a.txt", False),
        ("¿Qué es un resumen?", "resumen.pdf", False),
    ],
)
def test_a_document_called_by_its_name_is_asked_as_a_whole(question: str, name: str, whole: bool) -> None:
    assert is_about_whole(without_name(question, name)) is whole
