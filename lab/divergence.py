"""How far two distributions over the same tokens are apart; knows no model.

Kullback & Leibler (1951), "On information and sufficiency", in bits: what it costs on average to write by q's code
what p says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats: TypeAlias = "npt.NDArray[np.float64]"

LN2 = float(np.log(2.0))


def kl_bits(p: Floats, q: Floats) -> float:
    """Return sum p log2(p / q) for two distributions given as (V,) natural logarithms; 0 only where they are equal.

    What p never says counts nothing; it is infinite where p says what q never does.
    """
    said = np.isfinite(p)
    with np.errstate(invalid="ignore"):
        total = float((np.exp(p[said]) * (p[said] - q[said])).sum())
    return max(0.0, total) / LN2  # a sum of rounded numbers may fall just below nothing


def bits(logs: float) -> float:
    """Return a natural logarithm of a probability as the bits of surprise that it stands for."""
    return -logs / LN2
