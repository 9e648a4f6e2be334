# Every target sets up what it needs: a fresh machine with Python 3.11 and make is enough.
#   make train              the whole main job: SFT, GRPO, evaluation (CONFIG=… for another run, ARGS="…" for more options)
#   make test               the fast tests
#   make test-slow          the slow ones
#   make bench              what is promised of speed and memory, measured beside baselines
#   make docs               the pages that are generated, then all of them as a site in site/
#   make lint setup

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
CONFIG ?=
ARGS   ?=

BIN   := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup train test test-slow bench lint format docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints-cpu.txt
	@test -n "$(PYTHON)" || { echo "No Python found. Install Python 3.11 or later, or run: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "$(PYTHON) is older than Python 3.11. Run: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python has no venv module. On Debian and Ubuntu run: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --disable-pip-version-check --quiet -c constraints-cpu.txt -e '.[train,view,dev,docs,openai]'
	@$(BIN)/python -m compileall -qq ccgym envs rewards tools || true
	@touch $@

train: setup
	$(BIN)/ccgym train $(CONFIG) $(ARGS)

test: setup
	$(BIN)/python -m pytest $(ARGS)

test-slow: setup
	$(BIN)/python -m pytest -m slow $(ARGS)

bench: setup
	$(BIN)/python -m bench.run $(ARGS)

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: setup
	$(BIN)/python docs/generate.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "The site is in site/: open site/index.html"

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis build dist site
