"""The Lab's endpoints: what its panels show as plain JSON, which are MCP tools too. lab/ does the work.

The docstrings below are what such a client reads; they leave out `request`, which Gradio fills in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import gradio as gr
from gradio.events import api

from lab import search as searching
from lab import similarity as meaning
from lab.distribution import Candidate, distribution
from lab.readings import LONGEST, Reading, Readings, check
from lab.sampler import Settings, Stage, pipeline
from lab.search import Beams
from lab.tokens import Token, token
from prompts.services import Services
from rag.embeddings import EmbeddingSpec, embedding_spec
from rag.errors import AulaError, BadOption
from rag.settings import Decoding
from rag.tokens import Tokens
from ui.components import Running, guarded
from ui.lab.shared import LAB, LAB_LIMIT, worked

if TYPE_CHECKING:
    from rag.llm import LlamaChat

Json = dict[str, object]
_MOST_TOKENS = 200  # of a distribution, in one answer
_WIDEST, _LONGEST_SEARCH = 8, 64  # texts in a beam, tokens of each
_PLAIN = Decoding(temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, repeat_penalty=1.0)  # the distribution as it is


def endpoints(services: Services, running: Running) -> None:
    """Add the endpoints to the current Blocks."""
    _tokens(services)
    _next(services, running)
    _search(services, running)
    _similarity(services, running)


def _tokens(services: Services) -> None:
    readings = Readings(services.catalogue, services.settings.n_ctx)

    @guarded
    def tokenize(text: str, request: gr.Request, model: str = "", special: bool = False) -> Json:  # noqa: D417
        """Cut a text into the tokens of an installed model: id, text, bytes (hexadecimal) of each, in order.

        window is how many tokens the model reads at once, share how much of it the text takes (1.0 is all of it).
        The model's weights are not loaded for it.

        Args:
            text: what to cut, at most 20,000 characters.
            model: the name of an installed language or embedding model; empty for the language model in use.
            special: true to cut the text as a question in the model's template, with its control tokens.
        """
        entry = services.catalogue.entry(model or services.engine.chat().model)
        if entry.kind == "embedding":
            read = readings.embedded(text, special, *_embedding(services, entry.name))
        else:
            (read,) = readings.under(entry, [text], special, _used(services))
        if read.error is not None:
            raise read.error
        return _reading(read)

    api(tokenize, api_name="tokenize", concurrency_limit=4)


def _next(services: Services, running: Running) -> None:
    @guarded
    def next_tokens(  # noqa: D417
        text: str,
        request: gr.Request,
        k: int = 10,
        decoding: dict | None = None,  # type: ignore[type-arg]  # gr.api reads the bare type
        model: str = "",
    ) -> Json:
        """Give the probability of every token that may come after a text: the k most probable, and all others' sum.

        The probabilities (p) are over the whole vocabulary, from the model's raw scores (logit), before any sampler.
        tail is the sum of those that are not listed, entropy_bits the entropy of all. With decoding, stages tells what
        each of llama.cpp's samplers crosses out, in its order, and sampled what remains after the last.

        Args:
            text: what the model goes on from, as it is, without a template.
            k: how many tokens to list, 1 to 200.
            decoding: temperature, top_k, top_p, min_p, repeat_penalty; what is left out changes nothing.
            model: the name of an installed language model; empty for the one in use.
        """
        count = _whole("k", k, 1, _MOST_TOKENS)
        settings = None if decoding is None else _settings(decoding)
        with running.event(request.session_hash) as cancel:
            chat = services.lender.chat(model)
            prompt = _prompt(chat, text)
            row = chat.sequences.after(prompt, cancel)
        found = distribution(row, chat.vocabulary, count)
        told: Json = {
            "model": chat.model,
            "prompt_tokens": len(prompt),
            "vocabulary": found.size,
            "entropy_bits": found.entropy,
            "tail": found.tail,
            "top": [_candidate(one) for one in found.top],
        }
        if settings is not None:
            stages = pipeline(row, settings, prompt)
            told["stages"] = [_stage(stage) for stage in stages]
            told["sampled"] = _remaining(chat, stages[-1], count)
        return told

    api(next_tokens, api_name="next_tokens", concurrency_id=LAB, concurrency_limit=LAB_LIMIT)


def _search(services: Services, running: Running) -> None:
    @guarded
    def beam_search(  # noqa: D417
        text: str,
        request: gr.Request,
        width: int = 4,
        steps: int = 20,
        length_penalty: float = 0.0,
        no_repeat_ngram: int = 0,
        model: str = "",
    ) -> Iterator[Json]:
        """Go on with a text by beam search; streams {step, steps}, and last the texts that were found, best first.

        logprob is the natural logarithm of a whole text's probability; with width 1 it is greedy search, and the best
        text is never less likely than greedy's.

        Args:
            text: what the model goes on from, as it is, without a template.
            width: how many texts are followed at once, 1 to 8.
            steps: how many tokens a text may have, 1 to 64.
            length_penalty: 0 to 2; above 0, longer texts are ranked higher (Wu et al. 2016).
            no_repeat_ngram: so many tokens in a row may not come twice, 1 to 5; 0 allows it.
            model: the name of an installed language model; empty for the one in use.
        """
        wide, long = _whole("width", width, 1, _WIDEST), _whole("steps", steps, 1, _LONGEST_SEARCH)
        ngram, penalty = _whole("no_repeat_ngram", no_repeat_ngram, 0, 5), _number("length_penalty", length_penalty, 2)
        with running.event(request.session_hash) as cancel:
            chat = services.lender.chat(model)
            prompt = _prompt(chat, text)
            found = yield from worked(
                lambda told: searching.beam_search(chat, prompt, wide, long, penalty, ngram, cancel, told),
                lambda done, total: {"model": chat.model, "step": done, "steps": total},
                cancel,
            )
        yield _beams(chat, found)

    api(beam_search, api_name="beam_search", concurrency_id=LAB, concurrency_limit=LAB_LIMIT)


def _similarity(services: Services, running: Running) -> None:
    @guarded
    def similarity(texts: list[str], request: gr.Request) -> Json:  # noqa: D417
        """Tell how near texts are in meaning: the cosine of each with each, by the embedding model (1.0 is the same).

        Args:
            texts: 2 to 24 texts of at most 2,000 characters, in Spanish or English.
        """
        with running.event(request.session_hash) as cancel:
            found = meaning.similarity(services.dense, [str(text) for text in texts], cancel)
        return {"model": found.model, "texts": list(found.texts), "cosines": [list(row) for row in found.cosines]}

    api(similarity, api_name="similarity", concurrency_limit=4)


# -- what comes in -----------------------------------------------------------------------------------------------


def _used(services: Services) -> LlamaChat | None:
    try:
        return services.engine.chat()
    except AulaError:  # there is none; its file is enough
        return None


def _embedding(services: Services, name: str) -> tuple[EmbeddingSpec, Tokens]:
    """Return an embedding model's tokenizer: the one in use has its own in memory. Raises ModelNotInstalled."""
    loaded = services.dense.get() if services.dense.serving == name else None
    if loaded is not None:
        return loaded[0].spec, loaded[0].tokens
    spec = embedding_spec(services.catalogue, name)
    return spec, Tokens(services.catalogue.path(name), spec.passage_prefix)


