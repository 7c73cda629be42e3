"""The pipeline of the common tutorial, to race against, with nothing of ours in it.

RecursiveCharacterTextSplitter 1000/200, all-MiniLM-L6-v2, Chroma's top 4, one stuffed prompt, and the same GGUF file
through llama-cpp-python. Question sets are texts already, so the tutorial's PyPDFLoader has nothing to do here.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rag.models import Catalogue
from rag.settings import Settings

TOP = 4
MAX_TOKENS = 256
PROMPT = (
    "Use the following pieces of context to answer the question at the end. If you don't know the answer, just say "
    "that you don't know, don't try to make up an answer.\n\n{context}\n\nQuestion: {question}\nHelpful Answer:"
)


class BaselineIndex:
    """Paragraphs in an in-memory Chroma, as the tutorials do it."""

    def __init__(self, paragraphs: Sequence[str], left_out: frozenset[int] = frozenset()) -> None:
        """Split, embed and index."""
        from langchain_chroma import Chroma
        from langchain_core.documents import Document
        from langchain_huggingface import HuggingFaceEmbeddings
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        folder = Catalogue(replace(Settings.from_env())).pull("all-minilm-l6-v2")
        texts = [Document(text, metadata={"n": i}) for i, text in enumerate(paragraphs) if i not in left_out]
        splits = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200).split_documents(texts)
        embedding = HuggingFaceEmbeddings(model_name=str(folder), model_kwargs={"device": "cpu"})
        self._chroma = Chroma.from_documents(splits, embedding, collection_name=f"baseline-{uuid.uuid4().hex}")

    def retrieve(self, question: str, k: int = TOP) -> list[tuple[int, str]]:
        """Return (paragraph position, text) of the nearest `k` splits."""
        return [
            (int(found.metadata["n"]), found.page_content) for found in self._chroma.similarity_search(question, k=k)
        ]

    def ranked(self, question: str, depth: int) -> list[int]:
        """Return the positions of the nearest paragraphs, best first."""
        return list(dict.fromkeys(n for n, _ in self.retrieve(question, 4 * depth)))[:depth]


class BaselineChat:
    """Retrieval and generation, one after the other, as in the tutorial."""

    def __init__(self, index: BaselineIndex, model: Path, n_ctx: int = 4096) -> None:
        """Load the GGUF."""
        from llama_cpp import Llama

        self._index = index
        self._model: Any = Llama(str(model), n_ctx=n_ctx, verbose=False)

    def ask(self, question: str) -> tuple[str, float, list[tuple[int, str]]]:
        """Return the answer, the seconds to its first token, and what it read: (paragraph position, text)."""
        started = time.perf_counter()
        found = self._index.retrieve(question)
        context = "\n\n".join(text for _, text in found)
        content = PROMPT.format(context=context, question=question)
        stream = self._model.create_chat_completion(
            [{"role": "user", "content": content}], stream=True, temperature=0.0, max_tokens=MAX_TOKENS
        )
        text, first = "", 0.0
        for event in stream:
            piece = event["choices"][0]["delta"].get("content") or ""
            if piece and not text:
                first = time.perf_counter() - started
            text += piece
        return text, first, found
