# Taglight: `make run` and `make test` set up what is missing, in .venv and nowhere else.
PYTHON ?= $(shell scripts/find-python)
VENV   := .venv
LIBRARY ?= ./library
HOST   ?= 127.0.0.1
PORT   ?= 8000

.PHONY: run test setup setup-dev check format lock clean
.DEFAULT_GOAL := run

run: setup ## start Taglight on http://127.0.0.1:8000
	@$(VENV)/bin/taglight serve "$(LIBRARY)" --host "$(HOST)" --port "$(PORT)"

test: setup-dev ## run every test that this machine can run
	@scripts/test

setup: $(VENV)/.run.stamp ## the environment in .venv, for running
setup-dev: $(VENV)/.dev.stamp ## the same, for tests and checks

check: setup-dev ## format, lint, types, import directions, templates, JavaScript
	@scripts/check

format: setup-dev
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

lock: ## renew the locks from pyproject.toml
	@scripts/lock

clean:
	rm -rf $(VENV) .venv-* .aws-sam node_modules

$(VENV)/.run.stamp: requirements/run.lock pyproject.toml
	@scripts/install "$(PYTHON)" $(VENV) run

$(VENV)/.dev.stamp: requirements/dev.lock $(VENV)/.run.stamp
	@scripts/install "$(PYTHON)" $(VENV) dev
