# make setup    a virtual environment in .venv with the command `cocktail` in it; nothing to do when it is up to date
# make run      setup, then the suite `quick`: scenes, methods, scores, leaderboards
# make test     setup, then all tests; those that need a program that is not installed are skipped, and named at the end
# make lint     ruff and snakefmt, checking only
# make bench    ratios to other implementations, and audits
# make docs     the documentation in site/, opened at site/index.html
# make clean    remove results and caches (not .venv)
#
# PYTHON=python3.12     the interpreter that .venv is made with (3.11 or newer)
# PIP_ARGS="..."        more arguments for pip, such as an index with CPU builds of torch
# JOBS=4                jobs, or tests, at a time (default: all cores)

PYTHON ?= python3
PIP_ARGS ?=
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin
STAMP := .venv/.installed

# Many processes with one thread each are faster than few with many, and leave the machine usable.
export OMP_NUM_THREADS ?= 1

.PHONY: setup run test lint bench docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Cocktail Bench needs Python 3.11 or newer: make setup PYTHON=python3.11")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt $(PIP_ARGS) -e ".[dev,docs]"
	@touch $@

run: setup
	$(BIN)/cocktail run quick --cores $(JOBS)

test: setup
	$(BIN)/python -m pytest -q -n $(JOBS) --dist loadgroup --no-loadscope-reorder

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile rules

bench: setup
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

clean:
	find results -mindepth 1 ! -name README.md -delete
	rm -rf site .snakemake .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
