# Needs nothing but make and Python 3.11 or newer; everything else goes into .venv.
#
#   make start    install and run the server in the foreground; Ctrl-C stops it
#   make test     everything that CI runs
#   make postgres every test of kernel and services on PostgreSQL; CI runs those of POSTGRES_SERVICES, and of each the first case
#   make bench    compare with peers (see benchmarks/run)
#   make docs     write the generated pages again
#   make clean    remove what make made

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
# compat: a plain path entry; the usual import hook costs every start of the server 20 ms.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --config-settings editable_mode=compat --editable
# One process per core, but no more than have something to do.
TEST_PROCESSES ?= auto --maxprocesses=8
# Those that lean on the store in ways of their own: order, conflicts, consumers, tasks.
POSTGRES_SERVICES := cloudformation dynamodb dynamodbstreams kinesis scheduler sns sqs

.PHONY: start test lint pytest postgres bench docs clean

start: .venv/installed
	@exec $(BIN)/fogbank start

test: lint pytest

lint: .venv/installed-for-tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pytest: .venv/installed-for-tests
	$(BIN)/python -m pytest -n $(TEST_PROCESSES)
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --store postgres --cases first tests/kernel $(POSTGRES_SERVICES:%=tests/services/%)

postgres: .venv/installed-for-tests
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --store postgres tests/kernel tests/services

bench: .venv/installed-for-tests
	benchmarks/run

docs: .venv/installed
	$(BIN)/python -m fogbank.coverage > docs/coverage.md.new
	mv docs/coverage.md.new docs/coverage.md

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis

# The stamps say which installation was done for the present pyproject.toml.
.venv/created:
	@test -n "$(PYTHON)" || { echo "Fogbank needs Python 3.11 or newer; none was found (or say which: make PYTHON=...)" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/installed: .venv/created pyproject.toml
	$(INSTALL) .
	@touch $@

.venv/installed-for-tests: .venv/installed pyproject.toml
	$(INSTALL) '.[test]'
	@touch $@
