# Recon Kit: what a newcomer types. Needs make and Python 3.11 or later, nothing else.
.POSIX:
.SUFFIXES:
.PHONY: help setup setup-spark close test test-slow test-code test-notebooks outputs lab bench soak lint lint-rules lint-format lint-types lock sample-closes clean

PYTHON = python3
UV = uv
PARAMS = params/sample.yaml
LAB_FLAGS =
BENCH_FLAGS =
SOAK_FLAGS =
BIN = .venv/bin
SET_UP = .venv/set-up
STEP = sh .ci/step

help:
	@echo "make setup   environment in .venv, from the hash-locked requirements.lock (PYTHON=$(PYTHON))"
	@echo "make setup-spark   Spark beside it, for engine: spark (half a gigabyte; needs Java 17)"
	@echo "make close   the whole close on the embedded sample (PARAMS=$(PARAMS))"
	@echo "make lab     JupyterLab on the notebooks"
	@echo "make test    the code, a headless close, its verification, the notebooks' stored outputs"
	@echo "make test-slow   the slow half: whole closes, kills, pulls, campaigns shortened (CI runs both)"
	@echo "make outputs store in the notebooks what they show of the sample now (for developers)"
	@echo "make sample-closes   earlier closes of the sample, for the weekly review (for developers; then make outputs)"
	@echo "make lint    ruff and mypy"
	@echo "make soak    the long campaigns: fuzzing, kills, big worlds (SOAK_FLAGS=, for pytest)"
	@echo "make bench   how long a close takes as the company grows, and normalise at 100,000 accounts: a quarter of an hour,"
	@echo "             7 GB of disk (BENCH_FLAGS='--keep DIR --accounts 10000,100000,300000' for more, '--quick' for less)"
	@echo "make lock    resolve requirements.lock anew from pyproject.toml (for developers; needs uv)"
	@echo "make clean   remove the environment and the caches; closes stay"

setup: $(SET_UP)

# The lock is complete, so pip need not look for what depends on what; some versions of it would look for newer ones.
# It compiles what it installs, so every kernel starts in half the time.
$(SET_UP): requirements.lock pyproject.toml .jupyter/ipython_kernel_config.py .jupyter/default_setting_overrides.json
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "Recon Kit needs Python 3.11 or later; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
	    echo "Name another one: make setup PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	@echo "Installing the locked libraries into .venv: about a minute, the first time."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@mkdir -p .venv/etc/ipython .venv/etc/jupyter/labconfig
	@cp .jupyter/ipython_kernel_config.py .venv/etc/ipython/
	@cp .jupyter/default_setting_overrides.json .venv/etc/jupyter/labconfig/
	@touch $@

setup-spark: $(SET_UP)-spark

$(SET_UP)-spark: $(SET_UP) requirements-spark.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-spark.lock
	@touch $@

close: $(SET_UP)
	$(BIN)/recon close --params $(PARAMS)

# Lab opens on the repository, so params/ and data/closes/ are beside the notebooks; it asks no server for news or extensions.
lab: $(SET_UP)
	$(BIN)/jupyter lab $(LAB_FLAGS) --LabApp.default_url=/lab/tree/notebooks/00_start.ipynb --LabApp.extension_manager=readonly

test: test-code test-notebooks

test-code: $(SET_UP)
	@$(STEP) "tests of the code" $(BIN)/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder

test-slow: $(SET_UP)
	@$(STEP) "slow tests of the code" $(BIN)/python -m pytest tests -m "slow and not soak" -n 2 --dist loadfile --no-loadscope-reorder

test-notebooks: $(SET_UP)
	@sh .ci/notebooks $(BIN)

# After a change that alters what a notebook shows: look at the difference before you commit it.
outputs: $(SET_UP)
	@sh .ci/notebooks $(BIN) store

# Before make outputs, when tables or gap ids of a close change.
sample-closes: $(SET_UP)
	$(BIN)/python -m tests.sample_closes

lint: lint-rules lint-format lint-types

lint-rules: $(SET_UP)
	@$(STEP) "ruff check" $(BIN)/ruff check .

lint-format: $(SET_UP)
	@$(STEP) "ruff format" $(BIN)/ruff format --check .

lint-types: $(SET_UP)
	@$(STEP) "mypy" $(BIN)/mypy

soak: $(SET_UP)
	$(BIN)/python -m pytest tests -m soak $(SOAK_FLAGS)

bench: $(SET_UP)
	$(BIN)/python -m tests.bench $(BENCH_FLAGS)

lock:
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-header \
	    --python-version 3.11 --output-file requirements.lock
	echo 'pyspark>=4.1,<5' | $(UV) pip compile - --universal --generate-hashes --no-header \
	    --python-version 3.11 --output-file requirements-spark.lock

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis build recon_kit.egg-info
	find recon_kit tests notebooks -name __pycache__ -prune -exec rm -rf {} +
