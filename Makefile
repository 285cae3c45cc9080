# `make demo` sets everything up and turns a hum into variations; `make test` sets everything up and passes the tests.
# Python 3.11 or 3.12 is all that is needed; PYTHON=/path/to/python3.12 chooses one.

VENV ?= .venv
BIN = $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo setup test check bench prove-install clean

demo: $(VENV)/.base
	$(BIN)/hummingbridge demo -o demo

setup: $(VENV)/.test

test: $(VENV)/.extras check
	bash scripts/install_test_programs.sh
	$(BIN)/pytest

check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

prove-install:
	bash scripts/prove_install.sh

clean:
	rm -rf $(VENV) demo .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(VENV)/.base: requirements/base.lock requirements/build.lock pyproject.toml scripts/find_python.sh
	@python="$$(PYTHON='$(PYTHON)' sh scripts/find_python.sh)" && "$$python" -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/base.lock -r requirements/build.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.base requirements/test.lock
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/test.lock
	@touch $@

$(VENV)/.extras: $(VENV)/.test requirements/extras.lock scripts/install_extras.sh
	bash scripts/install_extras.sh $(VENV)
	@touch $@

$(VENV)/.bench: $(VENV)/.test requirements/bench.lock
	$(BIN)/python -m pip install --quiet --no-deps -r requirements/bench.lock
	@touch $@
