# Everything happens in a virtual environment of its own; nothing is installed elsewhere, except
# Chromium for the browser tests where it is missing (`make browser`).
VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python

# Jupyter asks for this word where everything runs as root, as in containers.
LAB_FLAGS := $(shell [ "$$(id -u)" = 0 ] && echo --allow-root)

.PHONY: lab test check unit journeys browser frontend frontend-check format benchmarks clean

## Open the quickstart in JupyterLab with the sidebar.
lab: $(VENV)/lab.installed
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/jupyter lab $(LAB_FLAGS) notebooks/quickstart.ipynb

## Install what the tests need, then run all of them.
test: $(VENV)/test.installed browser frontend-check check unit

## What must be green before a commit.
check: $(VENV)/test.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PYTHONPATH=.:kernel $(BIN)/lint-imports --no-cache
	if [ -d labextension/node_modules ]; then cd labextension && PATH="$(abspath $(BIN)):$$PATH" jlpm lint:check; fi

unit: $(VENV)/test.installed
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest -n 2 --dist loadfile

journeys: $(VENV)/test.installed browser
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pytest tests/journeys

## The front end's own tests and lint; needs Node.js 20.
frontend-check: labextension/node_modules
	cd labextension && PATH="$(abspath $(BIN)):$$PATH" jlpm test

## Build the front end anew after a change below labextension/.
frontend: labextension/node_modules
	$(BIN)/python hatch_labext.py

labextension/node_modules: labextension/yarn.lock $(VENV)/test.installed
	cd labextension && PATH="$(abspath $(BIN)):$$PATH" jlpm install --immutable
	touch $@

browser:
	@command -v chromium >/dev/null || { \
	  SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$SUDO apt-get update -qq && \
	  $$SUDO apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; }

benchmarks: $(VENV)/test.installed
	$(BIN)/python benchmarks/overhead.py
	$(BIN)/python benchmarks/namespace.py
	$(BIN)/python benchmarks/restore.py
	$(BIN)/python benchmarks/storage.py
	$(BIN)/python benchmarks/answer.py
	$(BIN)/python benchmarks/metadata.py

format: $(VENV)/test.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv

$(VENV)/lab.installed: $(BIN)/uv pyproject.toml
	$(UV) --editable '.[lab,quickstart]'
	touch $@

$(VENV)/test.installed: $(BIN)/uv pyproject.toml
	$(UV) --editable '.[lab,quickstart,test]'
	touch $@

clean:
	rm -rf $(VENV) .venv-airflow labextension/node_modules
