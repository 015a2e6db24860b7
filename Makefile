# Everything runs in .venv; only Python 3.11 and make are needed beforehand.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: setup demo test check bench fuzz lock clean

setup: $(VENV)/installed

# The lock file names versions and hashes; the index is whatever pip is configured with.
$(VENV)/installed: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "quaymeter needs Python 3.11 or newer: make PYTHON=python3.11"'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup
	$(BIN)/quaymeter demo

# Three workers on two cores: much of what is tested waits for brokers, databases and clocks.
test: setup
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.history
	$(BIN)/python -m benchmarks.queries --days 30
	$(BIN)/python -m benchmarks.decode

# Ten minutes of coverage-guided fuzzing over every decoder; FUZZ_SECONDS shortens it.
FUZZ_SECONDS ?= 600
fuzz: setup
	$(BIN)/python -m benchmarks.fuzz_decoders --seconds $(FUZZ_SECONDS)

# Re-makes the lock file: versions and hashes, no addresses.
lock:
	uv pip compile pyproject.toml --all-extras --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --universal --python-version 3.11 --output-file requirements.lock

clean:
	rm -rf $(VENV) build *.egg-info
