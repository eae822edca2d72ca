# Everything that is done with this project. A fresh machine needs Python 3.11, make and a C compiler.
# What was set up once is not set up again: stamps in .venv and node_modules say for which files it was done.

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$python -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
NPM := $(BIN)/python -m playground.database.engine.node
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
UV := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header --upgrade

VENV_DONE := .venv/.installed
NODE_DONE := node_modules/.installed
CLIENT_DONE := playground/database/generated/.done
WEB_DONE := web/node_modules/.installed
PAGE := playground/page/built/index.html
PAGE_SCHEMAS := $(BIN)/python web/schemas.py
PAGE_SOURCES := $(shell find web/src web/public -type f) web/index.html web/vite.config.ts web/svelte.config.js web/tsconfig.json

# Where the environment forbids it, each of the hundreds of processes of the tests would compile the same modules.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup run test lint format generate docs types migration lock clean

help: ## what can be done
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|' 2>/dev/null \
		|| grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST)

setup: $(CLIENT_DONE) $(PAGE) ## install and generate what the service needs (run and test do this by themselves)

run: setup ## start the service
	@exec $(BIN)/playground serve

# Three processes on two cores: a fifth of the time is waiting for what dies, starts and times out.
test: setup ## run the tests; ARGS="-k text" for some of them
	@$(NPM) --prefix web test --silent
	$(BIN)/python -m pytest -n 3 --dist loadscope $(ARGS)

lint: setup ## check format, style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@$(PAGE_SCHEMAS) | $(NPM) --prefix web run --silent types:check || { echo 'web/src/api/types.ts is stale: run make types'; exit 1; }
	@$(NPM) --prefix web run --silent format:check
	@$(NPM) --prefix web run --silent lint
	@$(NPM) --prefix web run --silent check

format: $(VENV_DONE) $(WEB_DONE) ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only .
	@$(NPM) --prefix web run --silent format

generate: ## write the Python client from schema.prisma, changed or not
	@rm -f $(CLIENT_DONE)
	@$(MAKE) --no-print-directory $(CLIENT_DONE)

docs: setup ## build the documentation's site into build/site
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

types: $(CLIENT_DONE) $(WEB_DONE) ## write the page's types of the API, from the OpenAPI document
	@$(PAGE_SCHEMAS) | $(NPM) --prefix web run --silent types

migration: $(CLIENT_DONE) ## write the migration for a changed schema.prisma: NAME=add_tags
	@test -n "$(NAME)" || { echo 'What does it do? make migration NAME=add_tags'; exit 1; }
	@$(BIN)/python -m playground.database.engine.new_migration "$(NAME)"

# A release is taken when it is a week old: attacks through fresh releases are found within days.
lock: $(VENV_DONE) ## choose the newest Python packages that are a week old
	@week_ago=$$($(BIN)/python -c 'import datetime as d; print((d.datetime.now(d.UTC) - d.timedelta(days=7)).date())') && set -x \
		&& $(UV) --exclude-newer $$week_ago pyproject.toml -o requirements.lock \
		&& $(UV) --exclude-newer $$week_ago pyproject.toml --group dev -o requirements-dev.lock

clean: ## remove what setup made and what tools left; the data folder stays
	rm -rf .venv node_modules web/node_modules playground/page/built playground/database/generated build dist .mypy_cache .ruff_cache .hypothesis
	find playground tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo 'Python 3.11 or newer, with its venv module, is needed.'; exit 1; }
	@echo '==> Making a virtual environment in .venv with $(PYTHON)'
	@$(PYTHON) -m venv .venv

$(VENV_DONE): requirements-dev.lock pyproject.toml | .venv/bin/python
	@echo '==> Installing the Python packages (a minute or two the first time)'
	@$(PIP_INSTALL) --require-hashes -r requirements-dev.lock
	@$(PIP_INSTALL) --no-deps -e .
	@touch $@

$(NODE_DONE): package.json package-lock.json $(VENV_DONE)
	@echo '==> Installing the Node packages'
	@$(NPM) ci --ignore-scripts --loglevel=error
	@touch $@

$(CLIENT_DONE): schema.prisma $(VENV_DONE) $(NODE_DONE)
	@echo '==> Generating the database client'
	@$(BIN)/python -m playground.database.engine.prisma_cli
	@touch $@

$(WEB_DONE): web/package.json web/package-lock.json $(VENV_DONE)
	@echo '==> Installing what builds the page'
	@$(NPM) --prefix web ci --ignore-scripts --loglevel=error
	@touch $@

$(PAGE): $(PAGE_SOURCES) $(WEB_DONE)
	@echo '==> Building the page'
	@$(NPM) --prefix web run --silent build -- --logLevel warn
	@touch $@
