"""The file of a run: written whole after each measurement, so that a killed run goes on."""

import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_info

from davinz_jax.files import write_whole
from experiments.benchmarks.page import read_records
from experiments.benchmarks.suites import Task
from experiments.runtime import outputs
from experiments.runtime.errors import Taken

FILE = "benchmark.json"
UNBOUNDED = {"at_least": None, "at_most": None, "is_met": None}


@dataclass
class Document:
    """Measurements under one set of versions, on one device.

    Attributes:
        path: where they are kept.
        versions: what numbers depend on: versions, device and commit.
        settings: of the machine and the run.
        records: measurements, by name.
    """

    path: Path
    versions: Mapping[str, str]
    settings: Mapping[str, Any]
    records: dict[str, dict[str, Any]] = field(default_factory=dict)

    def resume(self) -> None:
        """Take over what the file already holds, measured under these versions."""
        if self.path.is_file():
            for record in read_records(self.path):
                if record["versions"] == dict(self.versions):
                    self.records[record["name"]] = record

    def drop(self, tasks: Sequence[Task]) -> None:
        """Forget what was measured of these."""
        for task in tasks:
            self.records.pop(task.name, None)

    def refuse_losing(self, tasks: Sequence[Task]) -> None:
        """Refuse a file with records that this run would replace.

        Raises:
            Taken: naming one, of other versions or settings.
        """
        held = [r["name"] for r in read_records(self.path)] if self.path.is_file() else []
        wanted = {task.name: task for task in tasks}
        kept = {n for n in self.records if n not in wanted or self.holds(wanted[n])}
        lost = [name for name in held if name not in kept]
        if lost:
            raise Taken(
                f"hydra.run.dir: wanted measurements of these versions and settings, got others "
                f"in {self.path} ({lost[0]}); name another folder, or set overwrite=true"
            )

    def holds(self, task: Task) -> bool:
        """Whether this very measurement, with these settings, is there."""
        found = self.records.get(task.name)
        return found is not None and found["settings"] == task.settings

    def add(self, task: Task, measured: Mapping[str, Any], seconds: float) -> None:
        """Add a measurement and write the file."""
        self.records[task.name] = {
            "suite": task.suite,
            "name": task.name,
            "settings": task.settings,
            **measured,
            "load_average": os.getloadavg()[0],
            "seconds_in_all": round(seconds, 1),
            "measured": time.strftime("%Y-%m-%d"),
            "versions": dict(self.versions),
        }
        self.write(self.path)

    def write(self, path: Path) -> None:
        """Write the file whole."""
        write_whole(path.parent, {path.name: outputs.json_writer(self.content())})

    def content(self) -> dict[str, Any]:
        """What the file holds."""
        return {
            "device": self.versions["device"],
            "versions": dict(self.versions),
            "settings": dict(self.settings),
            "records": list(self.records.values()),
        }

    def keep(self, folder: Path) -> Path:
        """Write to the folder of kept results, over records of the same names; gives the path."""
        path = folder / f"{slug(self.versions['device'])}.json"
        older = {r["name"]: r for r in read_records(path)} if path.is_file() else {}
        Document(path, self.versions, self.settings, older | self.records).write(path)
        return path


def measure(task: Task, document: Document, clock: Callable[[], float] = time.monotonic) -> None:
    """Make one measurement and keep it."""
    start = clock()
    measured = task.measure(**task.arguments)
    if not task.is_judged:
        measured["checks"] = [check | UNBOUNDED for check in measured["checks"]]
    document.add(task, measured, clock() - start)


def slug(device: str) -> str:
    """A device as a file name: `AMD EPYC, 2 CPU cores` to `amd-epyc-2-cpu-cores`."""
    return re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")


def machine() -> dict[str, Any]:
    """What times depend on beside versions: cores at hand, threads, and data in use."""
    from experiments.benchmarks.workloads import has_mnist

    return {
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        "xla_flags": os.environ.get("XLA_FLAGS"),
        "blas": sorted(blas_kernels()),
        "has_mnist": has_mnist(),
    }


def blas_kernels() -> set[str]:
    """Processors whose kernels the BLAS libraries of NumPy and SciPy take, as they name them."""
    return {str(library.get("architecture")) for library in threadpool_info()}


def device_name(device: str) -> str:
    """The device as `outputs.versions` names it; a CPU by its model, where the system says it."""
    kind, _, rest = device.partition(", ")
    info = Path("/proc/cpuinfo")
    if not kind.startswith("cpu") or not info.is_file():
        return device
    found = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE)
    return f"{found.group(1).strip()}, {rest}" if found else device
