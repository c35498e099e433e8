# The commands of those who write and teach the course, a part of the Makefile. They need what a
# student's copy does not have: tests, benchmarks, and the notebooks with their solutions.

.PHONY: test lint test-unit test-notebooks test-browser test-slips replicate pdf site translation slides-check student student-check bench \
    exercise format

NOTEBOOKS := $(sort $(wildcard notebooks/*.ipynb))
WORKERS ?= 2

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
	    --nbval --nbval-current-env --nbval-cell-timeout 600 \
	    --nbval-sanitize-with tests/nbval_sanitize.cfg $(ARGS) $$($(PY) tools/execute.py --list $(NB))

test-browser: install ## walk through all slides and move all demos in a real browser
	@$(PY) tools/find_browser.py
	$(RUN) $(PY) -m pytest tests/browser -m browser -n $(WORKERS) -p no:cacheprovider -rP \
	    $(ARGS)

test-slips: install ## replay the recorded answers to exercises (minutes; ARGS="-k 02")
	$(RUN) MPLBACKEND=agg $(PY) -m pytest tests/test_slips.py -m slips -n $(WORKERS) $(ARGS)

replicate: install ## run the notebooks under other draws and on other machines (NB=07 ARGS="--draws 1-3 --machines zen")
	@$(PY) tools/replicate.py $(NB) $(ARGS)

pdf: install ## print static decks as tagged PDF, and once more with the notes beside (NB=05)
	@$(PY) tools/pdf.py $(NB)

site: install ## build the website in build/site (needs EXTRAS=requirements-site.txt once; ARGS=--strict)
	@$(PY) tools/site_builder.py $(ARGS)

translation: install ## which texts of a translation are no longer in step (TO=de)
	@$(PY) tools/translation.py $(TO)

slides-check: install ## check that all notebooks have the one slide configuration
	@$(PY) tools/slides.py check

student: install ## copy the course without solutions, notes and outputs to build/student, to hand out (OUT=folder)
	@$(PY) tools/student.py build $(if $(OUT),--out "$(OUT)")

student-check: install ## build such a copy anew and run its notebooks there (NB=02 picks one)
	@$(RUN) $(PY) tools/student.py check $(NB)

exercise: install ## begin an exercise (NB=05 TITLE="..." KIND=function, numbers or choice), or say what is missing (NB=05)
	@$(PY) tools/new_exercise.py $(NB) $(if $(TITLE),--title "$(TITLE)") $(if $(KIND),--kind $(KIND))

bench: install ## run the benchmarks (BENCH=name picks one)
	@set -e; for file in benchmarks/$(BENCH)*.py; do echo "== $$file"; $(PY) $$file $(ARGS); done

format: install ## put the code into the common style
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .
