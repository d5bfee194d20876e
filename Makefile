# `make` lists the targets. `make demo` and `make test` install what is missing and then do their job.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
REPORT ?= reports/demo
STAMP  := $(VENV)/.installed
WORKERS ?= $(shell cores=$$(nproc 2>/dev/null || echo 2); echo $$((cores < 5 ? cores + 1 : 6)))
FUZZ_CASES    ?= 5000
FUZZ_EXAMPLES ?= 500
TIME          ?= 600
KILLS         ?= 1000
SEED          ?=
# Tests in guests that take long, and have a target of their own.
OWN_TARGET    := test_conformance_in_a_guest.py test_open_iscsi_in_a_guest.py test_many_sessions_in_a_guest.py \
                 test_walkthrough_attached.py test_nested_guest.py

.DEFAULT_GOAL := help
.PHONY: help demo matrix test lint format docs bench fuzz conformance attached nested torture soak long audit full packages-demo packages-test packages-bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: packages-demo $(STAMP) ## the main job: a guest's xorriso works an emulated DVD-RW from end to end
	$(BIN)/burnlab lab run --plan walkthrough --type dvd-rw --program xorriso --where guest --report $(REPORT)
	@echo "report: $(REPORT)/report.md"

full: packages-demo $(STAMP) ## the same with the scenario's own sizes: slower
	$(BIN)/burnlab lab run --plan walkthrough --type dvd-rw --program xorriso --where guest --full --report reports/full

matrix: packages-demo $(STAMP) ## every medium and every burn program in a guest: two hours and more without KVM
	$(BIN)/burnlab lab run --plan all --type all --program xorriso --where guest --report reports/matrix
	$(BIN)/burnlab lab run --plan walkthrough --plan drive-commands --type all --program burnlab --where guest --report reports/matrix-own
	@echo "report: reports/matrix/report.md; into the README: $(BIN)/burnlab lab table reports/matrix/report.json --write README.md"

test: packages-test $(STAMP) ## every test, linters included; WORKERS= sets how many processes share them
	$(BIN)/pytest -q -n $(WORKERS) $(addprefix --ignore tests/vm/,$(OWN_TARGET))

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

fuzz: packages-test $(STAMP) ## TIME=600 seconds of random inputs, then 5,000 trees beside xorriso and some thousand broken images: 40 minutes
	status=0; PYTHONPATH=tests $(BIN)/python -m fuzz --time $(TIME) $(if $(SEED),--seed $(SEED)) || status=1; \
	BURNLAB_IDENTITY_CASES=$(FUZZ_CASES) BURNLAB_FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -q -s --timeout 7200 \
	  tests/compat/test_iso_identity.py tests/unit/iso9660 || status=1; exit $$status

torture: packages-test $(STAMP) ## KILLS=1000 recorders and burn programs killed at random instants, then at every system call: 10 minutes
	status=0; PYTHONPATH=tests $(BIN)/python -m torture --kills $(KILLS) $(if $(SEED),--seed $(SEED)) || status=1; \
	BURNLAB_TORTURE=1 $(BIN)/pytest -q --timeout 7200 tests/compat/test_disc_syscalls.py \
	  tests/compat/test_image_syscalls.py tests/unit/disc/test_every_instant.py || status=1; exit $$status

soak: packages-test $(STAMP) ## TIME=600 seconds of a hundred connections that log in, burn, abort, hang and vanish: the memory stays
	PYTHONPATH=tests $(BIN)/python -m torture.soak --seconds $(TIME) $(if $(SEED),--seed $(SEED))

long: packages-test $(STAMP) ## a BD-RE filled, 300 sessions on a BD-R, 153 on a DVD+R: time and memory in proportion: 20 minutes
	status=0; PYTHONPATH=tests $(BIN)/python -m longruns || status=1; \
	$(BIN)/pytest -q tests/vm/test_many_sessions_in_a_guest.py || status=1; exit $$status

audit: $(STAMP) ## known holes in the packages that burnlab rests on: asks the network
	$(BIN)/pip install --quiet --disable-pip-version-check pip-audit
	$(BIN)/pip-audit --skip-editable

conformance: packages-test $(STAMP) ## our MMC suite on every medium, libiscsi's, and foreign programs on both sides: 10 minutes
	status=0; $(BIN)/python bench/conformance.py || status=1; \
	$(BIN)/pytest -q tests/compat/test_conformance_of_tgtd.py tests/compat/test_qemu_img_reads_discs.py \
	  tests/vm/test_conformance_in_a_guest.py tests/vm/test_open_iscsi_in_a_guest.py || status=1; exit $$status

attached: packages-demo $(STAMP) ## the walkthrough on a /dev/sr0 that open-iscsi makes of a served recorder, in a guest that stands for a host
	$(BIN)/pytest -q --durations=3 tests/vm/test_attached_drive.py tests/vm/test_walkthrough_attached.py

nested: packages-demo $(STAMP) ## a host's drive in a guest, the host itself a guest with the emulated recorder: 10 to 20 minutes
	PYTHONUNBUFFERED=1 $(BIN)/pytest -q -s --durations=0 tests/vm/test_nested_guest.py

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
