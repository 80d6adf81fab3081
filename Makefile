# Every target makes .venv and installs what it needs by itself.
#   make translate TEXT="내일 서울에 가요. 회의는 오후 3시에 시작합니다."
#   make test

PYTHON ?= python3
TEXT   ?=
ARGS   ?=
export TEXT

BIN   := .venv/bin
# One thread a process: the tests' tensors are tiny, and more threads only get in each other's way.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest
NOT_HERE := not gpu and not browser and not docker
BENCH_OUTPUT := runs/bench
SETUP_FILES := pyproject.toml constraints.txt scripts/install.py

.DEFAULT_GOAL := help
.PHONY: help setup translate serve test test-slow test-browser test-docker test-all lint format types imports tree check bench clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

setup: .venv/dev-ready  ## install everything (training, tests, lint) into .venv

.venv/run-ready: $(SETUP_FILES)
	@$(PYTHON) scripts/install.py run
	@touch $@

.venv/serve-ready: $(SETUP_FILES)
	@$(PYTHON) scripts/install.py serve
	@touch .venv/run-ready $@

.venv/dev-ready: $(SETUP_FILES)
	@$(PYTHON) scripts/install.py dev
	@touch .venv/run-ready .venv/serve-ready $@

translate: .venv/run-ready  ## translate TEXT="…" with the default model (ARGS="--beam-size 1")
	@test -n "$$TEXT" || { echo 'usage: make translate TEXT="내일 서울에 가요. 회의는 오후 3시에 시작합니다."' >&2; exit 2; }
	@printf '%s\n' "$$TEXT" | $(BIN)/nmt translate $(ARGS)

serve: .venv/serve-ready  ## start the HTTP service on http://127.0.0.1:8000 (ARGS="--model luong")
	@$(BIN)/nmt serve $(ARGS)

test: .venv/dev-ready  ## the fast tests, under three minutes on two cores
	@$(PYTEST) -q -n 2 --dist loadfile -m "not slow and $(NOT_HERE)" $(ARGS)

test-slow: .venv/dev-ready  ## only the slow tests
	@$(PYTEST) -q -n 2 --dist loadfile -m slow $(ARGS) || { code=$$?; test $$code -eq 5 || exit $$code; }

test-browser: .venv/dev-ready  ## the tests of the page; needs Chromium and chromedriver
	@$(PYTEST) -q -m browser $(ARGS) || { code=$$?; test $$code -eq 5 || exit $$code; }

test-docker: .venv/dev-ready  ## the tests of the images and of docker-compose.yml; needs a Docker engine
	@$(PYTEST) -q -m docker $(ARGS) || { code=$$?; test $$code -eq 5 || exit $$code; }

test-all: .venv/dev-ready  ## all tests; those that this machine cannot run are skipped
	@$(PYTEST) -q $(ARGS)

lint: .venv/dev-ready  ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: .venv/dev-ready  ## ruff: repair what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: .venv/dev-ready  ## mypy --strict
	@$(BIN)/mypy
	@$(BIN)/mypy scripts/*.py

imports: .venv/dev-ready  ## the import directions of docs/overview.md
	@$(BIN)/lint-imports

tree:  ## redraw the tree in README.md
	@$(PYTHON) scripts/tree.py

check: lint types imports test  ## what a change must pass

bench: .venv/dev-ready  ## the short benchmarks; figures go into runs/bench
	@$(BIN)/python benchmarks/segmentation.py --output $(BENCH_OUTPUT)/segmentation.json
	@$(BIN)/python benchmarks/cost.py training/sample/dev.ko --sentences 30 --output $(BENCH_OUTPUT)/cost.json
	@$(BIN)/python benchmarks/depths.py --vocabularies 8000 --singles 4 --output $(BENCH_OUTPUT)/depths.json
	@$(BIN)/python benchmarks/growth.py --lengths 5 10 20 40 --lines 500 1000 2000 4000 --most-real 500 \
		--output $(BENCH_OUTPUT)/growth.json --plot $(BENCH_OUTPUT)/growth.png

clean:  ## remove .venv and the tools' caches
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
