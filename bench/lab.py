"""python -m bench lab: does the Lab show the model's own numbers, and how soon?

Prompts are sentences of the sample documents. "Bare" is llama-cpp-python's own `Llama`, in another process' worth of
memory but over the same file: what reading the prompt takes without Aula.
"""

from __future__ import annotations

import re
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lab.distribution import log_softmax, look
from lab.sampler import Settings as Sampling
from lab.sampler import pipeline
from lab.search import beam_search
from lab.trace import trace
from lab.writing import greedy
from rag.llm import LlamaChat
from rag.models import Catalogue
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_cpp import Llama

    from rag.llama.memory import Row

_DOCUMENTS = Path(__file__).resolve().parents[1] / "documents" / "src"
_LENGTHS = (32, 128, 512)  # tokens of a prompt whose next token is looked at
_SHOWN = 20  # tokens of a view
_SHORTEST, _TAKEN = 8, 24  # words that a sentence has, and that are taken of it
_CHAIN = 30  # tokens that are walked through


@dataclass(frozen=True)
class Options:
    """`prompts`: how many are searched by beam and by greedy; `width` and `steps` are the beam's."""

    model: str
    prompts: int = 50
    width: int = 4
    steps: int = 20
    rounds: int = 5


def run(options: Options) -> dict[str, Any]:
    """Return the figures of every part."""
    texts = sentences()
    path = Catalogue(Settings.from_env()).path(options.model)
    chat = LlamaChat.load(path, options.model, n_ctx=2048)
    try:
        return {
            "model": options.model,
            "next_token": _views(chat, path, " ".join(texts), options.rounds),
            "steps": _steps(chat, path, texts[0]),
            "chain": _chains(chat, texts[:10]),
            "beam": _beams(chat, texts[: options.prompts], options.width, options.steps),
            "chat": _waits(chat, " ".join(texts)),
        }
    finally:
        chat.close()


def sentences() -> list[str]:
    """Return the beginnings of the sample documents' sentences, each once."""
    found: list[str] = []
    for path in sorted(_DOCUMENTS.glob("*.html")):
        bare = re.sub(r"<style.*?</style>|<[^>]+>", " ", path.read_text(encoding="utf-8"), flags=re.S)
        plain = re.sub(r"\s+", " ", bare)
        for sentence in re.split(r"(?<=[.!?]) ", plain):
            words = sentence.split()
            if len(words) >= _SHORTEST:
                found.append(" ".join(words[: min(_TAKEN, len(words) - 2)]))
    return list(dict.fromkeys(found))


# -- the view of the next token --------------------------------------------------------------------------------------


def _views(chat: LlamaChat, path: Path, text: str, rounds: int) -> list[dict[str, Any]]:
    tokens = chat.encode_text(text)
    with _bare(path) as llama:
        return [_view(chat, llama, tokens[:length], rounds) for length in _LENGTHS if length <= len(tokens)]


def _view(chat: LlamaChat, llama: Llama, tokens: list[int], rounds: int) -> dict[str, Any]:
    """Read a prompt that neither has read, in turn with the bare library, and compare what comes out."""
    ours: list[float] = []
    theirs: list[float] = []
    apart: list[float] = []
    for turn in range(1, rounds + 1):
        prompt = tokens[turn:] + tokens[:turn]
        theirs.append(_timed(lambda prompt=prompt: _evaluate(llama, prompt)))  # type: ignore[misc]
        bare = np.exp(log_softmax(_logits(llama)))
        ours.append(_timed(lambda prompt=prompt: _shown(chat, prompt)))  # type: ignore[misc]
        apart.append(float(np.abs(bare - np.exp(log_softmax(chat.sequences.after(prompt)))).max()))
    return {
        "tokens": len(tokens),
        "bare_s": statistics.median(theirs),
        "view_s": statistics.median(ours),
        "ratio": statistics.median(ours) / statistics.median(theirs),
        "largest_difference": max(apart),
    }


def _shown(chat: LlamaChat, tokens: Sequence[int]) -> None:
    """What the page does: the distribution, and every stage of the sampler."""
    look(chat, tokens, _SHOWN)
    row = chat.sequences.after(tokens)
    pipeline(row, Sampling(top_k=40, top_p=0.95, min_p=0.05, temperature=0.8), tokens[-8:])


def _evaluate(llama: Llama, tokens: Sequence[int]) -> None:
    llama.reset()  # type: ignore[no-untyped-call]
    llama.eval(tokens)


def _logits(llama: Llama) -> Row:
    """Return what llama.cpp holds after the last token; `Llama.scores` stays empty unless every row is asked for."""
    from llama_cpp import llama_get_logits_ith

    return np.ctypeslib.as_array(llama_get_logits_ith(llama.ctx, -1), shape=(llama.n_vocab(),)).copy()


