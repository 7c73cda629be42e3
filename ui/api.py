"""The web API: named endpoints with plain JSON, which are MCP tools too.

The docstrings below are what such a client reads; they leave out `request`, which Gradio fills in.
"""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr
from gradio.events import api

from prompts.services import Services
from rag.answer import AskOptions
from rag.jobs import Job
from ui import compare_api
from ui.components import MODEL, MODEL_LIMIT, Running, guarded, language, owner_of
from ui.uploads import Uploaded, take_over

Json = dict[str, object]


def endpoints(services: Services, running: Running) -> None:
    """Add the endpoints to the current Blocks."""
    _library(services)
    _questions(services, running)
    compare_api.endpoint(services, running)


def _library(services: Services) -> None:
    library = services.library

    @guarded
    def add_documents(files: Uploaded, request: gr.Request) -> list[Json]:  # noqa: D417
        """Add files (PDF, DOCX, Markdown, HTML, text) to your documents and wait until they can be asked.

        Args:
            files: the files to add, uploaded or as data: URIs; web addresses are refused, nothing is fetched.
        """
        owner = owner_of(request)
        with take_over(files) as uploads:
            ids = library.add(owner, uploads)
        snapshots = list(library.wait(owner, ids))
        return [_job(job, language(request)) for job in snapshots[-1]]

    @guarded
    def list_documents(request: gr.Request) -> list[Json]:
        """List your documents: id, name, pages, passages (chunks), language and status of each."""
        lang = language(request)
        return [
            {
                "document": document.id,
                "name": document.name,
                "pages": document.pages,
                "chunks": document.chunks,
                "language": document.language,
                "status": document.status,
                "message": document.message(lang),
                "chunk_size": document.chunk_size,
                "chunk_overlap": document.chunk_overlap,
            }
            for document in library.documents(owner_of(request))
        ]

    @guarded
    def delete_document(document: str, request: gr.Request) -> Json:  # noqa: D417
        """Delete one of your documents with its pages and passages.

        Args:
            document: the id of the document, as list_documents gives it.
        """
        library.delete(owner_of(request), document)
        return {"deleted": document}

    # A real file component, and not gr.api: it checks that a path is an upload and lets MCP clients send files.
    files = gr.File(file_count="multiple", visible=False, label="files")
    added = gr.JSON(visible=False, label="documents")
    gr.Button(visible=False).click(
        add_documents,
        files,
        added,
        api_name="add_documents",
        concurrency_limit=8,
        show_progress="hidden",
        preprocess=False,
    )
    api(list_documents, api_name="list_documents", concurrency_limit=16)
    api(delete_document, api_name="delete_document", concurrency_limit=8)


def _questions(services: Services, running: Running) -> None:
    @guarded
    def search(question: str, request: gr.Request, k: int = 5) -> list[Json]:  # noqa: D417
        """Find the passages of your documents that fit a question best, with the page of each.

        Args:
            question: what to look for, in Spanish or English.
            k: how many passages to return, 1 to 50.
        """
        passages = services.retriever.search(owner_of(request), question, max(1, min(int(k), 50)))
        return [
            {
                "document": passage.document,
                "name": passage.name,
                "page": passage.page,
                "text": passage.text,
                "score": passage.score,
                "dense": passage.dense,
                "lexical": passage.lexical,
            }
            for passage in passages
        ]

    @guarded
    def ask(  # noqa: D417
        question: str,
        request: gr.Request,
        documents: list[str] | None = None,
        options: dict | None = None,  # type: ignore[type-arg]  # gr.api reads the bare type
    ) -> Iterator[Json]:
        """Answer a question from your documents, with the quotes that each sentence of the answer rests on.

        Where the documents do not hold the answer, abstained is true and closest names the nearest pages.

        Args:
            question: the question, in Spanish or English.
            documents: ids of the documents to ask; null asks all of them, an empty list asks the model alone.
            options: preset, temperature, top_k, top_p, min_p, repeat_penalty, max_tokens, seed, stop, system,
                language (question, es or en); for plain chat also shots ([{user, assistant}], worked examples),
                template (the wording of the question, with {{question}} in its place) and begin (how the answer
                begins).
        """
        parsed = AskOptions.from_json(options)
        with running.event(request.session_hash) as cancel:
            for answer in services.answerer.ask(owner_of(request), question, documents, (), parsed, cancel):
                yield answer.to_json()

    @guarded
    def inspect(question: str, request: gr.Request, k: int = 5) -> Json:  # noqa: D417
        """Show why a search finds what it finds: what embeddings find, what BM25 finds, and both fused.

        Args:
            question: what to look for, in Spanish or English.
            k: how many passages each list has, 1 to 50.
        """
        found = services.inspector.inspect(owner_of(request), question, max(1, min(int(k), 50)))
        return found.to_json()

    api(search, api_name="search", concurrency_limit=4)
    api(inspect, api_name="inspect", concurrency_limit=4)
    api(ask, api_name="ask", concurrency_id=MODEL, concurrency_limit=MODEL_LIMIT)


def _job(job: Job, lang: str) -> Json:
    return {
        "document": job.document,
        "name": job.name,
        "pages": job.pages,
        "chunks": job.chunks,
        "language": job.language,
        "status": job.status,
        "message": job.message(lang),
    }
