"""Peaks of memory, each of a process of its own: a process never gives its peak back.

On a CPU it is the high-water mark of the resident set (VmHWM). The kernel's ru_maxrss will not do:
a child starts with its parent's. On an accelerator it is the peak of the bytes in use there.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_MARK = "measured: "


def peak_of(job: Callable[..., dict[str, Any]], *, own_process: bool, **settings: Any) -> Any:
    """What the job gives, with `peak_bytes` and what the process took before it.

    Args:
        job: function of a module; its answer and settings are what JSON can hold.
        own_process: start a new Python for it; else the peak is that of this process so far.
        settings: keyword arguments of the job.
    """
    if not own_process:
        return with_peak(job, settings)
    name = f"{job.__module__}:{job.__qualname__}"
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.worker", name, json.dumps(settings)],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["nothing on stderr"])[-1]
        raise RuntimeError(f"{name}: its process ended with {done.returncode}: {reason}")
    answers = [line for line in done.stdout.splitlines() if line.startswith(_MARK)]
    return json.loads(answers[-1].removeprefix(_MARK))


def answer_line(answer: dict[str, Any]) -> str:
    """How a process of its own says what it measured."""
    return _MARK + json.dumps(answer)


def with_peak(job: Callable[..., dict[str, Any]], settings: dict[str, Any]) -> dict[str, Any]:
    """Run the job here and read the peak."""
    before = peak_bytes()
    answer = job(**settings)
    return {"peak_bytes": peak_bytes(), "bytes_before": before} | answer


def peak_bytes() -> int:
    """Most bytes in use so far: on the accelerator, else resident in this process."""
    import jax

    stats = jax.devices()[0].memory_stats()
    return int(stats["peak_bytes_in_use"]) if stats else _peak_resident()


def _peak_resident() -> int:
    status = Path("/proc/self/status")
    if status.is_file():
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024
