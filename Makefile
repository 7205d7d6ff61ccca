# One place for every command. `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Processes that share the tests out among them, each with servers of its own: half of the time is waiting for servers.
JOBS   ?= 2
# The versions that are supported; a path is as good as a name.
PYTHONS ?= python3.11 python3.12 python3.13
REDOCLY := @redocly/cli@2.0.0

.DEFAULT_GOAL := help
.PHONY: help install demo test test-faults soak test-properties test-browser test-pythons lint check lint-openapi format bench schemas lock clean

help: ## list the commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What a user needs to run, and what a developer needs besides; each is made once and again when its lock changes.
$(VENV)/run-ready: deploy/requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing what the program needs"
	@$(PIP) install -r deploy/requirements.lock
	@$(PIP) install --no-deps -e .
	@touch $@

$(VENV)/dev-ready: deploy/requirements-dev.lock $(VENV)/run-ready
	@echo "installing what tests and checks need"
	@$(PIP) install -r deploy/requirements-dev.lock
	@touch $@

install: $(VENV)/run-ready ## a virtual environment in .venv that has the program

demo: $(VENV)/run-ready ## start everything here, replay real purchases, compare with a reference (ARGS="--keep")
	@$(BIN)/orchestrator demo $(ARGS)

test: $(VENV)/dev-ready ## every test but the longest and those in a browser, on a real Kafka and a real PostgreSQL
	@$(BIN)/pytest -n $(JOBS) --dist worksteal -m "not browser and not bench and not endurance" $(ARGS)

test-faults: $(VENV)/dev-ready ## only the tests that break things, the long ones too (SEED=7: other chances)
	@ORCHESTRATOR_FAULT_SEED=$(SEED) $(BIN)/pytest -n $(JOBS) --dist worksteal -m faults $(ARGS)

soak: $(VENV)/dev-ready ## faults and quiet in turn for MINUTES (10 by default), with memory watched (SEED=7: other chances)
	@ORCHESTRATOR_FAULT_SEED=$(SEED) ORCHESTRATOR_SOAK_MINUTES=$(or $(MINUTES),10) $(BIN)/pytest --log-cli-level=INFO -m soak $(ARGS)

test-properties: $(VENV)/dev-ready ## every property with 10,000 examples: an hour or two
	@HYPOTHESIS_PROFILE=long $(BIN)/pytest -v tests/property $(ARGS)

test-browser: $(VENV)/dev-ready ## the page in Chromium, which must be installed
	@$(BIN)/pytest -n $(JOBS) --dist loadfile -m browser $(ARGS)

test-pythons: ## `make test` on every Python that is supported (PYTHONS="python3.12 /opt/python3.13/bin/python3")
	@for each in $(PYTHONS); do \
		version=$$($$each -c 'import sys; print("%d.%d" % sys.version_info[:2])') && echo "== Python $$version" && \
		$(MAKE) --no-print-directory VENV=.local/venvs/$$version PYTHON=$$each test || exit 1; \
	done

lint: $(VENV)/dev-ready ## format, lint, types, imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint ## what `make lint` looks at, and the published contracts
	@$(BIN)/pytest -q -n $(JOBS) tests/contract -m "not integration"

lint-openapi: ## the HTTP contract by the rules of a linter (needs Node)
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) lint --extends recommended schemas/openapi.json

format: $(VENV)/dev-ready ## format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/dev-ready ## measure, and print the table of targets with what was reached
	@$(BIN)/python -m tests.bench $(ARGS)

schemas: $(VENV)/dev-ready ## write schemas/ and docs/reference/ anew from the code
	@$(BIN)/orchestrator schemas write
	@$(BIN)/orchestrator reference write

lock: $(VENV)/dev-ready ## write the lock files anew from pyproject.toml
	@$(BIN)/pip-compile -q --no-header --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra embedded -o deploy/requirements.lock pyproject.toml
	@$(BIN)/pip-compile -q --no-header --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra embedded --extra parquet --extra tracing --extra dev -c deploy/requirements.lock -o deploy/requirements-dev.lock pyproject.toml

clean: ## remove the virtual environment and local data
	rm -rf $(VENV) .local
