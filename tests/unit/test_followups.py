"""rag/leaning.py and rag/followups.py: which questions lean on the conversation, and how they are made to stand."""

from __future__ import annotations

import threading

import pytest

from rag.errors import Cancelled
from rag.followups import ANSWER_WORDS, LONGEST, leans, rewrite_prompt, stand_alone, with_terms
from tests.fake_model import FakeModel

HISTORY = [("user", "¿Quién diseñó el faro de Punta Lora?"), ("assistant", "Lo diseñó Elena Ruiz en 1902.")]

LEANING = {
    "es": """¿Y cuánto costó?|¿Cuándo lo construyeron?|¿Cómo se llamaba su padre?|¿Por qué?|¿Cuántos?|¿Dónde nació?
    ¿Y en inglés?|Explícalo más simple|Dame un ejemplo|¿Puedes resumirlo en una frase?|Traduce eso al inglés
    ¿Qué le pasó después?|¿Quién la escribió?|¿Cuál de los dos es más barato?|¿Y la segunda?|Cuéntame más
    ¿Cuál es la diferencia?|¿Qué ventajas tiene?|¿En qué año murió?|¿Cuántos años duró?|¿Y si llueve?
    ¿Ese libro se puede sacar?|¿Quiénes viven allí?|¿Qué significa eso?|¿Estás seguro?|¿Para qué sirve?
    ¿A qué hora cierra?|Pero ¿quién lo paga?|¿Qué hizo ella entonces?|No entiendo el segundo punto
    ¿Qué otros?|¿Y qué pasa con los profesores?|Ponlo en una lista|¿Cuánto mide?|¿Ellos también pagan?
    Resume tu respuesta|¿cuando murio?|¿Se puede hacer eso en casa?|¿Cómo funciona?|¿Desde cuándo?
    ¿Quién más participó?|¿Y qué dijo el gobierno?|¿Cómo lo hicieron?|¿Cuánto tiempo tardaron en terminarlo?
    ¿Qué opinaba su hermano sobre el asunto?|¿Por qué se llama así?|¿Tiene alguna desventaja?|¿Hay más ejemplos?
    Hazlo más corto|¿Puedes explicarlo otra vez?|¿Qué pasó con ellos?|¿Y antes de eso?|Amplía el último punto
    ¿Dónde se encuentra?|¿Cuál fue la causa?|¿Los dos son gratuitos?|¿Cuál es su función?|No lo entiendo
    ¿Me lo puedes detallar?|¿Es obligatorio?|¿Qué más dice sobre él?|¿Sirve también para los alumnos?
    ¿Cuándo fue eso?|¿Quiénes eran los otros?|¿Qué edad tenía?|¿A cuánto asciende?|¿Y los sábados?
    En español, por favor|¿De dónde sacas eso?|¿En qué página está?|Compáralos|¿Cuál me recomiendas?
    ¿Puedo llevarlo a casa?|¿Y cómo se reserva?|¿Hasta qué hora?|¿Le pagaron por ello?
    ¿Qué problemas tiene ese método?|¿Cuál es más rápido?|Pon otro ejemplo|¿Qué quiere decir con eso?""",
    "en": """And how much did it cost?|When was it built?|Why?|How many?|Who was his father?|What about teachers?
    Explain that more simply|Give me an example|Translate that into Spanish|Summarise your answer|Tell me more
    Which one is cheaper?|What is the difference?|Where did she study?|What did they decide?|How long did it last?
    And the second one?|Who else?|What happened next?|Are you sure?|Can you explain it again?|Does it hurt?
    How many people live there?|But who pays for it?|What are the advantages?|Is that always true?|In one sentence
    What do you mean?|So it is closed on Sundays?|Who wrote that book?|What does that mean?|Why is that?
    Make it shorter|Which of them is the oldest?|What is its capital?|When did he die?|How does this work?
    Another example, please|Then what?|What were their names?
    Who else was involved?|And what did the government say?|How did they do it?|Why is it called that?
    Does it have any disadvantages?|Are there more examples?|Can you say that again?|What happened to them?
    And before that?|Expand on the last point|Where is it located?|What was the cause?|Are both free?
    What is its function?|I don't understand|Could you go into more detail?|Is it mandatory?
    What else does it say about him?|When was that?|How old was he?|And on Saturdays?|In Spanish please
    Where does it say that?|Which page is it on?|Compare them|Which do you recommend?|Can I take it home?
    How do I book one?|Until what time?|Was she paid for it?|What problems does that method have?|Which is faster?
    Another one|Why not?|Say it in fewer words|What about the others?|How so?|Did he ever marry?
    What was her husband's name?|Is there an alternative?""",
}
ALONE = {
    "es": """¿Quién diseñó el faro de Punta Lora?|¿Qué es la fotosíntesis?|¿Cuánto cuesta un duplicado del carné?
    ¿Cómo funciona BM25?|¿Cuándo empezó la guerra civil?|¿Qué empresa vendió su sede en 1998?|fotosíntesis
    ¿Cuántos libros puede llevarse un alumno de la ESO?|Explica el mecanismo de atención|¿Qué es un embedding?
    ¿Cuáles son las ventajas de BM25?|Dame un ejemplo de tokenización|¿Qué diferencia hay entre GPT y BERT?
    ¿Cómo se calcula la similitud del coseno?|¿Por qué los gatos mueven la cola?
    ¿Qué ocurrió con el taller de carpintería?
    ¿Dónde está la Sala Clara Campoamor?|¿Cuál es la capital de Perú?|¿Quién escribió La Celestina?
    ¿En qué año murió Cervantes?|horario de la biblioteca en agosto|¿Qué animales hibernan?|Traduce «gato» al inglés
    ¿Qué libros no se pueden sacar de la biblioteca?|¿Cuál es el horario de verano de la piscina?
    ¿Puedo reservar la sala de reuniones por la tarde?|Resume la guía de la biblioteca|¿De qué trata el documento?
    ¿Qué es el pre-training?|¿Qué es un token?|¿Cómo se entrena un modelo de lenguaje?
    ¿Qué estrategias de decoding existen?|Explica qué es la temperatura|¿Para qué sirve el parámetro top-k?
    ¿La impresora es gratuita?|¿Hay fotocopiadora en la sala?|¿Quién es Remedios Urrutia?|¿Qué le pasó a Nerea?
    ¿A quién le toca limpiar el estanque?|¿Qué hizo Colón cuando llegó a su destino?|Define entropía cruzada
    ¿Cuántas horas al año da cada miembro?|qué es beam search|como funciona la atencion
    diferencia entre encoder y decoder|ventajas de los embeddings|¿Se puede fumar en el patio?
    ¿Qué significa «perplejidad»?""",
    "en": """Who designed the Punta Lora lighthouse?|What is attention?|How much is the annual fee?|What is overfitting?
    How does BM25 work?|When did the civil war begin?|Which company sold its headquarters in 1998?|photosynthesis
    How many plots does the garden have?|Explain the attention mechanism|What does the committee decide?
    What are the advantages of BM25?|Give me an example of tokenization|What is the difference between GPT and BERT?
    Why do cats wag their tails?|How is cosine similarity computed?|What happened to the rope works?|Who is Ingrid Falk?
    What is the capital of Peru?|Who wrote Don Quixote?|When may hoses run?|opening hours in August
    How do transformers learn?
    Is there a pond in the garden?|Translate "cat" into Spanish
    What books cannot leave the library?|When does the pool open in summer?
    Can I book the meeting room in the afternoon?|Summarise the library guide|What is this document about?
    What is pre-training?|What is a token?|How are language models trained?|Which decoding strategies exist?
    Explain what temperature is|What is top-k used for?|Is the printer free?|Is there a copier in the room?
    Who looks after the bees?|What did Columbus do when he reached his destination?|Define cross entropy
    How many hours a year does every member give?|what is beam search|how does attention work
    difference between encoder and decoder|advantages of embeddings|May dogs enter the garden?
    What does "perplexity" mean?|Why do birds migrate?|How is steel made?|What causes inflation?
    Who invented the telephone?|List the committee members""",
}