@contextmanager
def _bare(path: Path) -> Iterator[Llama]:
    """The library as it comes, with as many threads as Aula uses."""
    from llama_cpp import Llama

    from rag.llama.native import physical_cores

    threads = physical_cores()
    llama = Llama(
        str(path), n_ctx=1024, n_batch=512, n_threads=threads, n_threads_batch=threads, logits_all=False, verbose=False
    )
    try:
        yield llama
    finally:
        llama.close()


# -- token by token --------------------------------------------------------------------------------------------------


def _steps(chat: LlamaChat, path: Path, text: str) -> dict[str, Any]:
    """Walk through the likeliest tokens, beside the bare library's evaluation of one token at a time."""
    tokens = chat.encode_text(text)
    first = list(tokens)
    chat.sequences.after(tokens, filled=True)
    before, spent = chat.sequences.evaluations, []
    for _ in range(_CHAIN):
        tokens.append(int(np.argmax(chat.sequences.after(tokens, filled=True))))
        spent.append(_timed(lambda: chat.sequences.after(tokens, filled=True)))
    with _bare(path) as llama:
        _evaluate(llama, first)
        bare = [_timed(lambda token=token: llama.eval([token])) for token in tokens[len(first) :]]  # type: ignore[misc]
    return {
        "evaluations_a_step": (chat.sequences.evaluations - before) / _CHAIN,
        "step_s": statistics.median(spent),
        "bare_s": statistics.median(bare),
        "ratio": statistics.median(spent) / statistics.median(bare),
    }


def _chains(chat: LlamaChat, texts: Sequence[str]) -> dict[str, Any]:
    """Compare the product of the probabilities met on the way with that of the finished text."""
    differences = []
    for text in texts:
        prompt = chat.encode_text(text)
        tokens, walked = list(prompt), 0.0
        for _ in range(_CHAIN):
            logs = log_softmax(chat.sequences.after(tokens, filled=True))
            tokens.append(int(np.argmax(logs)))
            walked += float(logs[tokens[-1]])
        differences.append(abs(walked - trace(chat, prompt, tokens[len(prompt) :], 1).logprob))
    return {"n": len(texts), "tokens": _CHAIN, "largest_difference": max(differences)}


# -- search ----------------------------------------------------------------------------------------------------------


def _beams(chat: LlamaChat, texts: Sequence[str], width: int, steps: int) -> dict[str, Any]:
    above = same = below = equal_texts = 0
    gains: list[float] = []
    seconds: list[tuple[float, float]] = []
    for text in texts:
        prompt = chat.encode_text(text)
        began = time.perf_counter()
        plain = greedy(chat, prompt, steps)
        middle = time.perf_counter()
        best = beam_search(chat, prompt, width, steps, against=plain).best[0]
        seconds.append((middle - began, time.perf_counter() - middle))
        gain = best.written.logprob - plain.logprob
        gains.append(gain)
        above, same, below = above + (gain > 1e-6), same + (abs(gain) <= 1e-6), below + (gain < -1e-6)
        equal_texts += beam_search(chat, prompt, 1, steps).best[0].written.tokens == plain.tokens
    return {
        "n": len(texts),
        "width": width,
        "steps": steps,
        "above_greedy": above,
        "as_greedy": same,
        "below_greedy": below,
        "mean_gain_nats": statistics.mean(gains),
        "width_1_is_greedy": equal_texts,
        "greedy_s": statistics.median(one for one, _ in seconds),
        "beam_s": statistics.median(two for _, two in seconds),
    }


# -- beside a chat ---------------------------------------------------------------------------------------------------


def _waits(chat: LlamaChat, text: str) -> dict[str, Any]:
    """Time to the first token of a short question: by itself, and while the Lab reads a long text without an end."""
    alone = [_first_token(chat, number) for number in range(5)]
    stop = threading.Event()
    reading = threading.Thread(target=_read_on, args=(chat, chat.encode_text(text)[:1024], stop))
    reading.start()
    beside = [_first_token(chat, number) for number in range(5)]
    stop.set()
    reading.join()
    return {
        "alone_s": statistics.median(alone),
        "beside_s": statistics.median(beside),
        "ratio": statistics.median(beside) / statistics.median(alone),
    }


def _first_token(chat: LlamaChat, number: int) -> float:
    from langchain_core.messages import HumanMessage

    from rag.settings import Decoding

    asked = [HumanMessage(f"Question {number}: what is a railway, and why did it change the trade of a town?")]
    answer = chat.invoke(asked, decoding=Decoding(max_tokens=1))
    return float(answer.response_metadata["ttft_s"])


def _read_on(chat: LlamaChat, tokens: list[int], stop: threading.Event) -> None:
    from rag.errors import Cancelled

    try:
        while not stop.is_set():
            chat.sequences.after(tokens, stop)
            tokens = [*tokens[1:], tokens[0]]
    except Cancelled:
        pass


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
