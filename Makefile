# Each target sets up what it needs, in .venv; nothing outside this folder is changed.
PYTHON ?= python3
LOG ?= tests/recordings/installutil_attack.xml
# One path, blanks and all, where there is such a file or folder; else several, and globs.
LOGS = $(shell test -e "$(LOG)" && echo '"$(LOG)"' || echo '$(LOG)')
# What was passed over of several logs is told in a warning, and is no error of make's.
PASSED = || { status=$$?; test $$status = 4 || exit $$status; }
VENV := .venv
BIN := $(VENV)/bin
# A process for each core; the tests of a file share one, and with it what the file makes for all of them.
PARALLEL := --numprocesses auto --dist loadfile --no-loadscope-reorder

.PHONY: help run dashboard pictures test quick lint bench package inspect requirements clean

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /	/' | expand -t 15

run: $(VENV)/run.done  ## build the app and replay a recording (or LOG=path, a folder, several, a glob) through its searches
	@$(BIN)/python build.py
	@$(BIN)/python -m comparison $(LOGS) $(PASSED)

dashboard: $(VENV)/run.done dashboard/node_modules  ## draw the dashboard over a recording (or LOG=path), with Node.js and Chromium
	@$(BIN)/python -m dashboard $(LOGS) $(ARGS) $(PASSED)

pictures: override LOG = tests/recordings/installutil_attack.xml
pictures: dashboard  ## draw the pictures of the README anew, with Node.js and Chromium
	@$(BIN)/python -m dashboard.pictures

test: $(VENV)/dev.done  ## run all tests, in 3 to 7 minutes on two cores (ARGS="tests/replay -k join" for some)
	@$(BIN)/python build.py vendor
	@$(if $(ARGS),,echo "all tests: 3 to 7 minutes on two idle cores; make quick is the short form")
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

quick: $(VENV)/dev.done  ## run those that are not slow, up to the first that fails (ARGS as above)
	@$(BIN)/python build.py vendor
	$(BIN)/python -m pytest $(PARALLEL) --exitfirst -m "not slow" $(ARGS)

lint: $(VENV)/dev.done  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict bin
	$(BIN)/mypy --strict build.py builder splreplay comparison dashboard bench

bench: $(VENV)/dev.done  ## measure, in ratios within one run
	@$(BIN)/python build.py vendor
	@$(BIN)/python -m bench

package: $(VENV)/run.done  ## write the app's archive into dist/
	@$(BIN)/python build.py

inspect: package $(VENV)/dev.done  ## run Splunk's AppInspect over the archive
	@$(BIN)/python build.py inspect

requirements: $(VENV)/dev.done  ## pin requirements/*.txt anew from the .in files
	$(BIN)/python -m pip install --quiet pip-tools
	for name in run dev; do $(BIN)/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe --no-header \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host requirements/$$name.in -o requirements/$$name.txt; done

clean:  ## remove what the targets above made
	rm -rf $(VENV) lib dist build splreplay.egg-info dashboard/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A set-up that was broken off leaves no .done file, so the next run starts it again.
$(VENV)/python.done:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv is needed; on Debian: apt install python3-venv" >&2; exit 1; }
	@touch $@

$(VENV)/run.done: requirements/run.txt | $(VENV)/python.done
	@echo "setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

dashboard/node_modules: dashboard/package.json
	@command -v npm >/dev/null || { echo "npm is needed, with Node.js 20 or later; on Debian: apt install npm chromium" >&2; exit 1; }
	@npm install --prefix dashboard --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@
