"""Sentences, chunks and languages: spans must cut out exactly what they say."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE, chunk_page
from rag.language import detect, detect_document, question_language
from rag.sentences import split_sentences

ANY_TEXT = st.text(max_size=400)


@given(ANY_TEXT, st.sampled_from(["es", "en", ""]))
def test_sentence_spans_are_verbatim(text, language):
    end = 0
    for sentence in split_sentences(text, language):
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.start >= end
        end = sentence.end


def test_abbreviations_do_not_end_a_sentence():
    text = "El Sr. García pagó 3.500 euros. ¿Cuánto costó? Nació en EE. UU. en 1950."
    assert next(sentence.text for sentence in split_sentences(text, "es")) == "El Sr. García pagó 3.500 euros."


@given(st.text(alphabet="abc .\n¿ñ", max_size=4_000))
def test_chunks_are_spans_that_lose_no_word(text):
    spans = list(chunk_page(7, text, 200, 40))
    covered = set()
    for span in spans:
        assert span.page == 7
        assert 0 <= span.start < span.end <= len(text)
        assert span.end - span.start <= 200
        covered |= set(range(span.start, span.end))
    assert all(position in covered for position, character in enumerate(text) if not character.isspace())


def test_chunks_overlap_and_stay_in_size():
    text = " ".join(f"palabra{i}" for i in range(1_000))
    spans = list(chunk_page(1, text))
    assert len(spans) > 5
    assert all(span.end - span.start <= CHUNK_SIZE for span in spans)
    assert all(0 < a.end - b.start <= CHUNK_OVERLAP for a, b in itertools.pairwise(spans))


def test_languages():
    assert detect("La biblioteca abre de lunes a viernes por la mañana.") == "es"
    assert detect("The library opens from Monday to Friday in the morning.") == "en"
    assert detect("123 456") == ""
    assert detect_document(["The end of the long story that was told.", "", "fin", "It was told by the sea."]) == "en"


def test_question_language_of_short_questions():
    assert [question_language(text) for text in ("¿cuánto cuesta?", "what does it cost?")] == ["es", "en"]
