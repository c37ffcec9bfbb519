VENV ?= .venv
RUN = PATH="$(abspath $(VENV))/bin:$$PATH"

.PHONY: help setup demo check test unit conformance bench havoc cover clean

help:   ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/'
setup: $(VENV)/.dev  ## a virtual environment with everything
demo: $(VENV)/.run  ## the examples at work: killed, restarted, shut down
	@$(RUN) scripts/demo
check: $(VENV)/.dev  ## what CI runs: format, lint, types, layers, tests
	@$(RUN) scripts/check
test: $(VENV)/.test  ## unit and node tests
	@$(RUN) scripts/test
unit: $(VENV)/.test  ## tests that start no process
	@$(RUN) python -m pytest -q tests/unit
conformance: $(VENV)/.test  ## every trace of the real BEAM against ours, by area
	@$(RUN) scripts/conformance
bench: $(VENV)/.test  ## how fast, each figure beside a yardstick from the same run
	@$(RUN) scripts/bench $(ARGS)
havoc: $(VENV)/.test  ## faults of every kind, SECONDS_OF_HAVOC=60 of them, and what was lost
	@$(RUN) scripts/havoc
cover: $(VENV)/.dev  ## lines no test reaches
	@$(RUN) scripts/cover
clean:  ## remove what the above made
	@rm -rf .venv *.egg-info build dist .coverage* .*_cache && find . -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.%: setup.cfg pyproject.toml scripts/setup
	@scripts/setup $(VENV) $*
