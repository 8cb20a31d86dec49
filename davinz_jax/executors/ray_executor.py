"""Tasks on a Ray cluster: an actor a device, which may be lost and may join.

A task whose worker is lost is given to another one; a node that joins gets workers. Results are
taken as they come, two tasks a worker are under way.
"""

import hashlib
import os
import pickle
import time
import warnings
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import module_from_spec, spec_from_file_location
from types import FunctionType
from typing import Any, NamedTuple

import jax

from davinz_jax.executors import ray_worker
from davinz_jax.executors.base import Work
from davinz_jax.executors.ray_cluster import Resources, rooms
from davinz_jax.executors.ray_worker import FUNCTION, forget

_IN_FLIGHT = 2
"""Tasks that a worker is given at a time: one to do, and one to go on with."""
_POLL_SECONDS = 1.0
_PATIENCE = 120.0
"""Seconds without any worker after which a run ends."""
_MOST_LOSSES = 10
"""Workers that may be lost with one task before it is taken for the reason."""
_CARRIED = ("jax_enable_x64", "jax_default_matmul_precision", "jax_disable_most_optimizations",
            "jax_numpy_rank_promotion", "jax_threefry_partitionable")  # fmt: skip
"""Settings of JAX that numbers depend on."""


class ClusterWarning(UserWarning):
    """A worker was lost, or joined; the tasks go on."""


class _Task(NamedTuple):
    number: int
    task: Any
    losses: int = 0


class _Flight(NamedTuple):
    """A task under way, and the worker that has it."""

    task: _Task
    worker: str


