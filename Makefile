# Everything runs in .venv; nothing here needs more than Python 3.11 and make.
#
#   make demo     environment, install, the gateway in front of its mock, a few requests through it
#   make test     environment, install, the whole suite
#   make check    style, types, import contracts
#   make gen      what is derived and committed: the index of the .NET library, docs/expressions.md, docs/policies,
#                 apimpy/schema, the index of lint rules, docs/rules
#   make corpus   APIMPY_CORPUS=DIR APIMPY_CONFORMANCE=DIR: the checks over real documents and compiler answers

PYTHON ?= $(firstword $(shell command -v python3.11 python3.12 python3.13 python3 2>/dev/null))
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
JOBS ?= auto

.PHONY: demo test check gen corpus wheel bench clean
.DEFAULT_GOAL := test

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "apimpy needs Python 3.11 or newer; set PYTHON=…")'
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml hatch_build.py grammar/csharp.lark | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/python examples/demo.py

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS)

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

gen: $(STAMP)
	$(BIN)/python -m apimpy.dotnet.universe
	$(BIN)/python -m apimpy.dotnet.document
	$(BIN)/python -m apimpy.reference
	$(BIN)/python -m apimpy.lint.document

corpus: $(STAMP)
	$(BIN)/python tests/corpus/report.py
	$(BIN)/python -m pytest tests/corpus -n $(JOBS)

wheel: $(STAMP)
	$(BIN)/python -m build --wheel

bench: $(STAMP)
	$(BIN)/python bench/run.py

clean:
	rm -rf $(VENV) build dist apimpy/_grammar .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
