"""The web API: named endpoints with plain JSON, which are MCP tools too.

The docstrings below are what such a client reads; they leave out `request`, which Gradio fills in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

import gradio as gr
from gradio.events import api

from prompts.services import Services
from rag.answer import AskOptions
from rag.ingest import Library
from rag.jobs import Job
from rag.store import Document
from ui import compare_api
from ui.components import MODEL, MODEL_LIMIT, Running, guarded, language, owner_of
from ui.lab import api as lab_api
from ui.ledger_view import PageState
from ui.uploads import Uploaded, take_over

Json = dict[str, object]


def endpoints(services: Services, running: Running) -> None:
    """Add the endpoints to the current Blocks."""
    _library(services)
    _collections(services)
    _questions(services, running)
    compare_api.endpoint(services, running)
    lab_api.endpoints(services, running)


def _library(services: Services) -> None:
    library = services.library

    @guarded
    def list_documents(request: gr.Request) -> list[Json]:
        """List your documents: id, name, pages, passages (chunks), language, and the status of each.

        status: waiting (for its turn), reading, paused, locked (it needs a password, which is entered on the page),
        ready, partial (some pages are missing; document_pages names them) or failed. message says what is amiss.
        What has been read of a document can be asked before it is ready.
        """
        lang = language(request)
        return [_document(document, lang) for document in library.documents(owner_of(request))]

    @guarded
    def delete_document(document: str, request: gr.Request) -> Json:  # noqa: D417
        """Delete one of your documents with its pages and passages.

        Args:
            document: the id of the document, as list_documents gives it.
        """
        library.delete(owner_of(request), document)
        return {"deleted": document}

    @guarded
    def document_pages(document: str, request: gr.Request) -> Json:  # noqa: D417
        """Tell how each page of one of your documents was read, in order, and how many came to the same.

        state: text, ocr (read from its picture), empty, failed or waiting (for OCR); reason says why there is no text:
        damaged, time, memory, crash, ocr, image or garbled. searchable: its passages can be found. Pages that are not
        listed have not been read yet.

        Args:
            document: the id of the document, as list_documents gives it.
        """
        owner = owner_of(request)
        known, ledger = library.document(owner, document), library.ledger(owner, document)
        return {**_document(known, language(request)), "counts": dict(ledger.counts), "ledger": _pages(ledger.pages)}

    @guarded
    def retry_document(document: str, request: gr.Request) -> list[Json]:  # noqa: D417
        """Read again what could not be read of a document that is partial or failed, and wait for what it comes to.

        Args:
            document: the id of the document, as list_documents gives it.
        """
        owner = owner_of(request)
        return _awaited(library, owner, [library.retry(owner, document)], language(request))

    @guarded
    def add_address(address: str, request: gr.Request) -> list[Json]:  # noqa: D417
        """Fetch a public web page or file, add it to your documents and wait until it can be asked.

        Args:
            address: where it lies, with http:// or https://; private networks and this machine are refused.
        """
        owner = owner_of(request)
        return _awaited(library, owner, [library.add_address(owner, address)], language(request))

    _files(library)
    api(list_documents, api_name="list_documents", concurrency_limit=16)
    api(delete_document, api_name="delete_document", concurrency_limit=8)
    api(document_pages, api_name="document_pages", concurrency_limit=8)
    api(retry_document, api_name="retry_document", concurrency_limit=8)
    api(add_address, api_name="add_address", concurrency_limit=8)


def _files(library: Library) -> None:
    @guarded
    def add_documents(files: Uploaded, request: gr.Request) -> list[Json]:  # noqa: D417
        """Add files to your documents and wait until they can be asked, or until it is known why not.

        PDF, DOCX, PPTX, XLSX, ODT, EPUB, HTML, Markdown, text, CSV, JSON, code, pictures, or a ZIP of these.

        Args:
            files: the files to add, uploaded or as data: URIs; for a web address, use add_address.
        """
        owner = owner_of(request)
        with take_over(files) as uploads:
            ids = library.add(owner, uploads)
        return _awaited(library, owner, ids, language(request))

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


def _awaited(library: Library, owner: str, ids: Sequence[str], lang: str) -> list[Json]:
    """Return what the jobs came to: they have ended, or wait for the person (for a password, or paused)."""
    (jobs,) = deque(library.wait(owner, ids), maxlen=1)
    return [_job(job, lang) for job in jobs]


def _collections(services: Services) -> None:
    @guarded
    def list_collections(request: gr.Request) -> list[Json]:
        """List your collections: id, name, and how many documents each has."""
        found = services.collections.list(owner_of(request))
        return [{"collection": one.id, "name": one.name, "documents": one.documents} for one in found]

    api(list_collections, api_name="list_collections", concurrency_limit=16)


def _questions(services: Services, running: Running) -> None:
    @guarded
    def search(  # noqa: D417
        question: str, request: gr.Request, k: int = 5, collections: list[str] | None = None
    ) -> list[Json]:
        """Find the passages of your documents that fit a question best, with the page of each.

        Args:
            question: what to look for, in Spanish or English.
            k: how many passages to return, 1 to 50.
            collections: ids of the collections to search, as list_collections gives them; null searches everything.
        """
        owner = owner_of(request)
        chosen = services.collections.asked(owner, None, collections)
        passages = services.retriever.search(owner, question, max(1, min(int(k), 50)), chosen)
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
        collections: list[str] | None = None,
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
            collections: ids of collections to ask besides, as list_collections gives them; without documents, only
                what is in them is asked.
        """
        parsed, owner = AskOptions.from_json(options), owner_of(request)
        chosen = services.collections.asked(owner, documents, collections)
        with running.event(request.session_hash) as cancel:
            for answer in services.answerer.ask(owner, question, chosen, (), parsed, cancel):
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
        "status": job.status or job.stage,
        "message": job.message(lang),
    }


def _document(document: Document, lang: str) -> Json:
    return {
        "document": document.id,
        "name": document.name,
        "pages": document.pages,
        "unit": document.unit,
        "chunks": document.chunks,
        "language": document.language,
        "status": document.status,
        "message": document.message(lang),
        "chunk_size": document.chunk_size,
        "chunk_overlap": document.chunk_overlap,
    }


def _pages(pages: Sequence[PageState]) -> list[Json]:
    return [
        {
            "page": page.number,
            "state": page.how,
            "reason": page.reason,
            "searchable": page.indexed,
            "chunks": page.chunks,
        }
        for page in pages
    ]