def _lines(text: str) -> list[str]:
    return [one.strip() for line in text.splitlines() for one in line.split("|") if one.strip()]


@pytest.mark.parametrize("language", ["es", "en"])
def test_follow_ups_are_caught(language):
    asked = _lines(LEANING[language])
    missed = [question for question in asked if not leans(question, HISTORY)]
    assert len(asked) >= 30
    assert len(missed) <= 0.1 * len(asked), missed


@pytest.mark.parametrize("language", ["es", "en"])
def test_what_stands_alone_is_left_alone(language):
    asked = _lines(ALONE[language])
    assert len(asked) >= 15
    assert [question for question in asked if leans(question, HISTORY)] == []


@pytest.mark.parametrize("question", ["Gracias. ¿Cuándo lo construyeron?", "Thanks! And why?", "¿CUÁNDO MURIÓ?"])
def test_courtesy_and_capitals_hide_nothing(question):
    assert leans(question, HISTORY)


def test_without_a_conversation_nothing_leans():
    assert not any(leans(question, []) for questions in LEANING.values() for question in _lines(questions))


@pytest.mark.parametrize("question", ["?", "¿?", "…", "x", "¿" * 5_000, "lo " * 5_000, "y " * 5_000, "cat it " * 5_000])
def test_odd_questions_are_no_trouble(question):
    assert leans(question, HISTORY) in (True, False)


