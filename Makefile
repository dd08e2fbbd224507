# Everything is set up on first use, from python3 (with venv) and a package index.
PYTHON ?= python3
DIR ?= seeds/pages
BIN := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup score serve test lint gate train evaluate docs clean bench bench-chrome bench-neardup bench-labels bench-flow bench-read bench-manuals

help: ## show this list
	@grep -hE '^[a-z -]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

setup: $(READY) ## install everything into .venv (other targets do it by themselves)

$(READY): pyproject.toml constraints.txt
	@echo "setting up .venv (once, about a minute) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[flows,dev,dask,merge]'
	@touch $@

score: $(READY) ## score DIR (default seeds/pages) as a Prefect flow run
	@$(BIN)/python -m flows score $(DIR) || test $$? -eq 2 # 2: done, some inputs failed

serve: $(READY) ## Prefect server with UI, and a deployment that scores inbox/ on a schedule
	@$(BIN)/python -m flows serve

test: $(READY) ## the whole test suite
	@$(BIN)/python -m pytest

lint: $(READY) ## format, lint and types, as CI checks them
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

gate: $(READY) ## measure against benchmarks/floors.json
	@$(BIN)/python -m benchmarks.gate

train: $(READY) ## fit the models anew into models/
	@$(BIN)/quality train

docs: $(READY) ## regenerate docs/rules.md
	@$(BIN)/quality rules --markdown > docs/rules.md

bench: bench-chrome bench-neardup bench-labels bench-flow ## all benchmarks

bench-chrome bench-neardup bench-labels bench-flow: bench-%: $(READY) ## one benchmark, us beside the peers
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -m benchmarks.$(subst bench-,,$@)
	@test $@ != bench-neardup || $(BIN)/python -m benchmarks.templates
	@test $@ != bench-chrome || $(BIN)/python -m benchmarks.chrome_languages
	@test $@ != bench-chrome || $(BIN)/python -m benchmarks.chain

bench-read bench-manuals: bench-%: $(READY) ## chrome on pages that are fetched as packages: read line by line; manuals
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@$(BIN)/python -m benchmarks.chrome_$(subst bench-,,$@)
	@test $@ != bench-manuals || $(BIN)/python -m benchmarks.chrome_manuals --unseen
	@test $@ != bench-manuals || $(BIN)/python -m benchmarks.chrome_manuals --fresh
	@test $@ != bench-manuals || $(BIN)/python -m benchmarks.chrome_files

clean: ## remove .venv and caches; out/ and inbox/ stay
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis
