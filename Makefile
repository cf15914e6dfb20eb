# Every target sets up what it needs: Python 3.11, make and a package index are enough.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
DBT := $(BIN)/dbt
VARS := {}
# The demo and the tests look at their own data, whatever the shell is set to.
WITHOUT_INPUTS := env -u DOVECOTE_DATA -u DOVECOTE_AS_OF -u DOVECOTE_WAREHOUSE -u DOVECOTE_PUBLISHED
# Files of its own, so that the demo never overwrites a shop of yours.
DEMO := $(WITHOUT_INPUTS) DOVECOTE_WAREHOUSE=warehouse/demo.duckdb DOVECOTE_PUBLISHED=warehouse/demo_published

export DBT_SEND_ANONYMOUS_USAGE_STATS := false
# Fits take one thread unless told otherwise: dbt runs several nodes at once.
export OMP_NUM_THREADS ?= 1
export PYTHONWARNINGS := ignore::DeprecationWarning,ignore::FutureWarning

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(INSTALLED): requirements.lock pyproject.toml
	@echo "Setting up $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@# The lock holds all there is: older pips do not take a pin with an extra for one without.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(INSTALLED) ## Make the environment

.PHONY: demo
demo: $(INSTALLED) ## Build and publish the demo shop, and show where it is and what to ask it
	@echo "Building the demo shop, a minute ..."
	@$(DEMO) $(BIN)/python -m dovecote.measure "make demo" $(BIN)/dovecote build --publish --warn-error \
		--vars '{dovecote_dashboard_customer_ids: true}'
	@$(DEMO) $(BIN)/dovecote tour

.PHONY: build
build: $(INSTALLED) ## Build and publish your own data: make build DOVECOTE_DATA=folder [VARS='{name: value}'] [ARGUMENTS=--full-refresh]
	@[ -n "$${DOVECOTE_DATA:-}" ] || { echo "DOVECOTE_DATA is not set: make build DOVECOTE_DATA=folder, or make demo for the demo shop."; exit 2; }
	@echo "Building from $$DOVECOTE_DATA ..."
	@$(BIN)/dovecote build --publish --vars '$(VARS)' $(ARGUMENTS)
	@$(BIN)/dovecote tour

.PHONY: test
test: $(INSTALLED) ## Everything: lint, Python tests, the demo with all data tests, real data
	@$(WITHOUT_INPUTS) $(BIN)/python -m dovecote.measure "make test" \
		$(MAKE) --no-print-directory lint pytest PYTEST_ARGUMENTS="--numprocesses 2 --dist loadfile --no-loadscope-reorder"

.PHONY: test-fast
test-fast: $(INSTALLED) lint ## Lint and the tests that need no build
	@$(MAKE) --no-print-directory pytest PYTEST_ARGUMENTS="--numprocesses 2 --dist loadfile -m 'not slow'"

SPARK := $(VENV)/.spark
$(SPARK): $(INSTALLED) adapters/sparksession/pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[spark]" --editable adapters/sparksession
	@touch $@

.PHONY: test-spark
test-spark: $(SPARK) ## Build the demo on Spark in this process and compare every mart with DuckDB's (needs Java)
	@$(WITHOUT_INPUTS) $(BIN)/pytest tests/python/spark adapters/sparksession/tests -m "not cluster"

.PHONY: test-spark-cluster
test-spark-cluster: $(SPARK) ## The same on a master and two workers of their own (needs Java)
	@$(WITHOUT_INPUTS) $(BIN)/pytest tests/python/spark -m cluster

.PHONY: pytest
pytest: $(INSTALLED)
	@$(WITHOUT_INPUTS) $(BIN)/pytest $(PYTEST_ARGUMENTS)

.PHONY: lint
lint: $(INSTALLED) ## Check the style of SQL and Python
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 lint-types lint-sql

.PHONY: lint-types
lint-types: $(INSTALLED)
	@$(BIN)/mypy

.PHONY: lint-sql
lint-sql: $(INSTALLED)
	@$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models analyses tests/singular

