# The whole workflow. `make demo` and `make test` need python3 (with venv), make and git, and do the rest themselves.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO_OUT ?= demo
JOBS ?= 2

.PHONY: demo test slow lint types bench peers clean
.DEFAULT_GOAL := test

$(STAMP): pyproject.toml .ci/constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt -e '.[dev]'
	touch $@

demo: $(STAMP)
	$(BIN)/modality demo --out $(DEMO_OUT)

test: $(STAMP) peers
	$(BIN)/python -m pytest -n $(JOBS) -m 'not slow and not benchmark'

slow: $(STAMP) peers
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/mypy

bench: $(STAMP)
	$(BIN)/python -m pytest -q -s -m benchmark tests/benchmarks

# The software that others wrote, which the tests talk to; says what it cannot install.
peers:
	bash tests/peers/install.sh

clean:
	rm -rf $(VENV) $(DEMO_OUT) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/peers/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
