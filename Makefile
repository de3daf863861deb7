# Everything a newcomer runs. Needs Python 3.11 or newer (PYTHON=… names another one) and nothing else.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
N ?= 1
# Each half has servers of its own; the tests of a file stay together.
TWO_AT_A_TIME := --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo setup test check lint quick format chaos bench lock clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## stream two real files through a whole system and look at it; ARGS=--exit ends by itself
	@$(PYTHON) -I deploy/local/bootstrap.py local
	@$(BIN)/mekong demo $(ARGS)

setup: ## make .venv with all that developing needs
	@$(PYTHON) -I deploy/local/bootstrap.py dev

test: setup ## the whole suite, against the real Kafka and the real ClickHouse; some 12 minutes on two cores
	@$(BIN)/pytest $(TWO_AT_A_TIME) $(ARGS)

check: setup ## lint, types, contracts, and the tests that need no server; under a minute
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target lint quick

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

quick: setup
	@$(BIN)/pytest --quiet -m "not integration" $(TWO_AT_A_TIME) tests/unit tests/property tests/contract $(ARGS)

format: setup ## format the code, and mend what the linter can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

chaos: setup ## kill and pause everything at random while messages flow, N times (make chaos N=100 for a night)
	@$(BIN)/python tests/chaos/run.py --seeds $(N) $(ARGS)

bench: setup ## the figures of docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

LOCK = $(BIN)/python -m uv pip compile pyproject.toml locks/build.in --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet

lock: setup ## resolve the dependencies anew into locks/; ARGS=--upgrade takes newer ones
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet uv
	@$(LOCK) --extra dev --output-file locks/dev.txt $(ARGS)
	@$(LOCK) --extra local --constraint locks/dev.txt --output-file locks/local.txt
	@$(LOCK) --constraint locks/dev.txt --output-file locks/base.txt
	@$(LOCK) --extra peers --override locks/dev.txt --output-file locks/peers.txt

clean: ## delete what tests and tools left behind (not .venv, not .mekong)
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
