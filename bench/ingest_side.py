"""One side of `bench ingest`, as a process: takes files in and prints what that took. Started by bench/ingest.py."""

from __future__ import annotations

import json
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.answer import AskOptions
from rag.embeddings import embedding_spec
from rag.models import Catalogue
from rag.services import Services, build_services
from rag.settings import Settings

OWNER = "bench"
QUESTIONS = (
    "¿Cuántos libros se pueden sacar a la vez?",
    "How big are the tanks under the chapel roof?",
    "¿Qué pasa si se devuelve tarde un libro?",
    "When is the harvest supper?",
    "¿Se puede comer en la sala de lectura?",
)


def ours(job: dict[str, Any]) -> dict[str, Any]:
    """Take the files in through the app's own library."""
    settings = replace(Settings.from_env(), data_dir=Path(job["work"]), download=False, embedding=job["embedding"])
    services = build_services(settings)
    catalogue = services.catalogue
    services.library.start()
    services.dense.load(catalogue.pull(job["embedding"]), embedding_spec(catalogue, job["embedding"]))
    try:
        if job["chat"]:
            return _with_chat(services, job)
        started = time.perf_counter()
        found = _take_in(services, [Path(file) for file in job["files"]])
        return found | {"seconds": time.perf_counter() - started}
    finally:
        services.close()


def _take_in(services: Services, files: Sequence[Path]) -> dict[str, Any]:
    ids = services.library.add(OWNER, [(file, file.name) for file in files])
    jobs = list(services.library.wait(OWNER, ids))[-1]
    held = services.library.documents(OWNER)
    states: dict[str, int] = {}
    for job in jobs:
        states[job.status] = states.get(job.status, 0) + 1
    return {
        "pages": sum(document.pages for document in held),
        "chunks": sum(document.chunks for document in held),
        "states": states,
    }


def _with_chat(services: Services, job: dict[str, Any]) -> dict[str, Any]:
    """Take the files in while questions are asked; also say how long a first token takes without and with that."""
    samples = Path(__file__).parent.parent / "documents"
    _take_in(services, sorted(samples.glob("*.pdf")))
    services.engine.start()
    while services.engine.status().state != "ready":
        time.sleep(0.2)
    _first_tokens(services)  # what is read but once, such as the worked examples
    idle = _first_tokens(services)
    found: dict[str, Any] = {}
    started = time.perf_counter()

    def work() -> None:
        found.update(_take_in(services, [Path(file) for file in job["files"]]))
        found["seconds"] = time.perf_counter() - started

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(5.0)
    busy: list[float] = []
    while thread.is_alive() and len(busy) < 4 * len(QUESTIONS):
        busy += _first_tokens(services)
    thread.join()
    idle_s, busy_s = statistics.median(idle), statistics.median(busy)
    return found | {
        "ttft_idle_s": round(idle_s, 3),
        "ttft_busy_s": round(busy_s, 3),
        "ttft_busy_worst_s": round(max(busy), 3),
        "ttft_ratio": round(busy_s / idle_s, 3),
        "asked_meanwhile": len(busy),
    }


def _first_tokens(services: Services) -> list[float]:
    held = [document.id for document in services.library.documents(OWNER) if document.pages < 100]
    waits = []
    for question in QUESTIONS:
        started = time.perf_counter()
        for answer in services.answerer.ask(OWNER, question, held, (), AskOptions(), threading.Event()):
            if answer.text:
                waits.append(time.perf_counter() - started)
                break
    return waits


def baseline(job: dict[str, Any]) -> dict[str, Any]:
    """Take the files in as the tutorials do: pypdf, RecursiveCharacterTextSplitter 1000/200, float32, Chroma."""
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_huggingface import HuggingFaceEmbeddings
    from langchain_text_splitters import RecursiveCharacterTextSplitter
    from pypdf import PdfReader

    folder = Catalogue(Settings.from_env()).pull(job["embedding"])
    embedding = HuggingFaceEmbeddings(
        model_name=str(folder), model_kwargs={"device": "cpu", "model_kwargs": {"dtype": "float32"}}
    )
    started = time.perf_counter()
    documents, pages = [], 0
    for file in job["files"]:
        for number, page in enumerate(PdfReader(file).pages, 1):  # what PyPDFLoader does
            text = page.extract_text().encode("utf-8", "replace").decode()  # pypdf may give half of a character
            documents.append(Document(text, metadata={"source": file, "page": number}))
            pages += 1
    splits = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(documents)
    for start in range(0, len(splits), 5_000):  # Chroma takes no more at once
        part = splits[start : start + 5_000]
        if start == 0:
            chroma = Chroma.from_documents(part, embedding, persist_directory=job["work"])
        else:
            chroma.add_documents(part)
    return {"pages": pages, "chunks": len(splits), "seconds": time.perf_counter() - started}


if __name__ == "__main__":
    print(json.dumps({"ours": ours, "baseline": baseline}[sys.argv[1]](json.loads(sys.argv[2]))))
