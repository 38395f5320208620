# Few targets; each brings what it needs first (tools/setup, cached under .cache).
#   make run [FOR=seconds]          a street of emulated boards, live
#   make test                       every test        make check   the quick loop
#   make bench                      the measurements  make faults  campaigns of faults
#   make sbom [FILE=sbom.cdx.json]  the bill of materials, CycloneDX
#   make flash BOARD=.. PORT=.. [PROFILE=..]   the firmware on a real board
PYTHON ?= python3
BIN := .cache/venv/bin
SETUP = @$(PYTHON) -m tools.setup
PYTEST ?=
# The tests start hundreds of Python programs: what one compiled, below .cache, the next one loads.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.cache/bytecode
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test check bench faults flash build sbom

run:
	$(SETUP) run
	@exec $(BIN)/python -m tools.bench.main_job $(if $(FOR),--for $(FOR)) $(ARGS)

test:
	$(SETUP) test
	@status=0; \
	$(BIN)/node --test $(wildcard tools/tests/node/*.test.mjs) || status=1; \
	$(BIN)/python -m pytest gateway/tests tools/tests firmware/tests -n 3 --dist loadfile $(PYTEST) || status=1; \
	$(BIN)/python -m pytest hil_tests -n 2 --dist loadfile --no-loadscope-reorder $(PYTEST) || status=1; \
	exit $$status

check:
	$(SETUP) check
	@$(BIN)/python -m tools.check

bench:
	$(SETUP) bench
	@exec $(BIN)/python -m tools.bench.measure $(ARGS)

faults:
	$(SETUP) faults
	@exec $(BIN)/python -m pytest -m faults --weeks $(PYTEST)

flash:
	$(SETUP) flash
	@exec $(BIN)/python -m tools.flash "$(BOARD)" "$(PORT)" $(if $(PROFILE),--profile $(PROFILE)) $(if $(REPLACE_BOARD_FILE),--replace-board-file)

build:
	$(SETUP) build
	@exec $(BIN)/python -m tools.build $(if $(BOARD),--board $(BOARD)) $(if $(PROFILE),--profile $(PROFILE))

sbom:
	$(SETUP) check
	@exec $(BIN)/python -m tools.sbom $(or $(FILE),sbom.cdx.json)
