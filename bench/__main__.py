"""The command line: python -m bench retrieval | answers | gate ... [--json]."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rag.chunking import CHUNK_OVERLAP, CHUNK_SIZE, Cut
from rag.settings import DEFAULT_EMBEDDING, DEFAULT_MODEL

_PACKAGES = ("llama-cpp-python", "sentence-transformers", "chromadb", "torch", "transformers", "langchain-core")


def main() -> None:
    """Parse, run, print a table and, with --json, one JSON object as the last line."""
    options = _parser().parse_args()
    result = {"bench": options.what} | _run(options) | {"settings": _settings(options)} | _machine()
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    else:
        _table(result)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    what = parser.add_subparsers(dest="what", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--squad", type=Path, help="a question set in SQuAD's format")
    common.add_argument("--lang", choices=("es", "en"), help="the questions' language")
    common.add_argument("--questions-from", type=Path, help="ask this file's questions about --squad's paragraphs")
    common.add_argument("--embedding", default=DEFAULT_EMBEDDING)
    common.add_argument("--part", default="all", choices=("all", "dev", "test"), help="even or odd articles' questions")
    common.add_argument("--seed", type=int, default=0, help="of the draw of questions")
    common.add_argument("--no-baseline", action="store_true")
    common.add_argument("--json", action="store_true", help="print one JSON object as the last line")
    retrieval = what.add_parser("retrieval", parents=[common], help="is the right paragraph first?")
    retrieval.add_argument("-n", type=int, help="draw this many questions (default: all)")
    retrieval.add_argument("--pdf", nargs="+", type=Path, metavar="FILE", help="is the right page of these first?")
    retrieval.add_argument("--questions", nargs="+", type=Path, metavar="FILE", help="see bench/questions")
    retrieval.add_argument("--size", type=int, default=CHUNK_SIZE, help="of a chunk of --pdf, in tokens")
    retrieval.add_argument("--overlap", type=int, default=CHUNK_OVERLAP, help="of two chunks of --pdf, in tokens")
    answers = what.add_parser("answers", parents=[common], help="is the answer right?")
    answers.add_argument("-n", type=int, default=40, help="answerable questions, and as many unanswerable ones")
    answers.add_argument("--off-corpus", type=int, default=0, help="questions about articles left out of the index")
    answers.add_argument("--model", default=DEFAULT_MODEL)
    answers.add_argument("--show", action="store_true", help="print each question and answer")
    gate = what.add_parser("gate", help="fit what decides between answering and refusing")
    gate.add_argument("--sets", nargs="+", required=True, metavar="FILE:LANG", help="question sets in SQuAD's format")
    gate.add_argument("-n", type=int, default=60, help="questions of each kind and set")
    gate.add_argument("--model", default=DEFAULT_MODEL)
    gate.add_argument("--embedding", default=DEFAULT_EMBEDDING)
    gate.add_argument("--part", default="dev", choices=("all", "dev", "test"))
    gate.add_argument("--seed", type=int, default=0)
    gate.add_argument("--refuse", type=float, default=0.08, help="share of answerable questions below the threshold")
    gate.add_argument("--cases", type=Path, help="keep what was measured here, and fit from it when it is there")
    gate.add_argument("--json", action="store_true")
    ingest = what.add_parser("ingest", help="how fast do files become searchable, and in how much memory?")
    ingest.add_argument("files", nargs="*", type=Path, metavar="FILE")
    ingest.add_argument("--long", type=int, default=0, metavar="PAGES", help="add a made PDF of so many pages")
    ingest.add_argument("--chat", action="store_true", help="ask the default model meanwhile: time to first token")
    ingest.add_argument("--rounds", type=int, default=1, help="turns that each side takes")
    ingest.add_argument("--embedding", default=DEFAULT_EMBEDDING)
    ingest.add_argument("--no-baseline", action="store_true")
    ingest.add_argument("--json", action="store_true")
    search = what.add_parser("search", help="how long does a search of a large library take?")
    search.add_argument("--chunks", type=int, default=100_000)
    search.add_argument("-n", type=int, default=200, help="questions")
    search.add_argument("--embedding", default=DEFAULT_EMBEDDING)
    search.add_argument("--seed", type=int, default=0)
    search.add_argument("--folder", type=Path, help="keep the library that is made here, and use it when it is there")
    search.add_argument("--json", action="store_true")
    lab = what.add_parser("lab", help="does the Lab show the model's own numbers, and how soon?")
    lab.add_argument("--model", default=DEFAULT_MODEL)
    lab.add_argument("-n", type=int, default=50, help="prompts that are searched by beam and by greedy")
    lab.add_argument("--width", type=int, default=4, help="of the beam")
    lab.add_argument("--steps", type=int, default=20, help="tokens that are written")
    lab.add_argument("--rounds", type=int, default=5, help="turns that each side of a comparison takes")
    lab.add_argument("--json", action="store_true")
    page = what.add_parser("page", help="how soon is the page there?")
    page.add_argument("--model", default=DEFAULT_MODEL)
    page.add_argument("--embedding", default=DEFAULT_EMBEDDING)
    page.add_argument("--rounds", type=int, default=7, help="how often each page is opened")
    page.add_argument("--json", action="store_true")
    odd = what.add_parser("odd", help="what do strange and broken files come to?")
    odd.add_argument("paths", nargs="+", type=Path, metavar="FILE_OR_FOLDER")
    odd.add_argument("--formats", default="pdf", help="which files of a folder, as in pdf,docx")
    odd.add_argument("--show", action="store_true", help="print each file as it is done")
    odd.add_argument("--json", action="store_true")
    return parser


def _run_lab(options: argparse.Namespace) -> dict[str, Any]:
    from bench import lab

    return lab.run(lab.Options(options.model, options.n, options.width, options.steps, options.rounds))


def _run_page(options: argparse.Namespace) -> dict[str, Any]:
    from bench import page

    return page.run(page.Options(options.model, options.embedding, options.rounds))


def _run_odd(options: argparse.Namespace) -> dict[str, Any]:
    from bench import odd

    return odd.run(options.paths, [f".{name}" for name in options.formats.lower().split(",")], options.show)


def _run_search(options: argparse.Namespace) -> dict[str, Any]:
    from bench import search

    return search.run(search.Options(options.chunks, options.n, options.embedding, options.seed, options.folder))


def _run_ingest(options: argparse.Namespace) -> dict[str, Any]:
    from bench import ingest

    if not options.files and not options.long:
        raise SystemExit("Name at least one file, or ask for --long PAGES.")
    return ingest.run(
        ingest.Options(
            files=options.files,
            embedding=options.embedding,
            long=options.long,
            chat=options.chat,
            baseline=not options.no_baseline,
            rounds=options.rounds,
        )
    )


def _run_gate(options: argparse.Namespace) -> dict[str, Any]:
    from bench import gate

    pairs = [text.rpartition(":") for text in options.sets]
    return gate.run(
        gate.Options(
            sets=[(Path(file), lang) for file, _, lang in pairs],
            n=options.n,
            model=options.model,
            embedding=options.embedding,
            part=options.part,
            seed=options.seed,
            refuse=options.refuse,
            cases=options.cases,
        )
    )


def _run(options: argparse.Namespace) -> dict[str, Any]:
    if options.what == "gate":
        return _run_gate(options)
    if options.what == "ingest":
        return _run_ingest(options)
    if options.what == "lab":
        return _run_lab(options)
    if options.what == "page":
        return _run_page(options)
    if options.what == "odd":
        return _run_odd(options)
    if options.what == "search":
        return _run_search(options)
    if options.what == "retrieval" and options.pdf and options.questions:
        from bench import lectures

        cut = Cut(options.size, options.overlap)
        return lectures.run(options.pdf, options.questions, options.embedding, options.part, cut)
    if not options.squad or not options.lang:
        raise SystemExit("Name a question set with --squad and its language with --lang, or --pdf with --questions.")
    if options.what == "retrieval":
        from bench import retrieval

        return retrieval.run(
            options.squad,
            options.embedding,
            options.questions_from,
            options.n,
            options.part,
            options.seed,
            not options.no_baseline,
        )
    from bench import answers

    return answers.run(
        answers.Options(
            squad=options.squad,
            lang=options.lang,
            n=options.n,
            model=options.model,
            embedding=options.embedding,
            off_corpus=options.off_corpus,
            part=options.part,
            seed=options.seed,
            baseline=not options.no_baseline,
            questions_from=options.questions_from,
            show=options.show,
        )
    )


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    shown = {key: _shown(value) for key, value in vars(options).items()}
    return {key: value for key, value in shown.items() if key not in {"what", "json"}}


def _shown(value: object) -> object:
    """Return a setting without the folder that a file lies in."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    return value.name if isinstance(value, Path) else value


def _machine() -> dict[str, Any]:
    import psutil

    return {
        "machine": {
            "system": platform.system(),
            "processor": platform.machine(),
            "cores": psutil.cpu_count(logical=False),
            "memory_gb": round(psutil.virtual_memory().total / 1e9),
            "python": platform.python_version(),
        },
        "versions": {package: version(package) for package in _PACKAGES},
    }


def _table(result: Mapping[str, object], indent: str = "") -> None:
    for key, value in result.items():
        if isinstance(value, Mapping):
            print(f"{indent}{key}")
            _table(value, indent + "  ")
        else:
            print(f"{indent}{key:<16} {value}")


if __name__ == "__main__":
    main()
