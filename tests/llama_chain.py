"""llama.cpp's own samplers applied to a row of scores, one after another: what lab.sampler is held against."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import llama_cpp.llama_cpp as api
import numpy as np

from lab.sampler import Settings

if TYPE_CHECKING:
    import numpy.typing as npt

_TOKEN = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])  # llama_token_data


@dataclass(frozen=True)
class Kept:
    """What llama.cpp leaves after a stage: probabilities by id, by a softmax in double precision over its scores."""

    name: str
    p: dict[int, float]


def chain(row: npt.NDArray[np.float32], settings: Settings, last: Sequence[int]) -> tuple[list[Kept], dict[int, float]]:
    """Return what is left after each stage, and the probabilities from which llama.cpp itself would draw."""
    data = np.zeros(len(row), dtype=_TOKEN)
    data["id"], data["logit"] = np.arange(len(row)), row
    pointer = data.ctypes.data_as(ctypes.POINTER(api.llama_token_data))
    array = api.llama_token_data_array(pointer, len(row), -1, False)
    found = []
    for name, sampler in _samplers(len(row), settings).items():
        for token in last if name == "penalties" else ():
            api.llama_sampler_accept(sampler, token)
        api.llama_sampler_apply(sampler, ctypes.byref(array))
        found.append(Kept(name, _softmax(data[: array.size])))
        api.llama_sampler_free(sampler)
    drawer = api.llama_sampler_init_dist(1)
    api.llama_sampler_apply(drawer, ctypes.byref(array))
    api.llama_sampler_free(drawer)
    left = data[: array.size]
    return found, dict(zip(left["id"].tolist(), left["p"].tolist(), strict=True))


def _samplers(size: int, settings: Settings) -> dict[str, api.llama_sampler_p]:
    return {
        "penalties": api.llama_sampler_init_penalties(
            size,
            settings.penalty_window,
            settings.repeat_penalty,
            settings.frequency_penalty,
            settings.presence_penalty,
        ),
        "top_k": api.llama_sampler_init_top_k(settings.top_k),
        "typical": api.llama_sampler_init_typical(settings.typical_p, 1),
        "top_p": api.llama_sampler_init_top_p(settings.top_p, 1),
        "min_p": api.llama_sampler_init_min_p(settings.min_p, 1),
        "temperature": api.llama_sampler_init_temp(settings.temperature),
    }


def _softmax(left: npt.NDArray[np.void]) -> dict[int, float]:
    """Return p by id; at temperature 0 llama.cpp leaves the others in, with a score of -inf."""
    logits = left["logit"].astype(np.float64)
    powers = np.exp(logits - logits.max())
    p = powers / powers.sum()
    return dict(zip(left["id"][p > 0].tolist(), p[p > 0].tolist(), strict=True))
