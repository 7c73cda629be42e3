"""The command line of the playground: run an experiment, list what there is, check prompts. No page, nothing is kept.

python -m prompts run FILE [--json] [--html OUT] [--tests FILE --question COL --expected COL --limit N] [--model NAME]
python -m prompts list
python -m prompts lint FILE
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from prompts.cli.load import OtherRows, Unusable, experiment_of, prompts_of, with_tests
from prompts.cli.models import Models
from prompts.cli.run import STOPPED, Outputs, run_and_show
from prompts.words import LANGUAGES, say, shown
from rag.errors import AulaError, ModelNotInstalled
from rag.models_cli import language
from rag.settings import Settings

OK, FAILED, UNUSABLE = 0, 1, 2
__all__ = ["FAILED", "OK", "STOPPED", "UNUSABLE", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0; 1 when a check fails, an answer could not be read or given, or lint finds something; 2 for what cannot be used;
    130 when it was stopped.
    """
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    chosen = _parser(language()).parse_args(arguments)
    try:
        if chosen.command == "list":
            return _list(chosen.lang)
        return _lint(chosen) if chosen.command == "lint" else _run(chosen)
    except Unusable as problem:
        print(problem.text(chosen.lang), file=sys.stderr)
    except AulaError as error:
        print(error.text(chosen.lang), file=sys.stderr)
        if isinstance(error, ModelNotInstalled):
            print(say(chosen.lang, "cli.pull"), file=sys.stderr)
    return UNUSABLE


def _parser(lang: str) -> argparse.ArgumentParser:
    def text(key: str) -> str:
        return say(lang, f"cli.{key}").replace("%", "%%")

    parser = argparse.ArgumentParser(prog="python -m prompts", description=text("about"))
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help=text("run"))
    run.add_argument("file", metavar="FILE", help=text("file"))
    run.add_argument("--tests", type=Path, metavar="FILE", help=text("tests"))
    run.add_argument("--question", metavar="COL", help=text("question"))
    run.add_argument("--expected", metavar="COL", help=text("expected"))
    run.add_argument("--limit", type=_count, metavar="N", help=text("limit"))
    run.add_argument("--seed", type=int, default=0, metavar="S", help=text("seed"))
    run.add_argument("--model", metavar="NAME", help=text("model"))
    run.add_argument("--json", action="store_true", help=text("json"))
    run.add_argument("--html", type=Path, metavar="OUT", help=text("html"))
    listed = commands.add_parser("list", help=text("list"))
    lint = commands.add_parser("lint", help=text("lint"))
    lint.add_argument("file", metavar="FILE", help=text("lint_file"))
    for command in (run, listed, lint):
        command.add_argument("--lang", choices=LANGUAGES, default=lang, help=text("lang"))
    return parser


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _run(chosen: argparse.Namespace) -> int:
    experiment = experiment_of(chosen.file, chosen.lang)
    tests = OtherRows(chosen.tests, chosen.question, chosen.expected, chosen.limit, chosen.seed)
    experiment = with_tests(experiment, tests)
    with closing(Models(Settings.from_env(model=chosen.model))) as models:
        return run_and_show(experiment, models, Outputs(chosen.lang, chosen.json, chosen.html))


def _list(lang: str) -> int:
    from prompts.lessons.cards import cards
    from prompts.library import shipped

    print(say(lang, "cli.cards"))
    found = cards()
    width = max(len(card.name) for card in found)
    for card in found:
        facts = say(lang, "cli.card", items=card.items, minutes=card.minutes)
        print(f"  {card.name.ljust(width)}  {card.title[lang]} ({facts})")
    print(say(lang, "cli.strategies"))
    strategies = shipped()
    width = max(len(strategy.name) for strategy in strategies)
    for strategy in strategies:
        print(f"  {strategy.name.ljust(width)}  {strategy.title[lang]}")
    return OK


def _lint(chosen: argparse.Namespace) -> int:
    from prompts.lint.linter import lint

    count = 0
    for label, prompt, variables, schema in prompts_of(chosen.file, chosen.lang):
        for found in lint(prompt, chosen.lang, variables, schema):
            count += 1
            title, why, fix = (shown(one, chosen.lang) for one in (found.title, found.why, found.fix))
            print(f"{label}: {title}" + (f" — “{found.found}”" if found.found else "") + f"\n  {why}\n  {fix}")
    print(say(chosen.lang, "cli.findings", count=count) if count else say(chosen.lang, "cli.no_findings"))
    return FAILED if count else OK
