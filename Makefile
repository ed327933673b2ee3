# Everything a newcomer, a developer or CI runs. `make help` tells what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DATA := var

.DEFAULT_GOAL := help
.PHONY: help install run demo test check lint types docs-coverage screenshots bench soak clean

help:  ## what each target does
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP)  ## set up .venv with twistd, hmpctl and the test tools in .venv/bin

$(STAMP): setup.cfg setup.py pyproject.toml package.json package-lock.json
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test]' --config-settings editable_mode=compat
	touch $@

run: install  ## the server in the foreground on var/, its API enabled for 127.0.0.1
	$(BIN)/hmpctl --data-dir $(DATA) api enable
	$(BIN)/hmpctl --data-dir $(DATA) device list | grep -q '127\.0\.0\.1' || $(BIN)/hmpctl --data-dir $(DATA) device add this-machine 127.0.0.1
	$(BIN)/twistd --nodaemon --pidfile= hmp --data-dir $(DATA)

demo: install  ## the whole main job by itself: record an encoder, play it out, check every byte
	$(BIN)/python -m hmp_twisted.demo

# Three at a time: real servers, players and disks are mostly waited for. What fails on a machine that
# is busy just then is tried again, and listed as RERUN.
test: install  ## every test
	$(BIN)/python -m pytest -n 3 --dist loadfile --reruns 3

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: install
	$(BIN)/mypy

docs-coverage: install
	$(BIN)/interrogate --quiet hmp_twisted

check: lint types docs-coverage test  ## lint, types, docstrings, then the tests: what CI runs

screenshots: install  ## a picture of every page, light and dark, wide and narrow, in screenshots/
	$(BIN)/python -m tests.web.gallery screenshots

bench: install  ## the benchmarks, as ratios in one run
	$(BIN)/python -m benchmarks

soak: install  ## 50 recordings and 10 streams under faults for MINUTES=n, with a ledger at the end
	$(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),20)

clean:  ## remove what the targets above made, the data in var/ excepted
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage demo-out screenshots
	rm -rf node_modules hmp_twisted/web/static/vendor tests/web/vendor
	find . -name __pycache__ -prune -exec rm -rf {} +
