"""Contexts that say where pieces of work are done."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

from davinz_jax.choices import check_choice
from davinz_jax.executors.base import Executor
from davinz_jax.executors.current import use_executor
from davinz_jax.executors.in_process import InProcess
from davinz_jax.executors.ray_cluster import Resources, connection
from davinz_jax.linalg.threads import threads_asked


def cluster(
    kind: Literal["none", "ray"] = "ray", **settings: Any
) -> AbstractContextManager[Executor]:
    """Context in which pieces of work are done in this process, or on a Ray cluster.

    Args:
        kind: `none` or `ray`.
        settings: those of `on_ray`.
    """
    check_choice("cluster", kind, ("none", "ray"))
    return on_ray(**settings) if kind == "ray" else in_this_process(**settings)


@contextmanager
def in_this_process() -> Iterator[Executor]:
    """Context in which pieces of work are done in this process."""
    with use_executor(InProcess()) as executor:
        yield executor


@contextmanager
def on_ray(
    *,
    address: str = "local",
    num_workers: int | None = None,
    cpus_per_worker: int = 1,
    gpus_per_worker: int = 0,
) -> Iterator[Executor]:
    """Context in which pieces of work are done by the workers of a Ray cluster.

    Args:
        address: `local` for a cluster of this machine's own, ended afterwards; `auto` for the
            running one that this machine is part of; or its host:port.
        num_workers: workers; None is as many as there is room for, and those that join.
        cpus_per_worker: processors of each; its threads too, unless `use_threads` says otherwise.
        gpus_per_worker: accelerators of each; 0 computes on the processor.

    Raises:
        ImportError: without Ray; the text names the extra.
        ValueError: where no cluster answers, it has no room, or a machine has other versions.
    """
    for name, least, number in (
        ("num_workers", 1, 1 if num_workers is None else num_workers),
        ("cpus_per_worker", 1, cpus_per_worker),
        ("gpus_per_worker", 0, gpus_per_worker),
    ):
        if number < least:
            raise ValueError(f"cluster.{name}: wanted {least} or more, got {number}; raise it")
    with connection(address) as ray:
        from davinz_jax.executors.ray_executor import RayExecutor

        executor = RayExecutor(
            ray,
            Resources(cpus_per_worker, gpus_per_worker),
            num_workers,
            threads_asked() or cpus_per_worker,
        )
        with use_executor(executor):
            yield executor
