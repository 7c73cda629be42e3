"""The golden rules checked by heuristics that can be explained, in English and Spanish. It asks no model.

A heuristic sees words and their places, not meaning: each finding says what it saw, so that a person can disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from prompts.lint.examples import shape
from prompts.lint.layout import delimiters, instruction_first
from prompts.lint.requests import concrete, role, seed
from prompts.lint.tasks import extraction, steps, way_out
from prompts.lint.text import Draft, Finding
from prompts.lint.variables import braces, unknown, unused
from prompts.lint.wording import quotes, vague
from prompts.prompt import Prompt
from rag.language import question_language

__all__ = ["RULES", "Finding", "lint"]

# What `Finding.rule` can be: the golden rules in the lecture's order, then what else spoils a measurement.
RULES = (
    "concrete",
    "vague",
    "instruction_first",
    "delimiters",
    "quotes",
    "seed",
    "format",
    "examples",
    "shape",
    "steps",
    "role",
    "way_out",
    "unknown",
    "unused",
    "braces",
)
_CHECKS: tuple[Callable[[Draft], Iterable[Finding]], ...] = (
    concrete,
    vague,
    instruction_first,
    delimiters,
    quotes,
    seed,
    extraction,
    shape,
    steps,
    role,
    way_out,
    unknown,
    unused,
    braces,
)


def lint(
    prompt: Prompt, lang: str | None = None, variables: Sequence[str] | None = None, schema: bool = False
) -> list[Finding]:
    """Return the flaws found, by rule in the order of RULES.

    `lang` ("en" or "es") is the language in which fixes are written into the prompt, None that of the prompt itself;
    both languages are looked for in any case. `variables` are a test set's columns, None or empty where there is no
    test set. `schema`: a grammar already fixes the form of the answer.
    """
    if not prompt.user.strip() and not prompt.system.strip():
        return []
    lang = lang or question_language(f"{prompt.system}\n{prompt.user}")
    draft = Draft(prompt, lang, tuple(variables) if variables else None, schema)
    return [found for check in _CHECKS for found in check(draft)]
