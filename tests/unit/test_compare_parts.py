"""The pure parts of the Compare tab: columns out of components, variables, differences, HTML, the way to the chat."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from prompts.column import Column
from prompts.prompt import Prompt, Shot
from prompts.reply import Reply, Source
from prompts.words import Said
from rag.answer import AskOptions
from rag.errors import BadOption, ExperimentInvalid, TemplateCode, VariableMissing
from rag.prompt import plain_prompt, worded
from rag.settings import PRESETS
from ui import reply_view, variable_boxes
from ui.chat_strategy import asking, line, options, prompt_of
from ui.column_editor import FIELDS, MOST, WIDTH, Fields, fields, read
from ui.column_filling import empty, put, put_prompt, shots_shown
from ui.compare import saved
from ui.compare_run import ended
from ui.desk import dots, head
from ui.diff_view import differ_line, listed, two_texts
from ui.lint_view import findings, proposal
from ui.play_state import chat_packet
from ui.texts import say

BAD = '<img src=x onerror="alert(1)">&"'
COLUMN = Column(
    label="Uno",
    prompt=Prompt("Di {{question}}", "Sé breve.", (Shot("2+2", "4"), Shot("1+1", "2")), "La respuesta es"),
    strategy="few-shot",
    model="smollm2-135m-instruct",
    decoding=replace(PRESETS["creative"], seed=7, stop=("FIN",)),
    retrieval=True,
    documents=("d1",),
    samples=3,
    schema={"type": "object"},
    parse="number",
)


def values(*rows: Fields) -> list[object]:
    """Return the values as the components of `Desk.columns` give them."""
    padded = [*rows, *(empty(n) for n in range(len(rows), MOST))]
    return [len(rows), *(row[name] for row in padded for name in FIELDS)]


# -- columns ---------------------------------------------------------------------------------------------------


def test_a_column_comes_back_from_the_components_as_it_was_put_in() -> None:
    many = replace(
        COLUMN, label="Dos", prompt=replace(COLUMN.prompt, shots=tuple(Shot(f"{n}", "x") for n in range(11)))
    )
    assert read(values(put(COLUMN), put(many)), "es") == (COLUMN, many)


def test_only_the_columns_that_are_seen_are_read_and_labels_differ() -> None:
    given = values(put(COLUMN), put(COLUMN), put(COLUMN))
    given[0] = 2
    assert [column.label for column in read(given, "en")] == ["Uno", "Uno (B)"]
    assert len(fields(given)) == 2
    assert len(given) == 1 + MOST * WIDTH


def test_an_empty_pair_of_boxes_is_no_example_and_stays_out_of_sight() -> None:
    row = put(COLUMN) | {"said_1": "", "answered_1": " "}
    assert read(values(row, empty(1)), "es")[0].prompt.shots == (Shot("2+2", "4"),)
    assert shots_shown(put(COLUMN)) == 2
    assert shots_shown(empty(0)) == 1
    assert put_prompt(Prompt("x"), row["kept"])["kept"]["strategy"] == "few-shot"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"user": "{% if x %}"}, TemplateCode),
        ({"schema": "{"}, ExperimentInvalid),
        ({"schema": "[1]"}, ExperimentInvalid),
        ({"schema": '{"a":' * 100_000}, ExperimentInvalid),
        ({"samples": 99}, BadOption),
        ({"samples": "x"}, BadOption),
        ({"top_p": 2}, BadOption),
    ],
)
def test_what_cannot_be_asked_is_refused_with_what_to_do(change: Fields, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(values(put(COLUMN) | change, empty(1)), "es")


# -- variables -------------------------------------------------------------------------------------------------


def test_the_columns_share_one_box_for_each_variable() -> None:
    one = put(COLUMN) | {"user": "{{context}} {{question}} {{texto}}"}
    two = empty(1) | {"user": "{{question}} {{context}}"}
    assert variable_boxes.wanted([one, one]) == ["question", "texto"]  # passages are filled in by the search
    assert variable_boxes.wanted([one, two]) == ["question", "texto", "context"]


def test_a_variable_that_comes_back_has_its_text() -> None:
    shown = variable_boxes.show(["b"], variable_boxes.filled([["a", "b"], {"c": "3"}, "1", "2"]), ["a", "b"], "es")
    assert shown[0] == ["b"]
    assert shown[1] == {"a": "1", "b": "2", "c": "3"}
    held = variable_boxes.filled([shown[0], shown[1], "nuevo"])
    assert held == {"a": "1", "b": "nuevo", "c": "3"}


def test_boxes_stay_untouched_while_their_names_stay() -> None:
    same = variable_boxes.show(["a"], {"a": "x"}, ["a"], "es")
    assert {str(update) for update in same} == {str(same[0])}
    put_in = variable_boxes.show(["a"], {"a": "x"}, ["a"], "es", put=True)
    assert put_in[0] == ["a"]


def test_a_variable_without_a_text_is_named_before_anything_is_asked() -> None:
    plain = replace(COLUMN, prompt=Prompt("{{a}} {{b}}"), retrieval=False)
    variable_boxes.check_filled([plain], {"a": "1", "b": "2"})
    with pytest.raises(VariableMissing) as caught:
        variable_boxes.check_filled([plain], {"a": "1", "b": " "})
    assert caught.value.params == {"name": "b"}


# -- what is shown ---------------------------------------------------------------------------------------------


def test_the_line_names_the_one_thing_or_the_several_that_differ() -> None:
    assert "mensaje de sistema: lo que ves" in differ_line(("system",), "es")
    assert "aula-differ one" in differ_line(("system",), "es")
    many = differ_line(("system", "user", "temperature"), "en")
    assert "aula-differ many" in many
    assert "the system message, the request and the temperature" in many
    assert "aula-differ" not in differ_line((), "es")
    assert listed(["a", "idea"], "es") == "a e idea"
    assert listed(["a", "hielo"], "es") == "a y hielo"


def test_every_trait_has_its_words() -> None:
    from prompts.column import differences

    other = Column("x", Prompt("a", "b", (), "c"), model="m", samples=1, decoding=PRESETS["precise"])
    traits = differences((COLUMN, replace(other, documents=("d2",))))
    assert len(traits) > 10
    assert differ_line(traits, "es")
    assert differ_line(traits, "en")


def test_cut_and_new_are_told_apart_by_more_than_colour_and_are_escaped() -> None:
    html = two_texts(f"uno dos {BAD}", f"uno tres {BAD}", ("A", "B"), "es")
    assert "<del>dos</del>" in html
    assert "<ins>tres</ins>" in html
    assert "solo en A" in html
    assert "1 palabra menos" in html
    assert "<img" not in html
    assert "<del" not in two_texts("igual", "igual", ("A", "B"), "es")


def test_an_answer_with_its_votes_figures_passages_and_prompt_and_nothing_that_runs() -> None:
    reply = Reply(
        "done",
        f"9 {BAD}",
        f"<|im_start|>{BAD}",
        "modelo",
        seconds=2.5,
        samples=(f"9 {BAD}", "8", "9"),
        votes={BAD: 2, "8": 1},
        sources=(Source("d", BAD, 3, BAD),),
        stats={
            "completion_tokens": 12,
            "prompt_tokens": 40,
            "tokens_per_s": 4.8,
            "ttft_s": 0.7,
            "finish_reason": "length",
        },
    )
    html = reply_view.answer(reply, "A", "es")
    assert "<img" not in html
    for text in (
        "12 tokens",
        "prompt de 40",
        "2,5 s en total",
        "4,8 tokens/s",
        "0,7 s",
        "2 de 3",
        "página 3",
        "Cortada",
    ):
        assert text in html
    assert "&lt;|im_start|&gt;" in html


def test_a_column_says_that_it_waits_fails_or_was_left_out() -> None:
    assert "Esperando su turno" in reply_view.answer(Reply(), "B", "es")
    assert "Aparece aquí" in reply_view.answer(None, "B", "es")
    assert "detenido antes" in reply_view.skipped("B", "es")
    failed = reply_view.answer(Reply("done", error={"es": f"No {BAD}", "en": "x"}), "B", "es")
    assert 'role="alert"' in failed
    assert "<img" not in failed


def test_findings_show_rule_why_and_a_fix_only_where_there_is_one() -> None:
    from prompts.lint.text import Finding

    said = Said("outcome.right")
    one = Finding("vague", "user", 0, 4, BAD, said, said, said, Prompt("x"))
    html = findings([one, replace(one, fixed=None)], True, "es")
    assert html.count('data-do="fix"') == 1
    assert 'data-id="vague:user:0"' in html
    assert "<img" not in html
    assert "no encuentran nada" in findings([], True, "es")
    assert findings([], False, "es") == ""


def test_a_notice_takes_a_name_as_text() -> None:
    assert "<img" not in saved(BAD, "es")


def test_the_end_of_a_run_says_how_many_have_answered() -> None:
    right, wrong = Reply("done", "9"), Reply("done", error={"es": "no", "en": "no"})
    assert ended([right, right], False, "es") == say("es", "play.told_done")
    assert "1 de 2" in ended([right, wrong], False, "es")
    assert ended([wrong, wrong], False, "es") == say("es", "play.told_failed")
    assert ended([right, None], True, "es") == say("es", "play.told_stopped")


def test_a_proposal_shows_only_the_parts_that_change() -> None:
    html = proposal(Prompt("di algo", "Sé breve."), Prompt("di 3 cosas", "Sé breve."), "es")
    assert "<del>algo</del><ins>3 cosas</ins>" in html
    assert "Mensaje de sistema" not in html
    assert 'data-do="accept"' in html
    assert 'data-do="keep"' in html


def test_a_column_can_go_away_only_while_two_are_left() -> None:
    assert 'data-do="remove"' not in head(0, 2, "es")
    assert 'data-do="remove"' in head(0, 3, "es")
    assert head(1, 4, "es").count('data-do="copy"') == 3  # over the other three; there is no room for a new one
    assert dots(3, "es").count("data-go") == 3


# -- into the chat ---------------------------------------------------------------------------------------------


def test_a_strategy_keeps_one_place_for_the_chats_question() -> None:
    prompt = Prompt("{{context}}\nEn {{idioma}}: {{texto}}", "Hablas {{idioma}}.", (Shot("{{idioma}}", "sí"),), "Va:")
    made = asking(prompt, {"idioma": "gallego", "texto": "se va"})
    assert made.user == "En gallego: {{question}}"  # the text's place, where none is called question
    assert asking(Prompt("{{tema}} {{tono}}"), {"tono": "serio"}).user == "{{question}} serio"
    assert asking(Prompt("{{a}}: {{question}}"), {"a": "Ojo"}).user == "Ojo: {{question}}"
    assert asking(Prompt("Traduce."), {}).user == "Traduce.\n\n{{question}}"
    assert made.begin == "Va:"
    assert made.shots == (Shot("gallego", "sí"),)


def packet(column: Column, values: dict[str, str], in_use: str = "") -> dict[str, object]:
    """Return what a browser keeps of a column: through JSON."""
    return dict(json.loads(json.dumps(chat_packet(column, values, in_use))))


@pytest.mark.parametrize("value", ["{% x %}", "{{question}}", "{{!question}}", "{{ other }}", "{{", '{"a": {"b": 1}}'])
def test_what_a_value_holds_in_the_chat_is_data(value: str) -> None:
    whole = Prompt("{{note}}question}} {{question}}", "S {{note}}", (Shot("{{note}}", "x"),), "{{note}}")
    kept = packet(Column("x", whole), {"note": value, "question": "not this"})
    found = AskOptions.from_json(options(kept, {}))
    assert worded("Q {{question}}", found.template) == f"{value}question}}}} Q {{{{question}}}}"
    assert (found.system, found.shots, found.begin) == (f"S {value}", ((value, "x"),), value)
    assert line(kept, "es")


def test_a_column_takes_its_decoding_into_the_chat_and_says_what_stays_behind() -> None:
    kept = packet(COLUMN, {}, "another")
    found = AskOptions.from_json(options(kept, {"temperature": 0.0, "max_tokens": 8}))
    assert found.decoding == COLUMN.decoding
    said = line(kept, "es").partition("</summary>")[0]  # seen without unfolding anything
    for text in ("el modelo", "la búsqueda en documentos", "el número de muestras", "la forma de la respuesta"):
        assert text in said
    assert "solo cuenta el mensaje de sistema" in said
    plain = Column("x", Prompt("{{question}}"), model="m")
    assert "No se usa" not in line(packet(plain, {}, "m"), "es")
    broken = kept | {"decoding": {"temperature": "hot"}, "unused": ["<b>"], "values": 3}
    assert options(broken, {"temperature": 0.5})["temperature"] == 0.5
    assert "<b>" not in line(broken, "es")


def test_a_strategy_words_the_question_of_a_plain_chat() -> None:
    kept = {"prompt": Prompt("P: {{question}}", "De la estrategia.", (Shot("a", "b"),), "R:").to_json(), "label": BAD}
    read_back = AskOptions.from_json(options(kept, {"system": "Mío.", "max_tokens": 8}))
    assert read_back.system == "Mío.\n\nDe la estrategia."
    assert (read_back.shots, read_back.template, read_back.begin) == ((("a", "b"),), "P: {{question}}", "R:")
    told = plain_prompt(
        "¿{{question}}?", [("user", "u"), ("assistant", "v")], "es", "S", read_back.shots, "P: {{question}}"
    )
    assert [message.content for message in told] == ["S", "a", "b", "u", "v", "P: ¿{{question}}?"]
    assert "<img" not in line(kept, "es")
    assert options(None, {"system": "x"}) == {"system": "x"}
    assert prompt_of({"prompt": {"user": 3}}) is None  # what a browser keeps may be anything
    assert line({"prompt": {"user": "{% x %}"}}, "es") == ""


@pytest.mark.parametrize("bad", [{"shots": "x"}, {"shots": [{"user": "a"}]}, {"template": "sin sitio"}])
def test_options_that_have_no_such_form_are_refused(bad: dict[str, object]) -> None:
    with pytest.raises(BadOption):
        AskOptions.from_json(bad)


@pytest.mark.parametrize(
    ("user", "template"),
    [
        ("Q: {{question}}", "Q: {{question}}"),
        ("Text: {{text}}", "Text: {{question}}"),
        ("{{text}} in {{style}}", "{{question}} in"),
        ("{{context}}\n\n{{question}}", "{{question}}"),
        ("Write a poem.", "Write a poem.\n\n{{question}}"),
    ],
)
def test_the_chat_fills_one_variable_whatever_its_name(user: str, template: str) -> None:
    kept = {"prompt": Prompt(user, "In {{style}}.", (Shot("{{text}}", "b"),), "{{question}}:").to_json(), "label": "x"}
    found = options(kept, {})
    assert found["template"] == template
    assert "{{" not in f"{found['system']} {found['shots']} {found['begin']}"


def test_what_is_put_into_the_chats_template_is_not_a_template_itself() -> None:
    kept = {"prompt": Prompt("{{text}}", begin="{{text}}:").to_json(), "label": "x"}
    assert worded("{{question}} and {{text}}", str(options(kept, {})["template"])) == "{{question}} and {{text}}"
