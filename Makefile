# The commands of the course. `make` alone lists them; every command first makes sure that .venv is complete.

PYTHON ?= python3
# A Python that was named on purpose replaces the one in .venv; the default only fills in.
THIS_PYTHON := $(if $(filter file default undefined,$(origin PYTHON)),,--this-python)

PY := .venv/bin/python
NB ?=

# One thread for each of several workers, and the short training of notebook 13. The rest keeps the
# user's own settings out of tests and runs.
RUN := env -u MPLBACKEND -u MATPLOTLIBRC \
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 VECLIB_MAXIMUM_THREADS=1 \
    COURSE_RUN=short TQDM_DISABLE=1 PYTHONHASHSEED=0 PYTHONNOUSERSITE=1 \
    JUPYTER_CONFIG_DIR="$(CURDIR)/build/jupyter/config" \
    JUPYTER_DATA_DIR="$(CURDIR)/build/jupyter/data" \
    JUPYTER_RUNTIME_DIR="$(CURDIR)/build/jupyter/runtime" \
    IPYTHONDIR="$(CURDIR)/build/jupyter/ipython" \
    COURSE_PROGRESS="$(CURDIR)/build/progress.json" \
    MPLCONFIGDIR="$(CURDIR)/build/matplotlib"

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install lab present slides execute sweep clean distclean

# Commands for those who write and teach the course; a copy made by `make student` has only what stands here.
-include tools/maintain.mk

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

install: ## make the virtual environment .venv complete (done by every other command, too)
	@mkdir -p build/jupyter  # IPython warns where its folder's parent is missing
	@$(PYTHON) tools/environment.py $(THIS_PYTHON) $(EXTRAS)

lab: install ## open JupyterLab on notebooks/ (PORT=8888, ARGS="...")
	@set --; \
	if [ "$$(id -u)" = 0 ]; then set -- "$$@" --allow-root; fi; \
	if [ "$$(uname)" = Linux ] && [ -z "$$DISPLAY$$WAYLAND_DISPLAY" ]; then set -- "$$@" --no-browser; fi; \
	if [ -n "$(PORT)" ]; then set -- "$$@" --port=$(PORT); fi; \
	echo "JupyterLab starts; its address follows. Stop it here with Ctrl-C."; \
	exec env JUPYTER_CONFIG_PATH="$(CURDIR)/tools/jupyter" \
	    JUPYTER_PATH="$(CURDIR)/tools/jupyter$${JUPYTER_PATH:+:$$JUPYTER_PATH}" \
	    $(PY) -m jupyterlab --ServerApp.root_dir="$(CURDIR)/notebooks" --log-level=WARN \
	    --LabApp.default_url=/lab/tree/00_start_here.ipynb "$$@" $(ARGS)

present: install ## show notebooks as live slides (NB="03 05"; alone it lists them; PORT=8888)
	@$(PY) tools/present.py $(if $(PORT),--port $(PORT)) $(ARGS) $(NB)

slides: install ## build static slides in build/slides that need no network (NB=03 picks one)
	@$(PY) tools/slides.py build $(NB)

execute: install ## run the notebooks and store their outputs (NB=02 picks one)
	@$(PY) tools/execute.py $(ARGS) $(NB)

sweep: install ## compare ten optimizers anew: 11,040 trainings, about 70 minutes (goes on where it stopped)
	$(RUN) $(PY) tools/sweep.py $(ARGS)

clean: ## delete caches and what is built (.venv and data stay)
	rm -rf build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -path ./.venv -prune -o \( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -exec rm -rf {} +

distclean: clean ## delete .venv as well
	rm -rf .venv
