# The course's commands. `make` alone lists them; every command first makes sure that .venv is complete.

PYTHON ?= python3
# A Python that was named on purpose replaces the one in .venv; the default only fills in.
THIS_PYTHON := $(if $(filter file default undefined,$(origin PYTHON)),,--this-python)

PY := .venv/bin/python
NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))
NB ?=
WORKERS ?= 2

# Two workers on two cores: one thread each. The rest keeps the user's own settings out of the tests.
RUN := env -u MPLBACKEND -u MATPLOTLIBRC \
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 \
    TQDM_DISABLE=1 PYTHONHASHSEED=0 PYTHONNOUSERSITE=1 \
    JUPYTER_CONFIG_DIR="$(CURDIR)/build/jupyter/config" \
    JUPYTER_DATA_DIR="$(CURDIR)/build/jupyter/data" \
    JUPYTER_RUNTIME_DIR="$(CURDIR)/build/jupyter/runtime" \
    IPYTHONDIR="$(CURDIR)/build/jupyter/ipython" \
    COURSE_PROGRESS="$(CURDIR)/build/progress.json" \
    MPLCONFIGDIR="$(CURDIR)/build/matplotlib"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install lab present slides slides-check test lint test-unit test-notebooks test-browser execute bench sweep format clean distclean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

install: ## make the virtual environment .venv complete (done by every other command, too)
	@$(PYTHON) tools/environment.py $(THIS_PYTHON) $(EXTRAS)

lab: install ## open JupyterLab on notebooks/ (PORT=8888, ARGS="...")
	@set --; \
	if [ "$$(id -u)" = 0 ]; then set -- "$$@" --allow-root; fi; \
	if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then set -- "$$@" --no-browser; fi; \
	if [ -n "$(PORT)" ]; then set -- "$$@" --port=$(PORT); fi; \
	echo "JupyterLab starts; its address follows. Stop it here with Ctrl-C."; \
	exec env JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter" \
	    $(PY) -m jupyterlab --ServerApp.root_dir="$(CURDIR)/notebooks" --log-level=WARN "$$@" $(ARGS)

present: install ## show a notebook as live slides (NB=03, PORT=8888)
	@$(PY) tools/present.py $(if $(PORT),--port $(PORT)) $(ARGS) $(NB)

slides: install ## build static slides in build/slides that need no network (NB=03 picks one)
	@$(PY) tools/slides.py build $(NB)

slides-check: install ## check that all notebooks have the one slide configuration
	@$(PY) tools/slides.py check

test: install lint test-unit test-notebooks ## check everything: code style, unit tests, every notebook
	@echo "make test: code style, unit tests and $(words $(NOTEBOOKS)) notebooks are fine"

lint: install ## check the code style
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

test-unit: install ## run the unit tests (ARGS="-k adam")
	$(RUN) MPLBACKEND=agg $(PY) -m pytest -n $(WORKERS) $(ARGS)

test-notebooks: install ## run every notebook and compare its outputs with the stored ones (NB=02 picks one)
	@$(PY) tools/execute.py --list $(NB) >/dev/null
	$(RUN) $(PY) -m pytest -n $(WORKERS) --dist loadfile -p no:cacheprovider \
	    --nbval --nbval-current-env --nbval-cell-timeout 180 \
	    --nbval-sanitize-with tests/nbval_sanitize.cfg $(ARGS) $$($(PY) tools/execute.py --list $(NB))

test-browser: install ## walk through all slides and move all demos in a real browser
	@$(PY) tools/find_browser.py
	$(RUN) $(PY) -m pytest tests/browser -m browser -n $(WORKERS) -p no:cacheprovider -rP \
	    $(ARGS)

execute: install ## run the notebooks and store their outputs (NB=02 picks one)
	@$(PY) tools/execute.py $(ARGS) $(NB)

bench: install ## run the benchmarks (BENCH=name picks one)
	@set -e; for file in benchmarks/$(BENCH)*.py; do echo "== $$file"; $(PY) $$file $(ARGS); done

sweep: install ## train the 798 runs behind notebook 11 anew, under 30 minutes (goes on where it stopped)
	$(RUN) $(PY) tools/sweep.py $(ARGS)

format: install ## put the code into the common style
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

clean: ## delete caches and what is built (.venv and data stay)
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -exec rm -rf {} +

distclean: clean ## delete .venv as well
	rm -rf .venv