# Built anew where SQL, Python or seeds have changed: a change of words needs none.
DOCS := target/docs_build
DOCS_DBT := $(WITHOUT_INPUTS) DOVECOTE_WAREHOUSE=$(DOCS)/dovecote.duckdb $(DBT)
$(DOCS)/dovecote.duckdb: $(INSTALLED) dbt_project.yml $(shell find models macros seeds src -name '*.sql' -o -name '*.py' -o -name '*.csv')
	@echo "Building the demo shop for its columns, a minute ..."
	@rm -rf $(DOCS)
	@mkdir -p $(DOCS)
	@$(DOCS_DBT) build --quiet --resource-type seed --resource-type model --target-path $(DOCS) || { rm -f $@; exit 1; }

.PHONY: docs
docs: $(DOCS)/dovecote.duckdb ## Write the documentation of every table and the lineage of every column to target/docs
	@$(DOCS_DBT) docs generate --quiet --target-path $(DOCS)
	@$(BIN)/python tools/docs_site.py $(DOCS) target/docs
	@echo "Open target/docs/index.html"

.PHONY: bench-demo
bench-demo: $(INSTALLED) ## Measure the demo build beside its SQL alone, and what each kind of node costs
	@$(WITHOUT_INPUTS) $(BIN)/python benchmarks/demo_build.py

SIZE ?= 1M
.PHONY: bench
bench: $(INSTALLED) ## Measure builds of SIZE=1M, 10M or 100M events beside hand-written SQL
	@$(WITHOUT_INPUTS) $(BIN)/python benchmarks/scale.py $(SIZE)

.PHONY: bench-churn
bench-churn: $(INSTALLED) ## Measure churn scores beside lifetimes, at 10 million customers, in a build
	@$(WITHOUT_INPUTS) $(BIN)/python benchmarks/churn.py

.PHONY: bench-recommend
bench-recommend: $(INSTALLED) ## Grade recommendations beside implicit on real shops, and time similarities beside it
	@$(BIN)/python -c "import implicit" 2>/dev/null || $(BIN)/python -m pip install --quiet --no-build-isolation --editable ".[bench]"
	@$(WITHOUT_INPUTS) OMP_NUM_THREADS=1 $(BIN)/python benchmarks/recommend.py
	@$(WITHOUT_INPUTS) OMP_NUM_THREADS=1 $(BIN)/python benchmarks/recommend_scale.py

.PHONY: bench-crash
bench-crash: $(INSTALLED) ## Kill builds and publishes 200 times, and read 10,000 times meanwhile
	@$(WITHOUT_INPUTS) PYTHONPATH=tests/python OMP_NUM_THREADS=1 $(BIN)/python benchmarks/crash.py
	@$(WITHOUT_INPUTS) PYTHONPATH=tests/python OMP_NUM_THREADS=1 $(BIN)/python benchmarks/readers.py

.PHONY: bench-lake
bench-lake: $(INSTALLED) ## Build the demo on DuckLake beside the DuckDB file, with readers (needs PostgreSQL)
	@$(WITHOUT_INPUTS) PYTHONPATH=tests/python OMP_NUM_THREADS=1 $(BIN)/python benchmarks/ducklake.py

.PHONY: bench-dashboard
bench-dashboard: demo ## Measure what the pages of the demo weigh, and how long they take to write and to open (needs Chromium)
	@PYTHONPATH=tests/python $(BIN)/python benchmarks/dashboard_pages.py warehouse/demo_published/current/dovecote.duckdb

.PHONY: contracts
contracts: $(INSTALLED) ## Compare the public tables with the last release
	@$(BIN)/python tools/contracts.py check

.PHONY: demo-shop
demo-shop: $(INSTALLED) ## Make the demo shop in seeds/demo anew
	@rm -rf target/demo-shop
	@$(BIN)/dovecote simulate --customers 2000 --days 546 --seed 7 \
		--dirty-share 0.01 --late-share 0.01 --out target/demo-shop
	@for file in target/demo-shop/*.csv; do cp "$$file" "seeds/demo/demo_$$(basename "$$file")"; done

.PHONY: lock
lock: $(INSTALLED) ## Lock the versions in pyproject.toml anew
	@$(BIN)/uv pip compile pyproject.toml --extra dev --generate-hashes --python-version 3.11 \
		--no-header --no-annotate --no-strip-extras --no-emit-index-url --quiet --output-file requirements.lock

.PHONY: clean
clean: ## Remove the demo and what dbt leaves; your own warehouse stays
	@rm -rf target logs warehouse/demo* dbt_packages
