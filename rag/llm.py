"""The chat model: LangChain's interface over llama.cpp, one GGUF file and one answer at a time.

It knows messages and options; documents, prompts for them and history belong to those who call it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ChatMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr

from rag.errors import ModelLoadFailed, ModelNotReady
from rag.llama import native
from rag.llama.chat_template import ChatTemplate, Turn
from rag.llama.context import BATCH, Context
from rag.llama.generation import Generation, Request, Stats
from rag.llama.sequences import Sequences
from rag.llama.shape import Shape, shape
from rag.llama.turns import Turns
from rag.llama.vocabulary import Piece, Vocabulary
from rag.settings import Decoding

_ROLES = {"human": "user", "ai": "assistant", "system": "system"}


class _Engine:
    """What a loaded model is made of; lives as long as its native memory."""

    def __init__(self, handles: native.Handles) -> None:
        self.vocabulary = Vocabulary(handles.vocab)
        self.template = ChatTemplate(
            handles.chat_template(),
            bos=self.vocabulary.text(self.vocabulary.bos),
            eos=self.vocabulary.text(self.vocabulary.eos),
        )
        self.context = Context(handles)
        self.turns = Turns()
        self.sequences = Sequences(handles, self.turns, self.context.size)
        self.shape = shape(handles)

    def warm_up(self) -> None:
        """Read one token and forget it, so that the weights come from the disk now and not at the first question."""
        token = max(self.vocabulary.bos, 0)
        self.context.read([token])
        self.context.reuse([token], repeatable=True)

    def close(self) -> None:
        self.vocabulary.close()
        self.sequences.close()  # before the weights go, which go with the context
        self.context.close()


class LlamaChat(BaseChatModel):
    """A GGUF model as a LangChain chat model. Make one with `load`.

    `stream` and `invoke` take, besides `stop`: `decoding` (a Decoding), single values of it by name (temperature,
    top_k, ..., seed), `cancel` (a threading.Event), `grammar` (GBNF, the answer must follow it), `begin` (text put into
    the model's mouth: the answer goes on from it and does not repeat it), and `openings` with `goes_on` (see
    rag.llama.generation.Request). The last chunk, and an invoked message, say in `response_metadata`
    what the answer took; times are in seconds.

    Answers are written one at a time, in the order of asking. Raises QuestionTooLong, BadOption, ModelNotReady.
    """

    model: str
    n_ctx: int
    _engine: _Engine | None = PrivateAttr(default=None)

    @classmethod
    def load(
        cls,
        path: Path,
        name: str,
        n_ctx: int = 4096,
        n_threads: int | None = None,
        n_gpu_layers: int | None = None,
    ) -> LlamaChat:
        """Open the GGUF file at `path`. Raises ModelLoadFailed.

        `n_ctx` is cut to what the model was trained for; `n_threads` None means the physical cores, `n_gpu_layers`
        None everything that the build and the machine can offload.
        """
        handles = native.load(path, name, n_ctx, BATCH, n_threads, n_gpu_layers)
        try:
            engine = _Engine(handles)
            engine.warm_up()
        except Exception as error:  # a template or a first step that fails must not leave gigabytes behind
            handles.free()
            raise ModelLoadFailed(name=name, reason=type(error).__name__) from error
        chat = cls(model=name, n_ctx=engine.context.size)
        chat._engine = engine
        return chat

    def close(self, wait: float = 0.0) -> None:
        """Free the model's memory; later use raises ModelNotReady.

        Answers under way or waiting their turn get `wait` seconds to be finished; what is left then ends as cancelled.
        """
        engine = self._engine
        if engine is None:
            return
        if wait > 0:
            late = threading.Event()
            timer = threading.Timer(wait, late.set)
            timer.daemon = True
            timer.start()
            with engine.turns.taken(late):
                timer.cancel()
        self._engine = None
        engine.close()

    @property
    def answering(self) -> bool:
        """Whether it writes an answer, or one waits its turn."""
        engine = self._engine
        return engine is not None and engine.turns.busy

    @property
    def context(self) -> int:
        """The context window in tokens: prompt and answer together."""
        return self.n_ctx

    @property
    def template(self) -> str:
        """The Jinja source of the chat template in use: the model's own, or ChatML where that is of no use."""
        return self._ready().template.source

    def render(self, messages: Sequence[BaseMessage], add_generation_prompt: bool = True, begin: str = "") -> str:
        """Return the prompt as the model reads it, control tokens spelled out."""
        return "".join(piece.text for piece in self._pieces(messages, add_generation_prompt)) + begin

    def tokenize(self, text: str, special: bool = False) -> list[int]:
        """Return a text's token ids; `special` reads control tokens spelled in it as such."""
        return self._ready().vocabulary.tokenize(text, special)

    def pieces(self, text: str) -> list[str]:
        r"""Return a text cut into its tokens; what is but a part of a letter is written as its bytes, like \xc3."""
        vocabulary = self._ready().vocabulary
        return [vocabulary.piece(token).decode("utf-8", "backslashreplace") for token in vocabulary.tokenize(text)]

    @property
    def vocabulary(self) -> Vocabulary:
        """Its tokens: their bytes, which of them are the template's own, which end an answer."""
        return self._ready().vocabulary

    @property
    def sequences(self) -> Sequences:
        """The raw scores after any sequence of tokens, read into a memory of their own (for the lab)."""
        return self._ready().sequences

    @property
    def shape(self) -> Shape:
        """How large it is: parameters, bytes of its weights, bytes that each token of the window takes."""
        return self._ready().shape

    def encode(self, messages: Sequence[BaseMessage], begin: str = "") -> list[int]:
        """Return the tokens of a whole prompt, as an answer to `messages` that begins with `begin` would be asked."""
        return self._ready().vocabulary.encode([*self._pieces(messages), *([Piece(begin, False)] if begin else [])])

    def encode_text(self, text: str) -> list[int]:
        """Return the tokens of a text to be gone on with, with the token that the model wants first, if any."""
        return self._ready().vocabulary.encode([Piece(text, False)])

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text takes by itself."""
        return len(self.tokenize(text))

    def count_messages(self, messages: Sequence[BaseMessage]) -> int:
        """Return how many tokens the whole prompt takes."""
        return len(self._ready().vocabulary.encode(self._pieces(messages)))

    def get_token_ids(self, text: str) -> list[int]:
        """LangChain's name for `tokenize`; its own would fetch another model's tokenizer."""
        return self.tokenize(text)

    def get_num_tokens_from_messages(
        self,
        messages: list[BaseMessage],
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool] | None = None,
    ) -> int:
        """LangChain's name for `count_messages`; tools are not counted, none are used."""
        return self.count_messages(messages)

    @property
    def _llm_type(self) -> str:
        return "aula-llama"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self.model, "n_ctx": self.n_ctx}

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> Iterator[ChatGenerationChunk]:
        generation = self._generation(messages, stop, **kwargs)
        for text in generation.run(self._ready().turns):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=text))
            if run_manager:
                run_manager.on_llm_new_token(text, chunk=chunk)
            yield chunk
        yield ChatGenerationChunk(
            message=AIMessageChunk(
                content="",
                chunk_position="last",
                response_metadata=self._metadata(generation.stats),
                usage_metadata=_usage(generation.stats),
            )
        )

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,  # noqa: ANN401
    ) -> ChatResult:
        generation = self._generation(messages, stop, **kwargs)
        text = "".join(generation.run(self._ready().turns))
        message = AIMessage(
            content=text,
            response_metadata=self._metadata(generation.stats),
            usage_metadata=_usage(generation.stats),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _generation(
        self,
        messages: Sequence[BaseMessage],
        stop: Sequence[str] | None,
        decoding: Decoding | None = None,
        cancel: threading.Event | None = None,
        grammar: str | None = None,
        begin: str = "",
        openings: Sequence[str] = (),
        goes_on: Callable[[dict[str, float]], bool] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Generation:
        engine = self._ready()
        decoding = Decoding.from_options(options, base=decoding)
        request = Request(
            prompt=self.encode(messages, begin),
            decoding=decoding,
            stops=[*(stop or ()), *decoding.stop],
            grammar=grammar,
            cancel=cancel,
            openings=openings,
            goes_on=goes_on,
        )
        return Generation(engine.context, engine.vocabulary, request)

    def _metadata(self, stats: Stats) -> dict[str, Any]:
        return {
            "model": self.model,
            "prompt_tokens": stats.prompt_tokens,
            "completion_tokens": stats.completion_tokens,
            "reused_tokens": stats.reused_tokens,
            "waited_s": stats.waited_s,
            "ttft_s": stats.ttft_s,
            "prompt_tokens_per_s": stats.prompt_tokens_per_s,
            "tokens_per_s": stats.tokens_per_s,
            "finish_reason": stats.finish_reason,
            "seed": stats.seed,
        }

    def _pieces(self, messages: Sequence[BaseMessage], add_generation_prompt: bool = True) -> list[Piece]:
        turns = [Turn(_role(message), str(message.text)) for message in messages]
        return self._ready().template.pieces(turns, add_generation_prompt)

    def _ready(self) -> _Engine:
        engine = self._engine
        if engine is None:
            raise ModelNotReady()
        return engine


def _role(message: BaseMessage) -> str:
    return message.role if isinstance(message, ChatMessage) else _ROLES.get(message.type, message.type)


def _usage(stats: Stats) -> UsageMetadata:
    return UsageMetadata(
        input_tokens=stats.prompt_tokens,
        output_tokens=stats.completion_tokens,
        total_tokens=stats.prompt_tokens + stats.completion_tokens,
        input_token_details={"cache_read": stats.reused_tokens},
    )
