# Ringmain's house. `make help` lists the targets; each sets up what it needs, once.
# Needs make and Python 3.11 or later, nothing else. ARGS= passes arguments on to run, test and bench.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: conformance tools tools-check check-deploy check-examples live-test
.PHONY: help setup run tour-python test test-busy faults soak fuzz nightly lint format generate check-generated check-floor docs check-docs catalog bench lock clean

# Most of what is called here starts Python many times, and each would compile the same modules anew.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?=
ARGS ?=
bin := .venv/bin
pip := -m pip --disable-pip-version-check install --quiet

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- environments: a stamp is as new as the lock it was made from -----------------------------------

# Makes a virtual environment at $(1) with the first suitable interpreter, and gives it a pip that is known to
# read the locks: older ones take `google-auth[requests]` for unpinned although `google-auth` is pinned.
define make_venv
@for python in $(PYTHON) python3.13 python3.12 python3.11 python3 python; do \
	if "$$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo "Making $(1) with $$("$$python" --version)"; "$$python" -m venv $(1) && \
		exec $(1)/bin/python $(pip) --require-hashes -r requirements/pip.txt; fi; \
done; \
echo "Ringmain needs Python 3.11 or later with its venv module; none was found." >&2; \
echo "Install one (on Debian and Ubuntu: python3 and python3-venv), or name it: make PYTHON=/path/to/python3" >&2; \
exit 1
endef

.venv/bin/python:
	$(call make_venv,.venv)

.venv/.run: requirements/run.txt | .venv/bin/python
	@echo "Installing what the service needs from $< (about a minute, once)"
	@$(bin)/python $(pip) --require-hashes -r $<
	@touch $@

.venv/.dev: requirements/dev.txt | .venv/bin/python
	@echo "Installing the service, every provider and the tools from $< (a minute or two, once)"
	@$(bin)/python $(pip) --require-hashes -r $<
	@touch $@ .venv/.run

# Either lock holds the build backend.
.venv/.package: pyproject.toml clients/python/pyproject.toml
	@echo "Installing ringmain itself, editable"
	@$(bin)/python $(pip) --no-build-isolation --no-deps --editable clients/python
	@$(bin)/python $(pip) --no-build-isolation --no-deps --editable .
	@touch $@

.venv-generate/.stamp: requirements/generate.txt
	@test -x .venv-generate/bin/python || $(MAKE) --no-print-directory .venv-generate/bin/python
	@echo "Installing the generators from $<"
	@.venv-generate/bin/python $(pip) --require-hashes -r $<
	@touch $@

.venv-generate/bin/python:
	$(call make_venv,.venv-generate)

.venv-floor/.stamp: requirements/floor.txt
	@rm -rf .venv-floor
	$(call make_venv,.venv-floor)
	@echo "Installing the oldest libraries that the client promises from $<"
	@.venv-floor/bin/python $(pip) --require-hashes -r $<
	@touch $@

.PHONY: run-environment dev-environment
run-environment: .venv/.run
	@$(MAKE) --no-print-directory --silent .venv/.package
dev-environment: .venv/.dev
	@$(MAKE) --no-print-directory --silent .venv/.package

# --- the service ---------------------------------------------------------------------------------------

setup: dev-environment ## Set up .venv for development

run: run-environment ## Start the gateway on 127.0.0.1:50051, stream a first answer, serve until Ctrl-C
	@$(bin)/python scripts/run.py $(ARGS)

# In an environment of its own, for the client needs little of what the service does.
tour-python: build/tour/bin/python ## Stream an answer from that gateway with the Python client alone
	@build/tour/bin/python $(pip) clients/python
	@build/tour/bin/python clients/python/examples/first.py

build/tour/bin/python:
	$(call make_venv,build/tour)

# Nothing is held to a time, so that all of it shares the cores with whatever else runs on them.
# Coverage is judged for the whole suite only.
test: dev-environment ## Run all tests, with coverage of lines and branches; or those that ARGS selects
ifeq ($(ARGS),)
	$(bin)/python -m pytest -m "not live" --numprocesses auto --dist loadfile --no-loadscope-reorder \
		--cov --cov-report= --cov-fail-under 0
	$(bin)/coverage report
else
	$(bin)/python -m pytest -m "not live" $(ARGS)
endif

# What passes on a quiet machine alone is held to a time somewhere. ARGS selects tests, and TIMES says how often they run.
test-busy: dev-environment ## Run tests while a busy loop holds each core, TIMES=1; ARGS="tests/faults" for some
	@$(bin)/python -m tests.busy --times $(or $(TIMES),1) $(or $(ARGS),--numprocesses auto --dist loadfile --no-loadscope-reorder)

# Each provider runs that the environment has a key for (tests/live/providers.py); a run costs under a cent.
live-test: dev-environment ## Ask the real providers that the environment has keys for
	$(bin)/python -m pytest -m live $(or $(ARGS),tests/live)

