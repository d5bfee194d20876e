# `make` lists the targets. `make demo` and `make test` install what is missing and then do their job.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
REPORT ?= reports/demo
STAMP  := $(VENV)/.installed
FUZZ_CASES    ?= 5000
FUZZ_EXAMPLES ?= 5000

.DEFAULT_GOAL := help
.PHONY: help demo matrix test lint format docs bench fuzz full packages-demo packages-test packages-bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: packages-demo $(STAMP) ## the main job: a guest's xorriso works an emulated DVD-RW from end to end
	$(BIN)/burnlab lab run --plan walkthrough --type dvd-rw --program xorriso --where guest --report $(REPORT)
	@echo "report: $(REPORT)/report.md"

full: packages-demo $(STAMP) ## the same with the scenario's own sizes: slower
	$(BIN)/burnlab lab run --plan walkthrough --type dvd-rw --program xorriso --where guest --full --report reports/full

matrix: packages-demo $(STAMP) ## every medium and every burn program in a guest: up to 70 minutes without KVM
	$(BIN)/burnlab lab run --plan all --type all --program xorriso --where guest --report reports/matrix
	$(BIN)/burnlab lab run --plan walkthrough --type all --program burnlab --where guest --report reports/matrix-own
	@echo "report: reports/matrix/report.md; into the README: $(BIN)/burnlab lab table reports/matrix/report.json --write README.md"

test: packages-test $(STAMP) ## every test, linters included
	$(BIN)/pytest -q

lint: $(STAMP) ## linters, types and import contracts only
	$(BIN)/pytest -q tests/test_architecture.py

format: $(STAMP) ## put the code into shape
	$(BIN)/ruff check --fix src tests bench
	$(BIN)/ruff format src tests bench

docs: $(STAMP) ## renew the documents that are written from code
	$(BIN)/python -c 'from burnlab.xorriso.coverage import coverage_document as text; print(text(), end="")' \
	  > docs/xorriso-coverage.md

bench: packages-bench $(STAMP) ## how fast beside the peers: prints ratios
	$(BIN)/python bench/iscsi_throughput.py --recorder
	$(BIN)/python bench/iso9660_speed.py
	$(BIN)/python bench/burn_speed.py

fuzz: packages-test $(STAMP) ## 5,000 random trees byte for byte beside xorriso, and as many broken images: half an hour
	BURNLAB_IDENTITY_CASES=$(FUZZ_CASES) BURNLAB_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -q -s --timeout 7200 \
	  tests/compat/test_iso_identity.py tests/unit/iso9660

packages-demo packages-test packages-bench:
	@tools/install-packages $(@:packages-%=%)

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "burnlab needs Python 3.11 or newer: make PYTHON=python3.12"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@

clean: ## remove the environment, caches and reports (guest images stay in the user's cache)
	rm -rf $(VENV) reports .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