class RayExecutor:
    """Workers of a cluster that is connected.

    Args:
        ray: the module, connected.
        resources: what each worker takes.
        num_workers: workers wanted; None is as many as the cluster has room for, now and later.
        threads: threads of one unit of work.

    Raises:
        ValueError: where the cluster has no room for the workers, or one has another version.
    """

    is_remote = True

    def __init__(
        self, ray: Any, resources: Resources, num_workers: int | None, threads: int
    ) -> None:
        self._ray, self._resources, self._wanted = ray, resources, num_workers
        self._threads, self._installed = threads, ray_worker.describe_installation()
        self._workers: dict[str, Any] = {}
        self._coming: dict[Any, Any] = {}
        self._parts: OrderedDict[str, Any] = OrderedDict()
        self._num_started = 0
        self._check_room()
        self._make_worker = ray.remote(_worker_by_value())
        self._wait_for_workers()

    @property
    def num_places(self) -> int:
        """Workers that are there, or about to be."""
        return max(1, len(self._workers) + len(self._coming))

    @property
    def num_sharing(self) -> int:
        """Workers that the machine with most room may have, no more than are wanted."""
        most = max(rooms(self._ray, self._resources), default=1)
        return max(1, min(most, self.num_places))

    def map(
        self, work: Work, tasks: Iterable[Any], held: Sequence[Any] = ()
    ) -> Iterator[tuple[int, Any]]:
        """See `Executor`; a part of what is held is sent once, as long as its content is known."""
        parts = [self._hold(part) for part in (work, *held)]
        forget(self._parts, [name for name, _ in parts])
        names, references = [name for name, _ in parts], [reference for _, reference in parts]
        coming = (_Task(number, task) for number, task in enumerate(tasks))
        again: deque[_Task] = deque()
        flights: dict[Any, _Flight] = {}
        next_poll = 0.0
        while True:
            if time.monotonic() >= next_poll:
                self._recruit()
                next_poll = time.monotonic() + _POLL_SECONDS
            for worker in self._free_places(flights):
                task = again.popleft() if again else next(coming, None)
                if task is None:
                    break
                reference = self._workers[worker].do.remote(names, references, task.task)
                flights[reference] = _Flight(task, worker)
            if not flights:
                if not self._workers and (again or self._coming):
                    self._wait_for_workers()
                    continue
                return
            done, _ = self._ray.wait(list(flights), num_returns=1, timeout=_POLL_SECONDS)
            for reference in done:
                flight = flights.pop(reference)
                found = self._take(reference, flight)
                if isinstance(found, _Task):
                    again.append(found)
                else:
                    yield flight.task.number, found[0]

    def peak_memories(self) -> list[int]:
        """Most bytes that each living worker has had in memory."""
        return self._ray.get([worker.peak_memory.remote() for worker in self._workers.values()])

    def _free_places(self, flights: dict[Any, _Flight]) -> Iterator[str]:
        """Workers that can be given a task, those with fewest first."""
        load = dict.fromkeys(self._workers, 0)
        for flight in flights.values():
            if flight.worker in load:
                load[flight.worker] += 1
        for level in range(_IN_FLIGHT):
            yield from [name for name, count in load.items() if count <= level]

    def _take(self, reference: Any, flight: _Flight) -> tuple[Any] | _Task:
        """A result, or the task that is to be done again; raises what the task raised."""
        errors = self._ray.exceptions
        try:
            is_done, found = self._ray.get(reference)
        except errors.RayTaskError as error:
            raise RuntimeError(str(error.cause or error)) from None
        except errors.RayError as error:
            return self._lose(flight, error)
        if not is_done:
            raise pickle.loads(found)
        return (found,)

    def _lose(self, flight: _Flight, error: Exception) -> _Task:
        """Let a worker go that was lost, and say so once; gives its task, to be done again."""
        task = flight.task._replace(losses=flight.task.losses + 1)
        if self._workers.pop(flight.worker, None) is not None:
            warnings.warn(
                f"cluster: {flight.worker} was lost ({type(error).__name__}); its tasks run again "
                f"elsewhere, {len(self._workers)} workers are left",
                ClusterWarning,
                stacklevel=2,
            )
        if task.losses >= _MOST_LOSSES:
            raise ConnectionError(
                f"cluster: wanted task {task.number} done, got {task.losses} workers lost with it; "
                "see whether their memory suffices"
            )
        return task

    def _recruit(self) -> None:
        """Take up workers that have come, and ask for more where there is room."""
        room = sum(rooms(self._ray, self._resources))
        wanted = room if self._wanted is None else min(room, self._wanted)
        for _ in range(wanted - len(self._workers) - len(self._coming)):
            actor = self._make_worker.options(
                num_cpus=self._resources.cpus, num_gpus=self._resources.gpus, max_restarts=0
            ).remote(self._environment, self._threads, _jax_options(), self._installed)
            self._coming[actor.describe.remote()] = actor
        if self._coming:
            done, _ = self._ray.wait(list(self._coming), num_returns=len(self._coming), timeout=0)
            for reference in done:
                self._welcome(reference)

    def _welcome(self, reference: Any) -> None:
        """Take up a worker, once its versions are seen to be these; one that died is let go."""
        actor = self._coming.pop(reference)
        try:
            found = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            if "creation task" in str(error):
                raise ConnectionError(
                    f"cluster: wanted a worker, got one that does not start: {_last_line(error)}"
                ) from None
            return
        machine = found.pop("machine")
        name = f"worker {self._num_started} (process {found.pop('process')} on {machine})"
        self._num_started += 1
        check_alike(found, self._installed, machine)
        self._workers[name] = actor

    def _wait_for_workers(self) -> None:
        """Wait for as many workers as are asked for; for one, where some were lost."""
        enough = self._wanted or sum(rooms(self._ray, self._resources))
        least, end = (1 if self._num_started else enough), time.monotonic() + _PATIENCE
        while len(self._workers) < max(1, least):
            self._recruit()
            if time.monotonic() > end:
                if self._workers:
                    return
                raise ConnectionError(
                    f"cluster: wanted a worker within {_PATIENCE:.0f} s, got none; see whether "
                    "other work holds the cluster's processors"
                )
            time.sleep(0.05)

    def _check_room(self) -> None:
        room, (cpus, gpus) = sum(rooms(self._ray, self._resources)), self._resources
        each = f"{cpus} CPUs" + (f" and {gpus} GPUs" if gpus else "")
        if room < (self._wanted or 1):
            raise ValueError(
                f"cluster.num_workers: wanted room for {self._wanted or 1} workers of {each} each, "
                f"got room for {room}; ask for fewer, or for less each"
            )

    def _hold(self, part: Any) -> tuple[str, Any]:
        """Name of a part, by its content, and where it is in the cluster."""
        name = self._name(part)
        if name not in self._parts:
            self._parts[name] = self._ray.put(part), part
        self._parts.move_to_end(name)
        return name, self._parts[name][0]

    def _name(self, part: Any) -> str:
        """Functions are known as objects, so that they are compiled once; the rest by content."""
        if isinstance(part, FunctionType):
            return f"{FUNCTION}{id(part)}"
        buffers: list[pickle.PickleBuffer] = []
        code = self._ray.cloudpickle.dumps(part, protocol=5, buffer_callback=buffers.append)
        digest = hashlib.blake2b(code, digest_size=16)
        for buffer in buffers:
            digest.update(buffer.raw())
        return digest.hexdigest()

    @property
    def _environment(self) -> dict[str, str]:
        """Variables of a worker's process: its threads, and the processor where it has no GPU."""
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC")
        threads = dict.fromkeys(names, str(self._threads))
        carried = {name: os.environ[name] for name in ("XLA_FLAGS",) if name in os.environ}
        return {**threads, **carried, **({} if self._resources.gpus else {"JAX_PLATFORMS": "cpu"})}


def _worker_by_value() -> type:
    """The class of workers, of a module that nobody can import: it is sent as it stands."""
    spec = spec_from_file_location("sent_ray_worker", ray_worker.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Worker


def check_alike(found: dict[str, str], wanted: dict[str, str], machine: str) -> None:
    """Refuse a worker without the package, or with other versions than the driver's.

    Raises:
        ValueError: naming the machine and what differs.
    """
    if found.get("davinz_jax") == "none":
        raise ValueError(
            f"cluster: wanted the package davinz_jax on every machine, got none on {machine}; "
            "install it there: pip install 'davinz-jax[ray]'"
        )
    differing = [
        f"{name} {found.get(name)} (here {own})"
        for name, own in wanted.items()
        if found.get(name) != own
    ]
    if differing:
        raise ValueError(
            f"cluster: wanted the same versions on every machine, got other ones on {machine}: "
            f"{', '.join(differing)}; install the same there"
        )


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1]


def _jax_options() -> dict[str, Any]:
    return {name: jax.config.values[name] for name in _CARRIED}
