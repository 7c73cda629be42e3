# Aula: `make run` opens the app, `make test` runs every test. Both set up what is missing first (scripts/setup.py).
# ARGS go on to what is started: make run ARGS="--port 8000", make test ARGS="tests/unit -k fusion".
# PYTHON names the interpreter to begin with: make run PYTHON=python3.12

PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11 python,$(shell command -v $(name) 2>/dev/null)))
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check bench clean

define setup
@command -v "$(PYTHON)" >/dev/null 2>&1 || { \
  echo "Aula needs Python 3.11 or newer: install python3 and python3-venv (Debian, Ubuntu) or python@3.12 (Homebrew)." >&2; \
  echo "Aula necesita Python 3.11 o posterior: instala python3 y python3-venv, o python@3.12 con Homebrew." >&2; \
  exit 1; }
@"$(PYTHON)" scripts/setup.py
endef

help:
	@echo 'make run     set up what is missing and open the app on http://127.0.0.1:7860'
	@echo 'make test    set up what is missing and run every test'
	@echo 'make check   linters, types and the import direction'
	@echo 'make bench   how to measure retrieval and answers'
	@echo 'make clean   remove caches (never data/, never .venv)'

run:
	$(setup) run $(ARGS)

test:
	$(setup) test $(ARGS)

check:
	$(setup) check

bench:
	$(setup) bench $(ARGS)

clean:
	@rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	@find . \( -name .venv -o -name .git -o -name data \) -prune -o -name __pycache__ -type d -print0 | xargs -0 rm -rf
	@echo 'Caches removed. data/ and .venv are untouched.'
