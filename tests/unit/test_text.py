"""Sentences and languages: spans must cut out exactly what they say."""

from hypothesis import given
from hypothesis import strategies as st

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


def test_languages():
    assert detect("La biblioteca abre de lunes a viernes por la mañana.") == "es"
    assert detect("The library opens from Monday to Friday in the morning.") == "en"
    assert detect("123 456") == ""
    assert detect_document(["The end of the long story that was told.", "", "fin", "It was told by the sea."]) == "en"


def test_question_language_of_short_questions():
    assert [question_language(text) for text in ("¿cuánto cuesta?", "what does it cost?")] == ["es", "en"]