def _prompt(chat: LlamaChat, text: str) -> list[int]:
    """Return the tokens of a text to go on from. Raises TextTooLong, and BadOption where there is none."""
    check(text)
    prompt = chat.encode_text(text)
    if not prompt:
        raise BadOption(option="text", allowed=f"1 – {LONGEST}")
    return prompt


def _settings(decoding: dict[str, object]) -> Settings:
    known = ("temperature", "top_k", "top_p", "min_p", "repeat_penalty")
    unknown = sorted(decoding.keys() - set(known))
    if unknown:
        raise BadOption(option=unknown[0], allowed=", ".join(known))
    return Settings.from_decoding(Decoding.from_options(decoding, _PLAIN))


def _whole(name: str, value: object, low: int, high: int) -> int:
    number = _number(name, value, high, low)
    if number != int(number):
        raise BadOption(option=name, allowed=f"{low} – {high}")
    return int(number)


def _number(name: str, value: object, high: float, low: float = 0) -> float:
    """Return a number between the two. Raises BadOption, for NaN too."""
    number = float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")
    if not low <= number <= high:
        raise BadOption(option=name, allowed=f"{low:g} – {high:g}")
    return number


# -- what goes out -----------------------------------------------------------------------------------------------


def _token(one: Token) -> Json:
    return {"id": one.id, "text": one.text, "bytes": one.bytes.hex(), "special": one.special}


def _reading(read: Reading) -> Json:
    return {
        "model": read.name,
        "tokens": [_token(one) for one in read.tokens],
        "count": len(read.tokens),
        "characters": read.characters,
        "window": read.window,
        "share": read.share,
    }


def _candidate(one: Candidate) -> Json:
    return {**_token(one.token), "p": one.p, "logit": one.logit, "rank": one.rank, "end": one.end}


def _stage(stage: Stage) -> Json:
    return {"name": stage.name, "kept": len(stage.ids), "crossed_out": len(stage.out), "mass": stage.mass}


def _remaining(chat: LlamaChat, stage: Stage, k: int) -> list[Json]:
    pairs = zip(stage.ids[:k].tolist(), stage.p[:k].tolist(), strict=True)
    return [{**_token(token(chat.vocabulary, number)), "p": p} for number, p in pairs]


def _beams(chat: LlamaChat, found: Beams) -> Json:
    return {
        "model": chat.model,
        "best": [
            {
                "text": one.written.text,
                "tokens": _spelled(chat, one.written.tokens),
                "logprob": one.written.logprob,
                "score": one.score,
                "ended": one.written.ended,
            }
            for one in found.best
        ],
        "looked_at": len(found.nodes),
    }


def _spelled(chat: LlamaChat, ids: Sequence[int]) -> list[Json]:
    return [_token(token(chat.vocabulary, number)) for number in ids]
