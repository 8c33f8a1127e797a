# Two commands on a machine with Python 3.11+ and make: `make demo` and `make test`. Both build .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test check slow lint docs wheel clean

demo: $(VENV)/core
	@echo "Running two scenarios with all controllers and the oracle; results go to out/demo."
	$(BIN)/lowlift demo --out out/demo

test: $(VENV)/dev
	@echo "Running the test suite, linters and type checker."
	$(MAKE) --no-print-directory check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2 -m "not slow"

slow: $(VENV)/dev
	@echo "Running the tests that take long: every plant as FMU, coverage of savings intervals, the panel in a browser."
	$(BIN)/python -m pytest -n 2 -m slow

lint: $(VENV)/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/docs
	@echo "Building the documentation, warnings as errors; open build/docs/index.html."
	@begun=$$(date +%s) && $(BIN)/python -m sphinx -E -W --keep-going -q -j 2 -b html docs build/docs && echo "Built in $$(($$(date +%s) - begun)) s."

wheel: $(VENV)/dev
	@echo "Building the wheel and running it in a clean environment outside the checkout."
	rm -rf dist build/clean
	$(BIN)/python -m build --wheel --outdir dist .
	$(PYTHON) -m venv build/clean
	build/clean/bin/python -m pip install --quiet dist/*.whl
	cd / && $(CURDIR)/build/clean/bin/lowlift compare --plant gb200_hall --days 0.05 --controllers Guideline36,MPC

$(VENV)/made:
	@echo "Creating a virtual environment in $(VENV) with $(PYTHON)."
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'lowlift needs Python 3.11 or newer, this is ' + sys.version)"
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/core: $(VENV)/made pyproject.toml
	@echo "Installing lowlift and what it needs (NumPy, SciPy, CasADi, pandas, Matplotlib, ...)."
	@begun=$$(date +%s) && $(BIN)/python -m pip install --quiet --editable . && echo "Installed in $$(($$(date +%s) - begun)) s."
	@touch $@

$(VENV)/dev: $(VENV)/made pyproject.toml
	@echo "Installing lowlift with its test tools."
	@begun=$$(date +%s) && $(BIN)/python -m pip install --quiet --editable ".[dev]" && echo "Installed in $$(($$(date +%s) - begun)) s."
	@touch $@ $(VENV)/core

$(VENV)/docs: $(VENV)/made pyproject.toml
	@echo "Installing lowlift with Sphinx."
	@begun=$$(date +%s) && $(BIN)/python -m pip install --quiet --editable ".[docs]" && echo "Installed in $$(($$(date +%s) - begun)) s."
	@touch $@ $(VENV)/core

clean:
	rm -rf $(VENV) out build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
