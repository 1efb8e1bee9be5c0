# Each target does all the set-up it needs: a Python from 3.11 to 3.13 and make are enough.

# Looked for once: a recursive variable would start every Python again wherever it is used.
ifndef PYTHON
PYTHON := $(firstword $(foreach python,python3 python3.13 python3.12 python3.11,$(shell \
	$(python) -c 'import sys; print("$(python)") if (3, 11) <= sys.version_info < (3, 14) else None' 2>/dev/null)))
endif
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

# What the benchmark compares with needs Python 3.11, and packages of its own.
PEER_PYTHON := $(firstword $(foreach python,python3.11 $(PYTHON),$(shell \
	$(python) -c 'import sys; print("$(python)") if sys.version_info[:2] == (3, 11) else None' 2>/dev/null)))
PEER := .venv-peer

# The version is pyproject.toml's; a label can not be read from a file while the image is built.
VERSION = $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' pyproject.toml)
ENGINE ?= $(firstword $(foreach engine,docker podman,$(shell command -v $(engine))))

# What `make e2e` has the connector read by. PyAirbyte's last release ends at Python 3.12.
E2E_PYTHON = $(firstword $(foreach python,$(PYTHON) python3.12 python3.11,$(shell \
	$(python) -c 'import sys; print("$(python)") if sys.version_info < (3, 13) else None' 2>/dev/null)) $(PYTHON))
E2E := .venv-e2e

# `make fuzz SECONDS=600` searches for as long, `make fuzz EXAMPLES=1000` until so many examples of
# each property held; `ONLY=brands` tries those whose test or file has this name.
SECONDS ?= 60

.PHONY: help demo check unit lint test fuzz e2e bench image image-test format lock licences environments clean

# Times on two cores that do nothing else. The first target that needs it also sets up $(VENV).
help:
	@echo "make demo       30 s   see the connector read a Help Center (an emulator on this machine)"
	@echo "make check      30 s   unit tests, lint and types, in parallel: before each commit"
	@echo "make unit       30 s   the unit tests"
	@echo "make lint       20 s   ruff, mypy and hadolint; 2 s if mypy has seen most of it before"
	@echo "make test       3 min  every test: before each push"
	@echo "make e2e        90 s   have PyAirbyte, a vector store and the CDK's standard tests read an emulated Help Center"
	@echo "make fuzz       1 min  search at random for what breaks a property (SECONDS=600, or EXAMPLES=1000 of each)"
	@echo "make bench      15 min measure, beside a bare loop and Airbyte's own connector, and write the table in docs/benchmark.md"
	@echo "make image      1 min  build the image with docker or podman"
	@echo "make image-test 3 min  build it on a stand-in for Airbyte's base image and run it (Debian, as root)"
	@echo "make format     1 s    let ruff rewrite the layout"
	@echo "make lock       1 min  pin the dependencies anew (needs uv), and list their licences"
	@echo "make licences   2 s    list the licences of what the image contains: docs/licences.md"
	@echo "make clean      1 s    remove every environment"
	@echo ".ci/run         7 min  what a machine runs of each commit: make test, make e2e, make lint"

demo: $(READY)
	@$(BIN)/python -m integration_tests.demo

# In parallel: mypy takes one core for less time than the tests take. Where make can (from 4.0 on),
# the output of one does not break into the other's.
check: $(READY)
	@$(MAKE) --no-print-directory --jobs=2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target) unit lint

unit: $(READY)
	$(BIN)/python -m pytest --quiet --numprocesses auto unit_tests

test: $(READY)
	$(BIN)/python -m pytest --numprocesses auto

fuzz: $(READY)
	@$(BIN)/python -m integration_tests.fuzz $(if $(EXAMPLES),--examples $(EXAMPLES),--seconds $(SECONDS)) --only "$(ONLY)"

e2e: $(READY) $(E2E)/ready
	$(BIN)/python -m pytest --numprocesses auto -p airbyte_cdk.test.standard_tests.pytest_hooks -m "not image_tests" integration_tests/consumers

# Without the peer, because there is no Python 3.11 or it can not be installed, the table says so.
bench: $(READY) $(VENV)/benchmark-ready
	@$(MAKE) --no-print-directory $(PEER)/ready || echo "Going on without Airbyte's own connector." >&2
	$(BIN)/python -m integration_tests.benchmark

# podman has no default registry: it needs the base's full name in BASE_IMAGE.
image:
	@test -n "$(ENGINE)" || { echo "Neither docker nor podman found: install one, or name it: make image ENGINE=…" >&2; exit 1; }
	$(ENGINE) build --build-arg VERSION=$(VERSION) $(if $(BASE_IMAGE),--build-arg BASE_IMAGE=$(BASE_IMAGE)) --tag source-zendesk-articles:$(VERSION) .

image-test: $(READY)
	$(BIN)/python -m integration_tests.image

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/hadolint Dockerfile

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The first lock is what the connector runs with (the image installs it), the second adds the tools,
# the third is what makes the image's wheel, the others are the benchmark's
# and the consumers'.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-annotate --custom-compile-command "make lock"
lock:
	$(COMPILE) pyproject.toml --output-file requirements.txt
	$(COMPILE) pyproject.toml --group dev --constraint requirements.txt --output-file requirements-dev.txt
	$(COMPILE) --group build --constraint requirements-dev.txt --output-file requirements-build.txt
	$(COMPILE) --group benchmark --constraint requirements-dev.txt --output-file integration_tests/benchmark-requirements.txt
	$(COMPILE) --group peer --output-file integration_tests/peer-requirements.txt
	$(COMPILE) --group e2e --output-file integration_tests/e2e-requirements.txt
	@$(MAKE) --no-print-directory licences

licences: $(READY)
	$(BIN)/python -m integration_tests.licences

# With `--jobs=2` at once: pip mostly waits for the network and for the disk.
environments: $(READY) $(E2E)/ready

# A changed pyproject.toml costs a second; changed packages cost a new environment.
$(READY): $(VENV)/packages pyproject.toml
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/packages: requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "No Python from 3.11 to 3.13 found: install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON): this happens once and takes a minute or two."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.txt
	@touch $@

$(VENV)/benchmark-ready: integration_tests/benchmark-requirements.txt $(READY)
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(PEER)/ready: integration_tests/peer-requirements.txt
	@test -n "$(PEER_PYTHON)" || { echo "No Python 3.11 found for Airbyte's own connector." >&2; exit 1; }
	@$(PEER_PYTHON) -m venv --clear $(PEER)
	@$(PEER)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

# Not compiled: most of it is never imported.
$(E2E)/ready: integration_tests/e2e-requirements.txt
	@echo "Setting up $(E2E) with $(E2E_PYTHON): this happens once and takes a minute or two."
	@$(E2E_PYTHON) -m venv --clear $(E2E)
	@$(E2E)/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile --require-hashes --requirement $<
	@touch $@

clean:
	rm -rf $(VENV) $(PEER) $(E2E)
