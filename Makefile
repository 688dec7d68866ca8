# The hotline. `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/ready ## hear it work: nine callers ring a real Asterisk and are treated by the standard
	@echo "Making the prompts ready for the telephone (the first time a minute or two, then only what changed)"
	@$(BIN)/hotline prompts build -q
	$(BIN)/hotline demo $(if $(STANDARD),--standard $(STANDARD)) $(DEMO)

run: $(VENV)/ready ## a PBX and the hotline, left up for a softphone; Ctrl-C stops them
	@echo "Making the prompts ready for the telephone (the first time a minute or two, then only what changed)"
	@$(BIN)/hotline prompts build -q
	$(BIN)/hotline try

test: $(VENV)/ready ## every check and every test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@$(MAKE) --no-print-directory -j2 test-rehearsals images
	@echo "— containers"
	HOTLINE_STAGE=docker $(BIN)/pytest tests/docker $(TESTS)
	@echo "— a real Asterisk"
	HOTLINE_STAGE=pbx $(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder tests/pbx $(TESTS)
	@echo "— which rules are kept, and what has shown it"
	$(BIN)/python -m tests.coverage check

test-rehearsals: # rehearsals in virtual time, the wire, the house: no PBX
	@echo "— rehearsals and wire: no PBX"
	HOTLINE_STAGE=rehearsal $(BIN)/pytest -n 2 --ignore tests/pbx --ignore tests/docker $(TESTS)

images: # for the containers: made beside what no caller hears, for a build takes every core
	@mkdir -p out
	@$(BIN)/python -m tests.docker.images >out/images.log 2>&1

coverage: $(VENV)/ready ## write docs/coverage.md: each rule, what keeps it, which test shows it
	$(BIN)/python -m tests.coverage write

picture: $(VENV)/ready ## draw docs/hotline-standard.svg: what a caller lives through
	$(BIN)/hotline standard draw hotline-standard -o docs/hotline-standard.svg

load: $(VENV)/ready ## calls a second and CPU a call, beside a pure dialplan (no test; takes minutes)
	$(BIN)/python -m tests.load $(LOAD)

test-docker: $(VENV)/ready ## the cast against the composed containers
	$(BIN)/pytest tests/docker $(TESTS)

prompts: $(VENV)/ready ## render the sentences that changed
	$(BIN)/hotline prompts build

clean: ## forget the virtual environment and what was written; the cached Asterisk stays
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache

$(VENV)/ready: pyproject.toml tools/setup.sh
	bash tools/setup.sh $(PYTHON) $(VENV)
	@touch $@

.PHONY: help demo run test coverage picture load test-docker test-rehearsals images prompts clean
