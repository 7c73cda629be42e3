"""Chooses the next token from the model's scores; knows llama.cpp's samplers, nothing of text."""

from __future__ import annotations

import secrets

import llama_cpp.llama_cpp as api

from rag.errors import BadOption
from rag.llama.vocabulary import Vocabulary
from rag.settings import Decoding

_PENALTY_WINDOW = 64  # tokens, llama.cpp's default
_MAX_SEED = 2**31  # llama.cpp takes 32 bits, and keeps the highest value for "random"


def draw_seed(decoding: Decoding) -> int:
    """Return the seed asked for, or a new one for -1."""
    return decoding.seed if decoding.seed >= 0 else secrets.randbelow(_MAX_SEED)


class Sampler:
    """llama.cpp's chain in its own order: grammar, penalties, top-k, top-p, min-p, temperature, draw.

    Only tokens of the answer are penalised for repeating: words of the prompt are there to be quoted.
    """

    def __init__(self, decoding: Decoding, vocabulary: Vocabulary, grammar: str | None = None) -> None:
        grammar_sampler = _grammar(vocabulary, grammar) if grammar else None
        self._chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        if grammar_sampler:
            self._add(grammar_sampler)
        if decoding.repeat_penalty != 1.0:
            penalty = decoding.repeat_penalty
            self._add(api.llama_sampler_init_penalties(vocabulary.size, _PENALTY_WINDOW, penalty, 0.0, 0.0))
        if decoding.temperature <= 0:
            self._add(api.llama_sampler_init_greedy())
            return
        if decoding.top_k > 0:
            self._add(api.llama_sampler_init_top_k(decoding.top_k))
        self._add(api.llama_sampler_init_top_p(decoding.top_p, 1))
        self._add(api.llama_sampler_init_min_p(decoding.min_p, 1))
        self._add(api.llama_sampler_init_temp(decoding.temperature))
        self._add(api.llama_sampler_init_dist(draw_seed(decoding)))

    def _add(self, sampler: api.llama_sampler_p) -> None:
        api.llama_sampler_chain_add(self._chain, sampler)

    def choose(self, context: api.llama_context_p) -> int:
        """Return the next token by the scores of the last one read."""
        return int(api.llama_sampler_sample(self._chain, context, -1))

    def close(self) -> None:
        """Free the chain and what is in it; nothing can be chosen afterwards."""
        api.llama_sampler_free(self._chain)


def _grammar(vocabulary: Vocabulary, grammar: str) -> api.llama_sampler_p:
    sampler: api.llama_sampler_p = api.llama_sampler_init_grammar(vocabulary.handle, grammar.encode("utf-8"), b"root")
    if not sampler:  # a null pointer
        raise BadOption(option="grammar", allowed="GBNF")
    return sampler
