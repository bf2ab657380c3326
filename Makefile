# Every target sets up .venv by itself; a machine with Python 3.11+ and pip is enough.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.installed
UV     := uv==0.13.9
COMPILE = $(BIN)/uv pip compile --universal --python-version 3.11 --no-emit-index-url \
          --no-emit-find-links --generate-hashes --no-annotate --no-header --quiet
# Attackers and independent clients that do not fit into .venv.
OTHERS := .venv-sslyze/.installed tests/node/node_modules/.installed

.DEFAULT_GOAL := help
.PHONY: help up down test test-shop test-systems test-parts test-units test-all check bench screenshots fmt lock system-packages peers clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

# venv without ensurepip, because Debian parts it from Python; pip of the outer Python installs uv into it.
$(READY): requirements/dev.txt pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv --without-pip $(VENV)
	@test -x $(BIN)/uv || $(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check $(UV)
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

.venv-sslyze/.installed: requirements/sslyze.txt $(READY)
	@$(PYTHON) -m venv --without-pip .venv-sslyze
	$(BIN)/uv pip sync --quiet --python .venv-sslyze/bin/python --require-hashes requirements/sslyze.txt
	@touch $@

# Where there is no Node.js, the tests that need these packages say so and are skipped.
tests/node/node_modules/.installed: tests/node/package-lock.json
	@command -v npm >/dev/null || { echo "no npm here: independent OpenID clients are skipped"; exit 0; }; \
	cd tests/node && npm ci --silent --no-audit --no-fund && touch node_modules/.installed

up: $(READY)  ## run the shop: five services behind a gateway at http://localhost:8000
	cd shop && ../$(BIN)/ramet up

down: $(READY)  ## stop the shop when it was started with --detach
	cd shop && ../$(BIN)/ramet down

# Much of testing is waiting, so three of four shares run side by side. The last one to begin is the
# one that measures no time.
test: $(READY) $(OTHERS) system-packages  ## every test but the slow matrix, in four shares, three side by side
	@$(MAKE) --no-print-directory --jobs=3 test-shop test-systems test-parts test-units

test-shop: $(READY) $(OTHERS)  ## the shop: its own tests, and what is bought in it while it runs
	cd shop && ../$(BIN)/python ../tests/run.py shop -m "not slow"
	$(BIN)/python tests/run.py acceptance -m "not slow" tests/acceptance \
	  --ignore=tests/acceptance/abuse --ignore=tests/acceptance/attacks

test-systems: $(READY) $(OTHERS)  ## the attacks on the running shop, and `ramet up` itself
	$(BIN)/python tests/run.py systems -m "not slow" \
	  tests/acceptance/abuse tests/acceptance/attacks tests/integration/local

test-parts: $(READY) $(OTHERS)  ## every other test with real engines, and the types
	$(BIN)/python tests/run.py parts -m "not slow" \
	  --ignore=tests/acceptance --ignore=tests/integration/local --ignore=tests/unit

test-units: $(READY) $(OTHERS)  ## the units
	$(BIN)/python tests/run.py units -m "not slow" tests/unit

test-all: $(READY) $(OTHERS) system-packages  ## the slow matrix too, on every Python and Django that this machine offers
	$(BIN)/python tests/matrix.py

check: $(READY)  ## formatting, lint, types, layers, boundaries of the shop, generated files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy src/ramet
	$(BIN)/lint-imports
	cd shop && ../$(BIN)/ramet check && ../$(BIN)/ramet manifest --check

bench: $(READY) peers  ## the figures that we claim, as ratios of one run; writes benchmarks/README.md
	$(BIN)/python -m benchmarks

screenshots: $(READY)  ## take the documentation's pictures of the dashboard and of a report anew
	$(BIN)/python -m tests.dashboard.screenshots
	$(BIN)/python -m tests.assess.pictures

fmt: $(READY)  ## format, and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## compile requirements/*.txt anew
	$(COMPILE) pyproject.toml --group dev --all-extras --output-file requirements/dev.txt
	$(COMPILE) --group pyproject.toml:sslyze --output-file requirements/sslyze.txt

# Real servers that no wheel carries. Where one cannot be installed, its tests say so and are skipped.
# Debian starts a server's service when it installs it: policy-rc.d says no, the tests start their own.
system-packages:
	@missing=""; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$$missing chromium"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	test -x /usr/lib/rabbitmq/bin/rabbitmq-server || missing="$$missing rabbitmq-server"; \
	test -x /usr/sbin/pgbouncer || missing="$$missing pgbouncer"; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$$missing faketime"; \
	command -v slowhttptest >/dev/null || missing="$$missing slowhttptest"; \
	command -v promtool >/dev/null || missing="$$missing prometheus"; \
	test -z "$$missing" \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq \
	       && policy=/usr/sbin/policy-rc.d \
	       && { test -e $$policy || { printf '#!/bin/sh\nexit 101\n' >$$policy; chmod +x $$policy; ours=$$policy; }; } \
	       && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; \
	       code=$$?; rm -f $$ours; test $$code = 0; } \
	  || echo "not here, their tests will be skipped (apt-get install$$missing)"

# What benchmarks are compared with or loaded by. What cannot be had is left out, and the result says so.
peers: system-packages
	@command -v wrk >/dev/null \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq wrk >/dev/null; } \
	  || echo "no wrk here: benchmarks load by a loop of their own (apt-get install wrk)"

clean:  ## remove what the targets above made
	rm -rf $(VENV) .venv-* tests/node/node_modules build/nemesis .mypy_cache .ruff_cache .pytest_cache