faults: dev-environment ## Run the fault catalogue and print the scorecard; or the faults that ARGS names
	@$(bin)/python -m tests.faults $(ARGS)

soak: dev-environment ## Let random faults, cancellations, reloads and drains loose for MINUTES=2
	@$(bin)/python -m tests.faults.soak --minutes $(or $(MINUTES),2) $(ARGS)

# Both campaigns at once, for two cores. A case that went wrong is told with the command that repeats it.
fuzz: dev-environment ## Fuzz requests and answers for MINUTES=3, with SEED; ARGS="--only answers --case N" for one
	@$(bin)/python -m tests.fuzz --minutes $(or $(MINUTES),3) $(if $(SEED),--seed $(SEED)) $(ARGS)

# What is too dear for every change: every mutation of every golden answer and shape, an hour of fuzzing with a new seed, a soak of
# a quarter of an hour, and the memory that failed calls of 20 MB leave, class by class.
nightly: dev-environment ## Try all mutated answers, fuzz for an hour, soak for 15 minutes, measure the memory that failed calls leave
	@RINGMAIN_MUTATIONS=1 $(bin)/python -m pytest tests/laws/test_mutated_answers.py -n0 -q
	@$(bin)/python -m tests.fuzz --minutes 60
	@$(bin)/python -m tests.faults.soak --minutes 15
	@$(bin)/python -m tests.faults.memory

# Drivers of languages whose toolchain is absent are skipped with a message, but fail under RINGMAIN_REQUIRE_ALL=1.
conformance: dev-environment ## Ask the client of every language every case; ARGS="--lang go" for one language
	@$(bin)/python -m tests.conformance $(ARGS)

tools: # the programs of others that tests call
	@sh scripts/tools.sh build/tools/bin

tools-check: dev-environment tools ## Try grpcurl, ghz, grpc-health-probe and round_robin against the gateway
	$(bin)/python -m pytest tests/tools $(ARGS)

# The image's files are made by the Dockerfile's own build steps, without an engine. What is absent (Go, for Helm and
# kustomize) is skipped with a message, but fails under RINGMAIN_REQUIRE_ALL=1.
check-deploy: dev-environment tools ## Check the image, compose, Kubernetes and Helm files below deploy/
	$(bin)/python -m tests.deploy.build build/image
	RINGMAIN_IMAGE_PREFIX=$(CURDIR)/build/image/opt/ringmain $(bin)/python -m pytest tests/deploy $(ARGS)

check-examples: dev-environment ## Run every code block of the README, docs/ and the clients; ARGS=FILE for one
	@$(bin)/python -m tests.examples $(ARGS)

bench: dev-environment ## Measure CPU, latency and memory of the gateway on this machine
	$(bin)/python -m tests.bench $(ARGS)

# --- the code ------------------------------------------------------------------------------------------

lint: dev-environment build/googleapis/google/rpc/status.proto ## Check style, types and the contract
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/python scripts/check_docstrings.py
	$(bin)/mypy
	@PYTHONPATH=server $(bin)/lint-imports --no-cache --no-logo
	$(bin)/buf lint
	$(bin)/buf format protos --diff --exit-code
	@$(bin)/buf build -o - | $(bin)/python scripts/check_names.py
	@$(MAKE) --no-print-directory breaking

format: dev-environment ## Format Python and protos, and fix what can be fixed safely
	$(bin)/ruff check --fix --exit-zero
	$(bin)/ruff format
	$(bin)/buf format protos --write

# What was released of the contract stays, so that only additions pass. Nothing is fetched.
released := protos/released/ringmain-v1.binpb

.PHONY: breaking release-contract
breaking: build/googleapis/google/rpc/status.proto
	@test -e $(released) || { echo "There is no $(released): make release-contract makes it." >&2; exit 1; }
	$(bin)/buf breaking protos --against $(released) --exclude-imports

release-contract: build/googleapis/google/rpc/status.proto
	@mkdir -p $(dir $(released))
	$(bin)/buf build --path protos/ringmain --exclude-source-info -o $(released)
	@$(bin)/python -c "from ringmain_server.contract import *; print(CONTRACT_VERSION)" >$(dir $(released))VERSION

build/googleapis/google/rpc/status.proto: requirements/dev.txt | dev-environment
	@mkdir -p $(@D)
	@from="$$($(bin)/python -c 'import google.rpc.status_pb2 as m; print(m.__file__)')" && \
		cp "$${from%/*}/error_details.proto" "$${from%_pb2.py}.proto" $(@D)
	@touch $@

# --- the generated stubs -------------------------------------------------------------------------------

