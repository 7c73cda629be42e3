"""A promptfooconfig.yaml as an experiment, and back: https://www.promptfoo.dev/docs/configuration/reference/.

Whatever promptfoo would run, read or fetch is refused. The file is kept as it was read, so that what Aula does not know
goes out again unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prompts import yaml_text
from prompts.experiment import Experiment
from prompts.promptfoo.cases import checks_of, rows_of
from prompts.promptfoo.columns import columns_of, seed_of
from prompts.promptfoo.writer import DOCUMENT, FILE, dump, repeats_of
from prompts.safety import refuse_unsafe
from rag.errors import BadOption, ExperimentInvalid

__all__ = ["dump", "load"]

_READ = ("prompts", "providers", "targets", "tests", "scenarios", "defaultTest")  # each has a reader that refuses
_FORM = '{"prompts": […], "tests": [{"vars": {…}, "assert": […]}]}'


def load(text: str, name: str = "") -> Experiment:
    """Return the experiment; `name` is used where the file has no description.

    Raises UnsafeCheck, naming the test (from 1; 0: the whole file), ExperimentInvalid, BadOption, YamlUnreadable,
    YamlTooLarge, KeyRepeated.
    """
    document = yaml_text.read(text)
    if not isinstance(document, Mapping) or not all(isinstance(key, str) for key in document):
        raise ExperimentInvalid(where=name or "promptfoo", wanted=_FORM)
    refuse_unsafe({key: value for key, value in document.items() if key not in _READ}, 0)
    columns = columns_of(document)
    described = document.get("description")
    return Experiment(
        columns=columns,
        rows=rows_of(document),
        checks=checks_of(document),
        repeats=_repeats(document),
        seed=seed_of(document),
        name=described if isinstance(described, str) else name,
        extra={DOCUMENT: dict(document), FILE: name},
    )


def _repeats(document: Mapping[str, Any]) -> int:
    repeats = repeats_of(document)
    if isinstance(repeats, bool) or not isinstance(repeats, int):
        raise BadOption(option="evaluateOptions.repeat", allowed="1, 2, 3 …")
    return repeats