def test_a_question_that_stands_alone_costs_nothing():
    model = FakeModel("")
    found = stand_alone(model, " ¿Cuánto cuesta el carné? ", HISTORY, "es")
    assert (found.text, found.how, found.original) == (
        "¿Cuánto cuesta el carné?",
        "as_asked",
        "¿Cuánto cuesta el carné?",
    )
    assert model.prompts == []


def test_a_leaning_question_is_rewritten():
    model = FakeModel("¿Cuánto costó el faro de Punta Lora?")
    found = stand_alone(model, "¿y cuánto costó?", HISTORY, "es")
    assert (found.text, found.how) == ("¿Cuánto costó el faro de Punta Lora?", "rewritten")
    assert found.original == "¿y cuánto costó?"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "¿y cuánto costó?",  # no more than was asked
        "¿Cuánto costó el castillo de Peralta?",  # words that nobody said
        "¿Cuánto costó el faro de Punta Lora en 1975?",  # a number that nobody said
        "How much did the Punta Lora lighthouse cost?",  # another language
        "El faro de Punta Lora costó 12 millones.",
        "¿Cuánto costó el faro " + "de Punta Lora " * (LONGEST // 10) + "?",
    ],
)
def test_what_the_model_makes_up_is_not_used(line):
    found = stand_alone(FakeModel(line), "¿y cuánto costó?", HISTORY, "es")
    assert found.how == "terms"
    assert found.text == "¿y cuánto costó? diseñó faro Punta Lora"


def test_a_rewriting_that_drops_the_question_is_not_used():
    found = stand_alone(FakeModel("¿Quién diseñó el faro de Punta Lora?"), "¿Y su hermano arquitecto?", HISTORY, "es")
    assert found.how == "terms"


def test_another_form_of_a_word_may_come_in():
    line = "¿Cuándo fue diseñado el faro de Punta Lora?"
    assert stand_alone(FakeModel(line), "¿Cuándo lo diseñaron?", HISTORY, "es").text == line


@pytest.mark.parametrize("question", ["Why?", "Explain that more simply", "Give me an example"])
def test_where_only_the_topic_can_be_searched_for_the_model_is_not_asked(question):
    model = FakeModel("")
    history = [("user", "What does BM25 do?"), ("assistant", "It ranks documents.")]
    assert stand_alone(model, question, history, "en").text == f"{question} BM25"
    assert model.prompts == []


def test_terms_come_from_as_far_back_as_a_question_that_stands_alone():
    history = [
        ("user", "What is osmosis?"),
        ("assistant", "…"),
        ("user", "Who discovered the Punta Lora lighthouse?"),
        ("assistant", "…"),
        ("user", "And how tall is it?"),
        ("assistant", "…"),
    ]
    assert with_terms("Why?", history) == "Why? tall discovered Punta Lora lighthouse"


@pytest.mark.parametrize("language", ["es", "en"])
def test_the_prompt_holds_two_exchanges_and_answers_cut_short(language):
    said = [(f"¿pregunta{n}?", f"assistant{n} " * 200) for n in range(4)]
    history = [turn for asked, answer in said for turn in (("user", asked), ("assistant", answer))]
    first, *_, last = rewrite_prompt("¿y eso?", history, language)
    assert "pregunta1" not in last.text
    assert "pregunta2" in last.text
    assert last.text.count("assistant3") == ANSWER_WORDS
    assert last.text.endswith(": ¿y eso?")
    assert "pregunta" not in first.text


def test_stopping_is_passed_on():
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        stand_alone(FakeModel("¿Cuánto costó el faro?"), "¿y cuánto costó?", HISTORY, "es", cancel)


def test_a_line_that_ran_on_is_not_used():
    found = stand_alone(FakeModel("¿Cuánto costó el faro?", finish="length"), "¿y cuánto costó?", HISTORY, "es")
    assert found.how == "terms"
