"""/compare of a running app, with the starter model: whole experiments from JSON and from promptfoo's YAML."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from tests.running_app import App, loaded, start

DECODING = {"temperature": 0, "max_tokens": 6}
EXPERIMENT = {
    "name": "Sums",
    "columns": [
        {"label": "Plain", "prompt": {"user": "What is {{question}}?"}, "decoding": DECODING},
        {
            "label": "Role",
            "prompt": {"system": "You count.", "user": "What is {{question}}?", "begin": "It is "},
            "decoding": DECODING,
            "parse": "number",
        },
    ],
    "rows": [
        {"vars": {"question": "1+1", "expected": "2"}},
        {"vars": {"question": "2+2", "expected": "4"}, "assert": [{"type": "max-length", "value": 500}]},
    ],
    "checks": [{"type": "number", "value": "{{expected}}"}],
    "seed": 3,
}
PROMPTFOO = """
prompts: ['Say {{word}}']
providers: [{id: aula, config: {max_tokens: 4}}]
defaultTest: {assert: [{type: not-contains, value: zzz}]}
tests:
  - vars: {word: hello}
  - vars: {word: adiós}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compare")


@pytest.fixture(scope="module")
def app(data: Path, models_dir: Path) -> Iterator[App]:
    running = start(data, models_dir)
    yield running
    running.stop()
    print("\n".join(running.lines))  # shown when a test failed


@pytest.fixture(scope="module")
def client(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    connected = Client(app.url, verbose=False, download_files=str(tmp_path_factory.mktemp("down")))
    yield loaded(connected)
    connected.close()


def states(data: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{data / 'aula.sqlite'}?mode=ro", uri=True)) as database:
        return dict(database.execute("select id, state from runs"))


def test_an_experiment_streams_its_progress_and_ends_with_its_verdict(client: Client, data: Path) -> None:
    job = client.submit(EXPERIMENT, api_name="/compare")
    seen = list(job)
    assert {"run", "state", "done", "total", "seconds_left"} == set(seen[0])
    assert [one["done"] for one in seen] == sorted(one["done"] for one in seen)
    assert {one["total"] for one in seen} == {4}
    last = seen[-1]
    assert (last["state"], last["done"]) == ("done", 4)
    assert states(data)[last["run"]] == "done"
    assert [column["label"] for column in last["summary"]["columns"]] == ["Plain", "Role"]
    assert set(last["summary"]["pairs"][0]["verdict"]) == {"en", "es"}
    cells = {(cell["column"], cell["row"]): cell for cell in last["cells"]}
    assert set(cells) == {(0, 0), (1, 0), (0, 1), (1, 1)}
    assert [len(cells[0, row]["grades"]) for row in (0, 1)] == [1, 2]
    assert cells[1, 0]["reply"]["text"].startswith("It is")
    assert "What is 1+1?" in cells[0, 0]["reply"]["prompt"]
    assert {cell["reply"]["seed"] for cell in cells.values()} == {3}


def test_promptfoo_text_runs_as_it_is(client: Client) -> None:
    last = client.predict(PROMPTFOO, api_name="/compare")
    assert last["state"] == "done"
    assert [cell["lenient"] for cell in last["cells"]] == ["right", "right"]


def test_an_experiment_as_text_runs_too(client: Client) -> None:
    last = client.predict(json.dumps(EXPERIMENT), api_name="/compare")
    assert (last["state"], last["done"]) == ("done", 4)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ({"columns": []}, "columns"),
        (EXPERIMENT | {"checks": [{"type": "javascript", "value": "process.exit()"}]}, "javascript"),
        ("prompts: ['file://secret.txt']\ntests: [{vars: {a: b}}]", "file:"),
        (EXPERIMENT | {"columns": [{"label": "x", "prompt": {"user": "{% for a in b %}"}}]}, "for a in b"),
    ],
)
def test_what_cannot_or_must_not_run_is_refused_in_words(
    client: Client, data: Path, experiment: object, said: str
) -> None:
    before = states(data)
    with pytest.raises(AppError, match=said):
        client.predict(experiment, api_name="/compare")
    assert states(data) == before


def test_a_client_that_goes_away_pauses_its_run_and_loses_nothing(client: Client, data: Path) -> None:
    rows = [{"vars": {"question": f"{n}+{n}", "expected": str(2 * n)}} for n in range(200)]
    job = client.submit(EXPERIMENT | {"rows": rows, "name": "long"}, api_name="/compare")
    run = ""
    for now in job:
        run = now["run"]
        if now["done"] >= 2:
            break
    job.cancel()
    for _ in range(60):
        if states(data)[run] == "paused":
            break
        time.sleep(0.5)
    assert states(data)[run] == "paused"
    with closing(sqlite3.connect(f"file:{data / 'aula.sqlite'}?mode=ro", uri=True)) as database:
        (kept,) = database.execute("select count(*) from cells where run = ?", (run,)).fetchone()
    assert 2 <= kept < 400


def test_the_endpoint_says_what_it_takes(client: Client) -> None:
    described = client.view_api(return_format="dict")["named_endpoints"]["/compare"]
    assert [one["parameter_name"] for one in described["parameters"]] == ["experiment"]
