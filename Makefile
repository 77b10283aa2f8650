# make demo   set up, then play live scenarios against the service      make test   set up, then every test
# make bench  speed and size, ONLY=name for one figure                  make check  style, types, import direction
# make console  the pages alone, which demo and test build as well
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
JOBS ?= 3
CONSOLE := monitor/console
PAGES := $(CONSOLE)/dist/.built
NODE_MODULES := $(CONSOLE)/node_modules/.installed
DEBIAN_PACKAGES := ffmpeg nginx libnginx-mod-rtmp chromium janus

.PHONY: demo test check bench console format lock clean

demo: $(READY) $(PAGES)
	$(BIN)/nakanohito demo

test: $(READY) $(PAGES) check
	@sh .ci/debian-packages $(DEBIAN_PACKAGES)
	@sh .ci/node-packages
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadscope --no-loadscope-reorder \
		--cov --cov-report=term:skip-covered $(ARGS)
	$(BIN)/python -m coverage report --include='protocols/*' --fail-under=100 --skip-covered

check: $(READY) $(NODE_MODULES)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@sh .ci/npm run --silent check

# The pages: moderators' console and operator's page. Built where their sources changed, by the Node of .venv.
console: $(PAGES)

bench: $(READY)
	@sh .ci/debian-packages $(DEBIAN_PACKAGES)
	@sh .ci/node-packages
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.bench $(ONLY)

format: $(READY) $(NODE_MODULES)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	@sh .ci/npm run --silent format

# After a change of the dependencies in pyproject.toml.
lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --group dev --generate-hashes --no-emit-index-url --no-strip-extras \
		--python-version 3.11 --quiet --custom-compile-command 'make lock' --output-file requirements.lock

$(READY): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { \
		echo "Python's venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(PAGES): $(NODE_MODULES) $(wildcard $(CONSOLE)/*.json $(CONSOLE)/*.ts $(CONSOLE)/*.js) $(shell find $(CONSOLE)/src -type f)
	@sh .ci/npm run --silent build -- --logLevel warn
	@touch $@

$(NODE_MODULES): $(CONSOLE)/package-lock.json $(READY)
	@sh .ci/npm ci
	@touch $@

clean:
	rm -rf $(VENV) .bench build *.egg-info $(CONSOLE)/dist $(CONSOLE)/node_modules