# Everything is in buf.gen.yaml. Each client but Python's has a clients/LANG/client.mk, with
#   languages += LANG
#   toolchain-LANG := commands that it needs; where one is absent, its targets are skipped with a message,
#                     but fail under RINGMAIN_REQUIRE_ALL=1
#   generator-LANG: installs the plugins that buf.gen.yaml names, at pinned versions, below build/tools or the client
#   test-LANG: builds, lints and tests the client
#   driver-LANG: builds its driver for tests/conformance, as build/drivers/LANG
# and gets generate-LANG, check-generated-LANG and client-LANG.
languages :=
include $(sort $(wildcard clients/*/client.mk))

generates := $(languages:%=generate-%)
checks := $(languages:%=check-generated-%)
tests := $(languages:%=client-%)
.PHONY: generate-python clients check-generated-all $(generates) $(checks) $(tests)
.PHONY: $(languages:%=generator-%) $(languages:%=test-%)

generator := $(bin)/python scripts/generate.py
# Python's threaded client, from its asyncio client.
generate_sync := $(bin)/python scripts/generate_sync.py

# Runs $(2) for the language $(1) if its toolchain is there.
define with_toolchain
@absent=; for tool in $(toolchain-$(1)); do command -v "$$tool" >/dev/null || absent="$$absent $$tool"; done; \
if [ -z "$$absent" ]; then $(2); \
elif [ "$$RINGMAIN_REQUIRE_ALL" = 1 ]; then echo "$@ needs$$absent, which is absent." >&2; exit 1; \
else echo "Skipped $@: it needs$$absent, which is absent."; fi
endef

generate: generate-python $(generates) ## Generate the stubs of every language whose tools are there

generate-python: dev-environment .venv-generate/.stamp build/googleapis/google/rpc/status.proto
	@$(generator) python
	@$(generate_sync)

$(generates): generate-%: dev-environment build/googleapis/google/rpc/status.proto
	$(call with_toolchain,$*,$(MAKE) --no-print-directory --silent generator-$* && $(generator) $*)

check-generated: dev-environment .venv-generate/.stamp build/googleapis/google/rpc/status.proto ## Fail when Python's stubs or its threaded client are stale
	@$(generator) --check python
	@$(generate_sync) --check

$(checks): check-generated-%: dev-environment build/googleapis/google/rpc/status.proto
	$(call with_toolchain,$*,$(MAKE) --no-print-directory --silent generator-$* && $(generator) --check $*)

check-generated-all: check-generated $(checks) ## Fail when the stubs of any language are stale

clients: $(tests) ## Build, lint and test every client whose tools are there; client-LANG for one

$(tests): client-%:
	$(call with_toolchain,$*,$(MAKE) --no-print-directory test-$*)

check-floor: .venv-floor/.stamp ## Import the client under the oldest grpcio and protobuf that it promises
	@cd clients/python && $(CURDIR)/.venv-floor/bin/python -B -W error $(CURDIR)/scripts/import_all.py ringmain

docs: dev-environment ## Write what of the documentation is made from settings and provider kinds
	$(bin)/python -m ringmain_server.config.reference --write docs/configuration.md
	$(bin)/python scripts/kind_tables.py

catalog: dev-environment ## Compare the catalog of models with the installed SDKs and the price list, and print what differs
	@$(bin)/python scripts/compare_catalog.py

check-docs: dev-environment ## Fail when that part of the documentation is stale
	$(bin)/python -m ringmain_server.config.reference --check docs/configuration.md
	$(bin)/python scripts/kind_tables.py --check

# --- upkeep --------------------------------------------------------------------------------------------

# The locks hold for every platform and Python, with hashes; UPGRADE=1 moves them all to the newest versions,
# UPGRADE="openai anthropic" those alone.
compile = $(bin)/uv pip compile --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command "make lock" --no-emit-package ringmain $(if $(filter 1,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package ,$(UPGRADE))) pyproject.toml

lock: dev-environment ## Resolve requirements/*.txt anew from pyproject.toml (UPGRADE=1: newest versions)
	$(compile) --extra all --extra dev --group build -o requirements/dev.txt
	$(compile) --extra server --extra openai --extra anthropic --extra documents --group build -c requirements/dev.txt -o requirements/run.txt
	$(compile) --extra all --extra bedrock -c requirements/dev.txt -o requirements/image.txt
	$(compile:pyproject.toml=) --group build --group installer -c requirements/dev.txt -o requirements/build.txt
	$(compile:pyproject.toml=) --group generate -o requirements/generate.txt
	$(compile:pyproject.toml=clients/python/pyproject.toml) --resolution lowest-direct -o requirements/floor.txt
	$(compile:pyproject.toml=) --group installer -o requirements/pip.txt

clean: ## Remove what was built and cached; the environments stay
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .coverage.* coverage.xml htmlcov
	find clients server tests scripts -name __pycache__ -prune -exec rm -rf {} +
