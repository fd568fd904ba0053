# Each target makes what it needs first; nothing is installed twice.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
METADATA := setup.cfg setup.py pyproject.toml requirements.txt requirements-dev.txt requirements-lock.txt
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check

# The tests start hundreds of processes, and compiled modules halve their start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: codegen-check demo test twins fuzz faults soak soak-batch bench lock lint types docs compat build contract parity release-check clean

demo: $(VENV)/.local  ## Run a flow on the embedded server.
	@$(BIN)/ai-spine --local execute credit_analysis \
		-i name=Ana -i income=52000 -i amount=$(or $(amount),15000) -i term_months=24

# A test that hangs shows where, and fails. The plugin would make its report twice, once for the gate.
test: $(VENV)/.dev  ## Run the tests with the coverage gate.
	$(BIN)/python -m pytest -n auto --dist worksteal --cov --cov-report= --cov-fail-under=0 \
		-o faulthandler_timeout=300 -o faulthandler_exit_on_timeout=true
	$(BIN)/coverage report

fuzz: $(VENV)/.dev  ## Run the fuzz tests for longer.
	AI_SPINE_FUZZ_EXAMPLES=$(or $(examples),50000) $(BIN)/python -m pytest -n auto tests/fuzz

faults: $(VENV)/.dev  ## Play every fault of a network to every operation.
	$(BIN)/python -m tests.faults

soak: $(VENV)/.dev  ## Start executions over a connection that fails, and count them.
	$(BIN)/python -m tests.faults.soak --executions $(or $(executions),2000)

soak-batch: $(VENV)/.dev  ## Kill a batch again and again, and count what was executed.
	$(BIN)/python -m tests.soak_batch
	$(BIN)/python -m tests.soak_batch --bad-weather

bench: $(VENV)/.bench  ## Measure what the SDK costs, against its targets.
	AI_SPINE_BENCH_INCUMBENT=$(VENV)/incumbent/bin/python \
		$(VENV)/bench/bin/python -m benchmarks $(or $(name),all)

# SPECS is a folder with OpenAPI documents, or one of them.
codegen-check: $(VENV)/.dev  ## Generate and verify a package of each document in SPECS.
	$(BIN)/python scripts/codegen_check.py '$(SPECS)' $(text)

lock: $(BIN)/python  ## Lock the newest development requirements, with the hashes of their files.
	@$(PIP) uv packaging
	$(BIN)/python scripts/lock.py

twins: $(VENV)/.dev  ## Translate the async sources into their synchronous twins.
	$(BIN)/python scripts/twins.py

lint: $(VENV)/.dev  ## Check style, Python 3.7, and security, that of the dependencies included.
	$(BIN)/black --check --quiet . || $(BIN)/black --check --diff .
	$(BIN)/flake8
	$(BIN)/python scripts/voice.py
	@echo '$(BIN)/lint-imports'; \
		told=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$told"; exit 1; }
	$(BIN)/vermin --quiet --no-tips --eval-annotations -t=3.7- --violations \
		--exclude-regex '/local/|/sdk_sync/|/_async/|/batch/tasks|/utils/timeouts|/cli/mcp_' ai_spine
	$(BIN)/bandit --quiet --recursive ai_spine
	$(BIN)/python scripts/lock.py --check
	$(BIN)/python scripts/audit.py

types: $(VENV)/.dev  ## Check the types.
	$(BIN)/mypy ai_spine benchmarks examples tests/typed

docs: $(VENV)/.dev  ## Build the docs into build/docs; a warning is an error.
	$(BIN)/sphinx-build -W --keep-going -q -b html docs build/docs

compat: $(BIN)/python  ## Run the tests on PyPy, and with the oldest dependencies.
	$(BIN)/python scripts/compat.py

build: $(VENV)/.dev  ## Build and check the sdist and the wheel.
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*

# INTEGRATION_MODE is repo, local or cluster: see tests/contract/conftest.py.
contract: $(VENV)/.dev  ## Try on a server what the SDK relies on.
	INTEGRATION_MODE=$(or $(INTEGRATION_MODE),repo) $(BIN)/python -m pytest -q -rs tests/contract

parity: $(VENV)/.dev  ## Compare the API wherever it stands: clients, commands, routes, docs.
	$(BIN)/python -m tests.parity

release-check: build parity contract  ## Check what is to be released; `tag=vX.Y.Z` checks that it may be.
	$(BIN)/python scripts/release.py --tag '$(tag)'

clean:  ## Remove what the other targets made.
	rm -rf $(VENV) build dist *.egg-info .coverage .coverage.* .mypy_cache .pytest_cache

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The stamps say what is installed; a change of the metadata makes them stale.
$(VENV)/.local: $(BIN)/python $(METADATA)
	@$(PIP) -e '.[local]'
	@touch $@

# Venvs of their own: the incumbent has our import name, and the peers bring much along.
$(VENV)/.bench: requirements-bench.txt benchmarks/incumbent.txt $(METADATA)
	$(PYTHON) -m venv $(VENV)/bench
	$(PYTHON) -m venv $(VENV)/incumbent
	@$(VENV)/bench/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@$(VENV)/incumbent/bin/python -m pip install --quiet --disable-pip-version-check \
		-r benchmarks/incumbent.txt
	@touch $@

# What the lock names, file by file; older Pythons and PyPy get the newest that they can have.
$(VENV)/.dev: $(BIN)/python $(METADATA)
	@if $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) or "PyPy" in sys.version)'; \
		then $(PIP) --require-hashes -r requirements-lock.txt && $(PIP) --no-deps -e .; \
		else $(PIP) -r requirements-dev.txt; fi
	@touch $@ $(VENV)/.local
