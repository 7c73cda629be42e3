"""The web API of a running app, with its network cut: what clients and MCP tools see."""

from __future__ import annotations

import asyncio
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE
from tests.running_app import ROOT, App, start

GARDEN = "# Harbour Lane\n\nThe garden has 41 plots. The annual fee is 25 pounds. Compost is turned on Thursdays.\n"
SHORT = {"max_tokens": 12}


@pytest.fixture(scope="module")
def network_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("network") / "log.txt"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, models_dir: Path, network_log: Path) -> Iterator[App]:
    paths = [str(ROOT / "tests" / "no_network"), os.environ.get("PYTHONPATH", "")]
    env = {"PYTHONPATH": os.pathsep.join(filter(None, paths)), "AULA_TEST_NETWORK_LOG": str(network_log)}
    env["AULA_OFFLINE"] = ""  # the network is cut, the app does not know
    running = start(tmp_path_factory.mktemp("api"), models_dir, "--mcp", env=env)
    yield running
    running.stop()
    print("\n".join(running.lines))  # shown when a test failed


@pytest.fixture(scope="module")
def client(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    connected = Client(app.url, verbose=False, download_files=str(tmp_path_factory.mktemp("down")))
    yield connected
    connected.close()


@pytest.fixture(scope="module")
def garden(client: Client, tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("files") / "garden.md"
    path.write_text(GARDEN, encoding="utf-8")
    (added,) = client.predict([handle_file(path)], api_name="/add_documents")
    assert added["status"] == "ready"
    return str(added["document"])


def test_only_the_named_endpoints_are_public(client):
    named = client.view_api(return_format="dict")["named_endpoints"]
    documents = {"/add_documents", "/add_address", "/list_documents", "/delete_document"}
    pages = {"/document_pages", "/retry_document", "/list_collections"}
    lab = {"/tokenize", "/next_tokens", "/beam_search", "/similarity"}
    assert set(named) == documents | pages | lab | {"/search", "/inspect", "/ask", "/compare"}


def test_documents_are_added_listed_and_deleted(client, garden, tmp_path):
    (tmp_path / "garden copy.md").write_text(GARDEN, encoding="utf-8")
    (tmp_path / "empty.pdf").write_bytes(b"")
    (tmp_path / "broken.pdf").write_bytes(b"%PDF-1.7 nothing of a PDF")
    (tmp_path / "other.txt").write_text("El faro de Punta Serena mide 32 metros de alto.", encoding="utf-8")
    names = ("garden copy.md", "empty.pdf", "other.txt", "broken.pdf")
    added = client.predict([handle_file(tmp_path / name) for name in names], api_name="/add_documents")
    assert [(row["name"], row["status"]) for row in added] == [
        ("garden copy.md", "duplicate"),
        ("empty.pdf", "failed"),
        ("other.txt", "ready"),
        ("broken.pdf", "failed"),
    ]
    assert "empty.pdf" in added[1]["message"]
    assert set(added[2]) >= {"document", "name", "pages", "chunks", "language", "status", "message"}
    broken = added[3]["document"]  # what cannot be read stays in the list, with its reason, until it is deleted
    listed = {row["document"]: row for row in client.predict(api_name="/list_documents")}
    assert listed.keys() == {garden, broken, added[2]["document"]}
    assert (listed[broken]["status"], "broken.pdf" in listed[broken]["message"]) == ("failed", True)
    (again,) = client.predict(broken, api_name="/retry_document")
    assert (again["document"], again["status"]) == (broken, "failed")
    for document in (broken, added[2]["document"]):
        client.predict(document, api_name="/delete_document")
    assert [row["document"] for row in client.predict(api_name="/list_documents")] == [garden]


def test_the_pages_of_a_document_are_told_one_by_one(client, garden):
    told = client.predict(garden, api_name="/document_pages")
    assert (told["document"], told["status"]) == (garden, "ready")
    assert [(page["page"], page["state"], page["searchable"]) for page in told["ledger"]] == [(1, "text", True)]
    assert sum(page["chunks"] for page in told["ledger"]) == told["chunks"]
    assert told["counts"]["text"] == 1


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/x", "http://localhost/", "file:///etc/passwd", "http://[::1]/"]
)
def test_an_address_on_this_machine_is_refused(client, garden, address):
    try:
        (added,) = client.predict(address, api_name="/add_address")
    except AppError as refused:
        added = {"status": "failed", "message": str(refused)}
    assert added["status"] == "failed"
    assert added["message"]
    assert [row["document"] for row in client.predict(api_name="/list_documents")] == [garden]


@pytest.mark.parametrize("name", ["/delete_document", "/document_pages", "/retry_document"])
@pytest.mark.parametrize("document", ["0" * 64, "../../aula.sqlite", ""])
def test_an_unknown_document_is_refused_in_words(client, garden, document, name):
    with pytest.raises(AppError, match="not in your library"):
        client.predict(document, api_name=name)


@pytest.mark.parametrize("fields", [("path",), ("url",), ("path", "url")])
def test_a_web_address_is_refused_and_not_fetched(app, client, garden, fields):
    """One that a program gives as a file; the last test sees that nobody looked it up."""
    file = dict.fromkeys(fields, "http://far.example/notes.md") | {"meta": {"_type": "gradio.FileData"}}
    with pytest.raises(AppError, match="fetches nothing"):
        client.predict([file], api_name="/add_documents")
    with pytest.raises(AppError, match="fetches nothing"):
        client.predict(file, api_name="/delete_document")
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(f"{app.url}/gradio_api/file=http://far.example/notes.md", timeout=20)
    refused.value.close()
    assert [row["document"] for row in client.predict(api_name="/list_documents")] == [garden]


def test_another_name_for_this_machine_is_refused(app):
    request = urllib.request.Request(app.url, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        urllib.request.urlopen(request, timeout=20)
    refused.value.close()


def test_search_gives_page_and_scores(client, garden):
    best = client.predict("What is the annual fee?", 3, api_name="/search")[0]
    assert best["document"] == garden
    assert best["page"] == 1
    assert "25 pounds" in best["text"]
    assert best["dense"] > 0 < best["lexical"]


def test_inspect_gives_three_lists_that_add_up(client, garden):
    found = client.predict("What is the annual fee?", 3, api_name="/inspect")
    assert {"stem": "fee", "word": "fee"} in found["terms"]
    assert found["fused"][0]["document"] == garden
    for hit in found["fused"]:
        made = found["weight"] * hit["dense_part"] + (1 - found["weight"]) * hit["lexical_part"]
        assert hit["score"] == pytest.approx(made)
    best = found["lexical"][0]
    assert sum(part["score"] for part in best["contributions"]) == pytest.approx(best["score"])
    assert "fee" in {best["text"][start:end] for start, end, _ in best["spans"]}
    assert found["dense"][0]["nearest"]["cosine"] > 0
    (listed,) = client.predict(api_name="/list_documents")
    assert (listed["chunk_size"], listed["chunk_overlap"]) == (CHUNK_SIZE, CHUNK_OVERLAP)


def test_ask_streams_and_ends_with_the_whole_answer(client, garden):
    job = client.submit("What is the annual fee?", None, SHORT, api_name="/ask")
    steps = list(job)
    assert len(steps) > 2
    last = steps[-1]
    assert last["stage"] == "done"
    assert last["citations"][0]["quote"] == "The annual fee is 25 pounds."
    assert set(last["citations"][0]) >= {"n", "document", "name", "page", "quote", "score"}
    assert set(last["stats"]) >= {
        "model",
        "prompt_tokens",
        "completion_tokens",
        "reused_tokens",
        "ttft_s",
        "tokens_per_s",
        "retrieval_ms",
    }
    assert 0 < last["stats"]["completion_tokens"] <= 12
    again = client.predict("What is the annual fee?", [garden], SHORT | {"temperature": 0}, api_name="/ask")
    assert again["answer"] == client.predict("What is the annual fee?", [garden], SHORT, api_name="/ask")["answer"]


def test_bad_options_and_questions_are_refused_in_words(client, garden):
    for question, options, said in (("  ", {}, "Write a question"), ("fee?", {"top_p": 7}, "top_p")):
        with pytest.raises(AppError, match=said):
            client.predict(question, None, options, api_name="/ask")


def test_twenty_questions_some_stopped_and_memory_stays(app, client, garden):
    process = psutil.Process(app.process.pid)
    client.predict("Tell me everything about the garden.", None, SHORT, api_name="/ask")
    before = process.memory_info().rss
    for number in range(20):
        job = client.submit(f"Question {number}: what about compost?", None, {"max_tokens": 40}, api_name="/ask")
        if number % 2:
            next(iter(job))
            job.cancel()
        else:
            assert job.result()["stats"]["completion_tokens"] > 0
    grown = (process.memory_info().rss - before) / 1e6
    assert grown < 100, f"{grown:.0f} MB more"


def test_the_same_calls_are_mcp_tools(app):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def tools() -> list[str]:
        async with (
            streamable_http_client(f"{app.url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            return [tool.name for tool in (await session.list_tools()).tools]

    names = asyncio.run(tools())
    documents = ("add_documents", "add_address", "list_documents", "document_pages", "delete_document")
    lab = ("tokenize", "next_tokens", "beam_search", "similarity")
    for name in (*documents, *lab, "search", "inspect", "ask", "compare"):
        assert any(name in tool for tool in names), names


def test_nothing_of_all_this_tried_the_network(app, network_log, garden):
    assert app.process.poll() is None
    watching = network_log.with_name(f"{network_log.name}.watching").read_text().split()
    assert str(app.process.pid) in watching
    assert not network_log.exists(), network_log.read_text()
