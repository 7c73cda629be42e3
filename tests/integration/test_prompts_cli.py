"""`python -m prompts` as a person or a CI job calls it: tables, JSON, exit codes, one sentence for what is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from langchain_core.messages import AIMessageChunk

from prompts.cli.commands import FAILED, OK, UNUSABLE, main
from prompts.cli.load import OtherRows, Unusable, experiment_of, prompts_of, with_tests
from prompts.cli.models import Models
from prompts.cli.run import Outputs, run_and_show
from prompts.experiment import Experiment
from prompts.words import table
from rag.errors import ModelNotInstalled
from rag.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
STARTER = "smollm2-135m-instruct"
BRIEF = {"temperature": 0, "max_tokens": 6}
SUMS: dict[str, Any] = {
    "name": "Sums",
    "columns": [
        {"label": "Plain", "prompt": {"user": "{{question}}"}, "decoding": BRIEF, "parse": "number"},
        {"label": "Role", "prompt": {"user": "{{question}}", "system": "You add."}, "decoding": BRIEF},
    ],
    "rows": [{"vars": {"question": f"What is {n}+{n}?", "expected": str(2 * n)}} for n in range(3)],
    "checks": [{"type": "max-length", "value": 2000}],
}


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    path = tmp_path / "sums.json"
    path.write_text(json.dumps(SUMS), encoding="utf-8")
    return path


@pytest.fixture
def equations(tmp_path: Path) -> Path:
    """Rows as MultiArith has them: an answer within a list."""
    rows = [{"sQuestion": f" What is {n} and {n}? ", "lSolutions": [2.0 * n]} for n in range(50)]
    path = tmp_path / "equations.json"
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def call(models_dir: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "AULA_MODELS_DIR": str(models_dir), "AULA_OFFLINE": "1", "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "prompts", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.model
def test_an_experiment_runs_without_the_page(models_dir: Path, sums: Path) -> None:
    done = call(models_dir, "run", sums, "--model", STARTER, "--json")
    assert done.returncode == OK, done.stderr
    found = json.loads(done.stdout)  # and nothing else
    lines = done.stderr.splitlines()
    table = lines[next(n for n, line in enumerate(lines) if line.startswith("column")) :]
    assert table[0].split()[:4] == ["column", "right", "wrong", "unreadable"]
    assert table[1].split()[:4] == ["Plain", "3", "0", "0"]
    assert "100.0 % (" in table[1]
    assert any("Plain" in line and "Role" in line for line in table[3:]), "what the run shows, in words"
    assert found["passed"] is True
    assert len(found["cells"]) == 6
    assert found["summary"]["columns"][0]["right"] == 3
    assert len(found["provenance"]["models"][STARTER]) == 64
    assert "6 of 6 answers" in done.stderr
    assert "6 of 6 answers" not in done.stdout


@pytest.mark.model
def test_a_check_that_fails_makes_the_command_fail(models_dir: Path, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "description: Words\nprompts: ['Say {{word}}']\nproviders: [{id: 'aula:" + STARTER + "', config: "
        "{max_tokens: 4}}]\ntests:\n- vars: {word: hello}\n  assert: [{type: equals, value: never this}]\n",
        encoding="utf-8",
    )
    done = call(models_dir, "run", path, "--json", "--lang", "es")
    assert done.returncode == FAILED, done.stderr
    assert "columna" in done.stderr
    assert json.loads(done.stdout)["passed"] is False


@pytest.mark.model
def test_rows_of_another_file_take_the_place_of_a_cards(models_dir: Path, equations: Path) -> None:
    asked = ["--tests", equations, "--question", "sQuestion", "--expected", "lSolutions.0", "--limit", 1]
    done = call(models_dir, "run", "chain-of-thought", *asked, "--model", STARTER, "--json")
    assert done.returncode in (OK, FAILED), done.stderr
    found = json.loads(done.stdout)
    (row,) = found["experiment"]["rows"]
    assert row["vars"]["question"].startswith("What is ")
    assert row["vars"]["expected"].isdigit(), "8.0 is written 8"
    assert len(found["cells"]) == len(found["experiment"]["columns"])


@pytest.mark.model
def test_the_report_is_written(models_dir: Path, sums: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    done = call(models_dir, "run", sums, "--model", STARTER, "--limit", 1, "--html", report)
    assert done.returncode == OK, done.stderr
    assert done.stdout.startswith("column")
    text = report.read_text(encoding="utf-8")
    assert "Sums" in text
    assert STARTER in text


def test_neither_the_page_nor_gradio_is_imported() -> None:
    tops = "{name.split('.')[0] for name in sys.modules}"
    code = f"import sys, prompts.cli.commands; print(sorted({{'gradio', 'ui', 'torch'}} & {tops}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.stdout.strip() == "[]", done.stderr


# -- without a model -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "es"])
@pytest.mark.parametrize(
    ("name", "text", "arguments", "said"),
    [
        ("none", None, [], "cli.no_file"),
        ("a.json", "{", [], "cli.not_json"),
        ("a.json", "{}", [], None),
        ("a.json", json.dumps(SUMS), ["--tests", "nowhere.csv"], "cli.no_tests"),
        ("a.json", json.dumps(SUMS), ["--question", "q"], "cli.tests_wanted"),
        ("a.yaml", "prompts: ['{{q}}']\ntests: [{vars: {q: x}, assert: [{type: python, value: '1'}]}]", [], None),
        ("a.json", json.dumps(SUMS | {"rows": [{"vars": {"q": "x"}}]}), [], None),
        (
            "a.json",
            json.dumps(SUMS | {"columns": [SUMS["columns"][0] | {"retrieval": True}]}),
            [],
            "cli.no_documents",
        ),
        ("a.json", json.dumps(SUMS), ["--model", "nobody"], None),
        ("a.json", json.dumps(SUMS), ["--html", "nowhere/at/all.html"], "cli.unwritable"),
        ("a.json", json.dumps(SUMS), ["--html", "."], "cli.unwritable"),
        *(
            ("a.json", json.dumps(SUMS | {"checks": [check]}), [], None)
            for check in (
                {"type": "regex", "value": "("},
                {"type": "contians", "value": "a"},
                {"type": "number", "value": "three"},
                {"type": "latency"},
                {"type": "contains", "value": "{{nope}}"},
            )
        ),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    tmp_path: Path,
    models_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    text: str | None,
    arguments: list[str],
    said: str | None,
    lang: str,
) -> None:
    monkeypatch.setenv("AULA_MODELS_DIR", str(models_dir))
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert main(["run", str(path), *arguments, "--lang", lang]) == UNUSABLE
    out, err = capsys.readouterr()
    assert out == ""
    assert err.strip()
    assert "Traceback" not in err
    if said is not None:
        assert err.strip().endswith(table(lang)[said].rpartition("}")[2])


def test_a_model_that_is_not_here_is_named_with_how_to_get_it(
    sums: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AULA_MODELS_DIR", str(tmp_path / "models"))
    assert main(["run", str(sums), "--model", STARTER, "--lang", "en"]) == UNUSABLE
    assert "python -m rag.models pull" in capsys.readouterr().err


class Silent(Models):
    """Models that always say the same, and were read from nowhere."""

    catalogue: Any

    def __init__(self, text: str = "Nine.") -> None:
        self.settings, self.asked = Settings(Path("data"), Path("models")), 0
        self.catalogue = SimpleNamespace(digest=lambda name: name, path=self._away)
        self.text = text

    def _away(self, name: str) -> Path:
        raise ModelNotInstalled(name=name)

    def chat(self, name: str = "") -> Any:
        return SimpleNamespace(model=name or "m", template="t", render=lambda *_, **__: "", stream=self._stream)

    def _stream(self, *_: object, **__: object) -> Iterator[AIMessageChunk]:
        self.asked += 1
        yield AIMessageChunk(content=self.text, response_metadata={"waited_s": 0.0})


@pytest.mark.parametrize(
    ("checks", "code", "said"),
    [
        ([{"type": "contains", "value": "Nine"}], OK, None),
        ([{"type": "contains", "value": "Nine"}, {"type": "cost", "threshold": 1}], OK, None),
        ([{"type": "contains", "value": "Nine"}, {"type": "contains", "value": "Ten", "weight": 0}], OK, None),
        ([{"type": "contains", "value": "Ten"}], FAILED, None),
        ([{"type": "cost", "threshold": 1}], FAILED, "cli.nothing_judged"),
        ([], FAILED, "cli.nothing_judged"),
        ([{"type": "contains", "value": "Nine"}, {"type": "finish-reason", "value": "stop"}], FAILED, "cli.undecided"),
    ],
)
def test_a_run_passes_only_where_its_checks_have_judged(
    capsys: pytest.CaptureFixture[str], checks: list[dict[str, Any]], code: int, said: str | None
) -> None:
    experiment = Experiment.from_json(SUMS | {"columns": [{"prompt": {"user": "{{question}}"}}], "checks": checks})
    assert run_and_show(experiment, Silent(), Outputs("en", as_json=True)) == code
    out, err = capsys.readouterr()
    assert json.loads(out)["passed"] is (code == OK)
    for key in ("cli.nothing_judged", "cli.undecided"):
        assert (table("en")[key].partition("{")[0] in err) == (key == said)


def test_similarity_without_its_model_cannot_be_used() -> None:
    similar = {"type": "similar", "value": "{{expected}}"}
    experiment, models = Experiment.from_json(SUMS | {"checks": [similar]}), Silent()
    models.catalogue.digest = models._away  # as a catalogue does for what is not here
    with pytest.raises(ModelNotInstalled):
        run_and_show(experiment, models, Outputs("en"))
    assert models.asked == 0


def test_a_report_that_cannot_be_written_costs_no_answer_and_no_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment, models = Experiment.from_json(SUMS), Silent()
    with pytest.raises(Unusable):
        run_and_show(experiment, models, Outputs("en", True, tmp_path / "none" / "a.html"))
    assert (models.asked, capsys.readouterr().out) == (0, "")
    full = OSError(28, "No space left on device")
    monkeypatch.setattr(Path, "write_text", Mock(side_effect=full))
    with pytest.raises(Unusable):
        run_and_show(experiment, models, Outputs("en", True, tmp_path / "a.html"))
    assert json.loads(capsys.readouterr().out)["passed"] is True


def test_a_variable_with_a_hyphen_that_only_a_check_reads_is_none_of_the_prompts(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = [{"vars": {"question": "x", "my-gold": "y"}}]
    checks = [{"type": "contains", "value": "{{my-gold}}"}]
    path.write_text(json.dumps(SUMS | {"rows": rows, "checks": checks}), encoding="utf-8")
    assert [list(names or ()) for _, _, names, _ in prompts_of(str(path), "en")] == [["question"]] * 2


def test_a_draw_of_rows_can_be_repeated_and_another_seed_draws_others(sums: Path, equations: Path) -> None:
    def draw(seed: int) -> list[str]:
        tests = OtherRows(equations, "sQuestion", "lSolutions.0", 10, seed)
        return [row.values["expected"] for row in with_tests(experiment_of(str(sums), "en"), tests).rows]

    assert draw(1) == draw(1)
    assert draw(1) != draw(2)
    assert draw(1) != [str(2 * n) for n in range(10)], "drawn before they are counted off"
    assert len(set(draw(1))) == 10


@pytest.mark.parametrize("column", ["lSolutions.7", "lSolutions.x", "nothing", "sQuestion.0"])
def test_a_path_that_leads_nowhere_names_the_columns_there_are(sums: Path, equations: Path, column: str) -> None:
    with pytest.raises(Unusable) as caught:
        with_tests(experiment_of(str(sums), "en"), OtherRows(equations, "sQuestion", column))
    assert column in caught.value.text("en")
    assert "lSolutions" in caught.value.text("es")


def test_csv_rows_and_the_only_variable_of_a_prompt(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("pregunta larga;respuesta\n¿2+2?;4\n", encoding="utf-8")
    path = tmp_path / "one.json"
    column = {"label": "A", "prompt": {"user": "{{texto}}"}}
    path.write_text(json.dumps({"columns": [column], "rows": [{"vars": {"texto": "x"}}]}), encoding="utf-8")
    (row,) = with_tests(experiment_of(str(path), "es"), OtherRows(file, "pregunta larga", "respuesta")).rows
    assert row.values == {"texto": "¿2+2?", "expected": "4"}


def test_what_ships_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--lang", "es"]) == OK
    out = capsys.readouterr().out
    assert "chain-of-thought" in out
    assert "zero-shot" in out


def test_prompts_are_checked_against_the_golden_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    vague = {"label": "Vague", "prompt": {"user": "Write a few things about dogs, not too long."}}
    path.write_text(json.dumps({"columns": [vague], "rows": [{"vars": {}}]}), encoding="utf-8")
    assert main(["lint", str(path), "--lang", "en"]) == FAILED
    assert capsys.readouterr().out.startswith("Vague: ")
    assert main(["lint", "chain-of-thought", "--lang", "es"]) == OK, capsys.readouterr().out
    assert main(["lint", "nobody", "--lang", "es"]) == UNUSABLE
