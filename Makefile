# The same commands locally and in CI. A fresh clone needs nothing but Python 3.11 or newer: `make demo`, `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEMO ?= demo-shop
TORCH ?= torch==2.13.0
# From the registry, torch on Linux brings 18 CUDA packages. Where the CPU index answers, it is the smaller choice:
# make install TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cpu"

.PHONY: install demo test lint docs bench clean

install: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet $(TORCH) || echo "PyTorch cannot be had here: BPR and content work without it."
	$(BIN)/python -m pip install --quiet --editable ".[postgres,gensim,serve,granian,app,llm,vision,video]" --group dev
	$(BIN)/python -m tastemaker.warm
	npm install --silent --prefix $(VENV)/axe axe-core@4 >/dev/null 2>&1 || echo "No npm: the app is not checked by axe."
	touch $@

demo: install
	rm -rf $(DEMO) && $(BIN)/tastemaker demo scent --keep $(DEMO)
	@echo "Open the app: $(BIN)/tastemaker app -p $(DEMO)"

test: install
	$(BIN)/python -m pytest

lint: install
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/ruff format --check src tests benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: install
	$(BIN)/python -m pip install --quiet --group docs
	$(BIN)/zensical build --clean --strict

bench: install
	$(BIN)/python benchmarks/word2vec.py
	$(BIN)/python benchmarks/learners.py
	$(BIN)/python benchmarks/judging.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/peers/run.py --quick

clean:
	rm -rf $(VENV) $(DEMO) $(DEMO)-catalog.csv site .pytest_cache .mypy_cache .ruff_cache
