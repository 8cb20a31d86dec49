# Set-up on a fresh machine needs python3 (3.11-3.13) and make only: every target makes .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= auto
PLAN ?= reduced

.PHONY: demo reproduce test lint format lock notebooks wheel docs clean

# The environment comes from the hashed lock alone; --no-deps keeps out what the lock leaves out.
$(VENV)/.complete: requirements.lock
	@if [ -L $(VENV) ]; then echo "$(VENV): wanted a folder of this checkout, got a link, whose folder would be emptied; remove it"; exit 1; fi
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements.lock
	$(BIN)/python -c "import pathlib, sysconfig; pathlib.Path(sysconfig.get_paths()['purelib'], 'davinz_jax_checkout.pth').write_text(str(pathlib.Path.cwd()) + '\n')"
	touch $@

.venv: $(VENV)/.complete

demo: $(VENV)/.complete
	$(BIN)/python -m experiments.value data=digits
	$(BIN)/python -m experiments.value data=digits utility=davinz

# `make reproduce HOURS=2`, again and again: it goes on where it was. PLAN=medium, PLAN=paper for larger sizes.
reproduce: $(VENV)/.complete
	$(BIN)/python -m experiments.reproduce plan=$(PLAN) $(if $(HOURS),hours=$(HOURS))

# One thread a worker: workers that each spin all cores stand in each other's way. XLA's own pool of
# threads has been seen to wait for itself on two cores, which hung a run for good: a worker that
# hangs is ended after five minutes, and its test is run once more; a test that fails is not.
test: $(VENV)/.complete
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 NPROC=8 XLA_FLAGS=--xla_cpu_multi_thread_eigen=false \
		$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --reruns 1 --only-rerun 'lost worker'

lint: $(VENV)/.complete
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright

format: $(VENV)/.complete
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# No index address is written into the lock, so that it installs from any index.
lock: $(VENV)/.complete
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-annotate \
		--generate-hashes --override lock-overrides.txt --extra launchers --extra ray --extra notebooks \
		--extra benchmarks --extra text --extra docs --extra mlflow --extra dev pyproject.toml -o requirements.lock

# Rendered beside their sources, out of git; a failing cell fails the target.
notebooks: $(VENV)/.complete
	mkdir -p notebooks/rendered
	for source in notebooks/*.py; do \
		$(BIN)/jupytext --quiet --to ipynb --execute --run-path . \
			--output notebooks/rendered/$$(basename $$source .py).ipynb $$source || exit 1; \
	done

# The documentation, in build/docs; a warning fails the target.
docs: $(VENV)/.complete
	OMP_NUM_THREADS=1 $(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html docs build/docs

# The wheel, in dist/: the library, the commands and their configurations.
wheel: $(VENV)/.complete
	$(BIN)/python -m hatchling build -t wheel

clean:
	rm -rf $(VENV) outputs multirun .pytest_cache .ruff_cache build dist *.egg-info
