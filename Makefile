# Everything a newcomer runs. Needs Python 3.11 or newer (PYTHON=… names another one) and nothing else.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
N ?= 1
# Each half has servers of its own; the tests of a file stay together.
TWO_AT_A_TIME := --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help demo setup test check lint quick quick-unit quick-rest coverage format chaos bench pictures office lock release clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## stream two real files through a whole system and look at it; ARGS=--exit ends by itself
	@$(PYTHON) -I deploy/local/bootstrap.py local
	@$(BIN)/mekong demo $(ARGS)

setup: ## make .venv with all that developing needs
	@$(PYTHON) -I deploy/local/bootstrap.py dev

test: setup ## the whole suite, against the real Kafka and the real ClickHouse; some 40 minutes on two cores
	@$(BIN)/pytest $(TWO_AT_A_TIME) $(ARGS)

check: setup ## lint, types, contracts, and the tests that need neither a server nor a process, with a fifth of their random examples; a minute
	@$(MAKE) --no-print-directory --jobs 3 --output-sync=target lint quick

lint: setup
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Two processes, and not pytest's own workers: each of those would first collect the tests of both.
QUICK := MEKONG_TEST_PART=5 $(BIN)/pytest --quiet -m "not integration and not processes"

quick: quick-unit quick-rest

quick-unit: setup
	@$(QUICK) -p no:schemathesis tests/unit $(ARGS)

quick-rest: setup
	@$(QUICK) tests/property tests/contract $(ARGS)

coverage: setup ## print which lines and branches the unit and contract tests do not reach
	@$(BIN)/pytest --quiet -m "not integration" $(TWO_AT_A_TIME) --cov --cov-report=term tests/unit tests/contract $(ARGS)

format: setup ## format the code, and mend what the linter can
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

chaos: setup ## kill and pause everything at random while messages flow, N times (make chaos N=100 for a night)
	@$(BIN)/python tests/chaos/run.py --seeds $(N) $(ARGS)

bench: setup ## the figures of docs/benchmarks.md
	@$(BIN)/python -m benchmarks $(ARGS)

pictures: setup ## draw docs/pictures again, from what real commands print on the stack of the demo; those of sheets need LibreOffice, those of pages Chromium and fonts-noto-cjk; about five minutes
	@$(BIN)/python -m mekong.deploy.pictures
	@MEKONG_PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/integration/page -k "everybody and en-1280"
	@MEKONG_PICTURES=docs/pictures $(BIN)/python -m pytest -q tests/integration/console -k "(everybody and en-1280) or digest or brushes"

office: setup ## prove templates and marked sheets in LibreOffice; as root it installs the Debian package libreoffice-calc
	@$(BIN)/python -m tests.office.prove

LOCK = $(BIN)/python -m uv pip compile pyproject.toml locks/build.in --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet

lock: setup ## resolve the dependencies anew into locks/; ARGS=--upgrade takes newer ones
	@$(BIN)/python -m pip --disable-pip-version-check install --quiet uv
	@$(LOCK) --extra dev --output-file locks/dev.txt $(ARGS)
	@$(LOCK) --extra local --constraint locks/dev.txt --output-file locks/local.txt
	@$(LOCK) --constraint locks/dev.txt --output-file locks/base.txt
	@sed -n 's/^\([^ ;]*==[^ ;]*\) \\$$/\1/p' locks/dev.txt > locks/shared.tmp  # without what only one system needs, such as cffi
	@$(LOCK) --extra peers --override locks/shared.tmp --output-file locks/peers.txt; done=$$?; rm locks/shared.tmp; exit $$done

release: setup ## check that the version of pyproject.toml may be released, build it into dist/, say what is next
	@$(BIN)/python .ci/release.py

clean: ## delete what tests and tools left behind (not .venv, not .mekong)
	@rm -rf .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build dist *.egg-info
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
