# The whole workflow. `make demo` and `make test` need python3 (with venv), make and git, and do the rest themselves.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
USED := $(VENV)/.installed
STAMP := $(VENV)/.installed-dev
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c .ci/constraints.txt
DEMO_OUT ?= demo
JOBS ?= 2

.PHONY: demo test slow lint types bench gallery reference peers clean
.DEFAULT_GOAL := test

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(USED): pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[web,slides]'
	touch $@

$(STAMP): pyproject.toml .ci/constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev]'
	touch $@ $(USED)

# The main job: a day in the department on embedded peers, performed and checked.
demo: $(USED)
	$(BIN)/modality demo --out $(DEMO_OUT)

# A test that fails is run once more, and named in the summary when it passes then: a fault of ours shows both times; what
# does not is a race to be mended, and no reason to mistrust what has been changed.
test: $(STAMP) peers
	$(BIN)/python -m pytest -n $(JOBS) --reruns 1 -raR -m 'not slow and not benchmark'

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

# docs/gallery.md: a picture of every kind of study.
gallery: $(STAMP)
	$(BIN)/python -m modality.cli.environment.gallery docs

# docs/commands.md, from the commands' own help; docs/awkward.md, from the tables of personas and defects.
reference: $(STAMP)
	$(BIN)/python -m modality.cli.environment.reference > docs/commands.md
	$(BIN)/python -m modality.cli.environment.awkward > docs/awkward.md

# The software that others wrote, which the tests talk to; says what it cannot install.
peers:
	bash tests/peers/install.sh

clean:
	rm -rf $(VENV) $(DEMO_OUT) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis tests/peers/node/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
