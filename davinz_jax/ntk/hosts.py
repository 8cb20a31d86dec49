"""Several processes, on one machine or many, that compute a kernel together.

    join_hosts("10.0.0.1:9876", num_processes=2, process_id=0)  # in process 1: process_id=1
    join_hosts()                                                # under Slurm or Open MPI

JAX's own service (`jax.distributed`) introduces the processes; each computes its share of the
pieces of a kernel, then takes the others' (`exchange`), so that all end with the same bytes. A
watch beside the work notices a process that is lost or failed, and ends the others with its name.
"""

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

import jax
import numpy as np
from jax.experimental import multihost_utils

_BUFFER_BYTES = 2**24
"""Bytes that each process gives in one round of an exchange, unless one piece is larger."""
_KEY = "davinz_jax"
_COLLECTIVES = "jax_cpu_collectives_implementation"
_joined: "_Watch | None" = None


class LostProcessError(ConnectionError):
    """A process that took part in a kernel was lost, or ended with an error of its own."""


def join_hosts(
    coordinator: str | None = None,
    *,
    num_processes: int | None = None,
    process_id: int | None = None,
    patience: float | int = 30.0,
) -> None:
    """Make this process one of several that compute kernels together; call it before any JAX work.

    Every process must then make the same calls, on the same data. Where JAX runs on CPUs the
    processes talk by gloo. Where another process is lost, fails or never comes, this one ends
    with a message and exit status 1.

    Args:
        coordinator: "address:port" at which process 0 can be reached, the same in all processes;
            None, with the two counts None too, takes all three from Slurm or Open MPI.
        num_processes: processes in all.
        process_id: number of this one, from 0.
        patience: seconds that a process may be silent before it counts as lost; at the start it
            may be four times as late.

    Raises:
        ValueError: for settings that do not fit together, none where no cluster gives them, or a
            call after other JAX work.
    """
    global _joined
    _check_settings(coordinator, num_processes, process_id, patience)
    if _joined is not None:
        raise ValueError("join_hosts: wanted one call, got a second one; a process joins once")
    if getattr(jax.config, _COLLECTIVES) in (None, "none"):
        jax.config.update(_COLLECTIVES, "gloo")
    watch = _Watch(float(patience))
    atexit.register(watch.stop)  # after JAX's own, registered below, in which all wait for all
    _introduce(coordinator, num_processes, process_id, 4 * float(patience))
    watch.start()
    atexit.register(watch.take_leave)
    _joined = watch


def _introduce(
    coordinator: str | None, num_processes: int | None, process_id: int | None, wait: float
) -> None:
    """Start JAX's service; end this process if the others do not come within `wait` seconds."""
    text = f"the others did not come to {coordinator or 'the coordinator'} within {wait:g} s"
    late = threading.Timer(
        wait, _end, [f"{text}; start all, with one address and each its own process_id"]
    )
    late.start()
    try:
        jax.distributed.initialize(
            coordinator,
            num_processes,
            process_id,
            # The timer and the watch are to be first: JAX ends a process without saying why.
            initialization_timeout=int(2 * wait) + 60,
            heartbeat_timeout_seconds=int(wait) + 100,
            shutdown_timeout_seconds=10**6,
        )
    except jax.errors.JaxRuntimeError as error:
        raise ValueError(
            f"coordinator: wanted a free port at which process 0 is reached, got {coordinator!r} "
            f"({_first_line(error)}); give another one, the same in all processes"
        ) from None
    except RuntimeError as error:
        raise ValueError(
            f"join_hosts: wanted a call before any other JAX work, got {_first_line(error)}; "
            "call it first"
        ) from None
    except ValueError as error:
        raise ValueError(
            "coordinator: wanted an address such as 10.0.0.1:9876, or a cluster's environment, "
            f"got neither ({error}); give coordinator, num_processes and process_id"
        ) from None
    finally:
        late.cancel()


def num_processes() -> int:
    """Processes that share a kernel; 1 where none was joined."""
    return jax.process_count()


def process_id() -> int:
    """Number of this process, from 0."""
    return jax.process_index()


@contextlib.contextmanager
def together() -> Iterator[None]:
    """Work that every process does: an error in one is told to the others, which end too."""
    try:
        yield
    except BaseException as error:
        if _joined is not None:
            _joined.tell_failure(error)
        raise


def share_out(num_pieces: int, num_processes: int) -> list[list[int]]:
    """Pieces of each process, dealt there and back, since early ones may be larger.

    Example:
        >>> share_out(5, 2)
        [[0, 3, 4], [1, 2]]
    """
    there = list(range(num_processes))
    order = there + there[::-1]
    shares: list[list[int]] = [[] for _ in there]
    for piece in range(num_pieces):
        shares[order[piece % len(order)]].append(piece)
    return shares


def exchange(parts: Sequence[Sequence[np.ndarray]]) -> None:
    """Fill the arrays that other processes computed, in rounds of bounded size.

    Args:
        parts: arrays of each process, in the same order everywhere; those of this process are
            given to the others, the rest is written.

    Raises:
        LostProcessError: if a process does not take part.
    """
    wait_for_all()
    own = process_id()
    largest = max((array.nbytes for arrays in parts for array in arrays), default=0)
    packs = [_packed(arrays, max(_BUFFER_BYTES, largest)) for arrays in parts]
    for index in range(max(map(len, packs))):
        rounds = [pack[index] if index < len(pack) else [] for pack in packs]
        width = max(sum(array.nbytes for array in arrays) for arrays in rounds)
        buffer = np.zeros(width, np.uint8)
        for where, array in _placed(rounds[own]):
            buffer[where] = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        received = _all_gathered(buffer)
        for process, arrays in enumerate(rounds):
            for where, array in _placed(arrays) if process != own else ():
                array[...] = received[process, where].copy().view(array.dtype).reshape(array.shape)


def smallest(number: int) -> int:
    """The least of the processes' numbers."""
    wait_for_all()
    return int(_all_gathered(np.array([number], np.int64).view(np.uint8)).view(np.int64).min())


def check_alike(identity: Mapping[str, str]) -> None:
    """Refuse work that is not the same in every process.

    Raises:
        ValueError: naming what differs between this process and another.
    """
    wait_for_all()
    words = [f"{name}={text}".encode()[:200].ljust(200) for name, text in identity.items()]
    mine = np.frombuffer(b"".join(words), np.uint8)
    everyone = _all_gathered(mine).reshape(num_processes(), len(identity), -1)
    differs = (everyone != everyone[:1]).any(axis=(0, 2))
    if differs.any():
        names = [name for name, is_other in zip(identity, differs, strict=True) if is_other]
        raise ValueError(
            f"hosts: wanted the same work in all {num_processes()} processes, got other "
            f"{', '.join(names)}; start all of them with the same data, options and versions"
        )


def wait_for_all() -> None:
    """Wait, however long it takes, until every process has come here, or one is lost."""
    if _joined is not None:
        _joined.meet()


class _Watch:
    """Tells the others that this process is alive or has failed, and ends it when one is lost.

    It writes to and reads from the key-value store of JAX's service, which other libraries reach
    by the same private name.
    """

    def __init__(self, patience: float) -> None:
        self._client: Any = None
        self._patience, self._has_failed, self._num_meetings = patience, False, 0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin, once JAX's service is there."""
        from jax._src import distributed

        self._client = distributed.global_state.client
        self._write("alive", "0")
        threading.Thread(target=self._watch, daemon=True).start()

    def meet(self) -> None:
        """Wait until every process is here; the watch ends the wait if one is lost.

        Raises:
            LostProcessError: if one has left without having come here.
        """
        self._num_meetings += 1
        meeting = f"met/{self._num_meetings}"
        self._write(meeting, "here")
        pause = 0.001
        while len(here := self._read(meeting)) < num_processes():
            if gone := set(self._read("left")) - set(here):
                raise LostProcessError(
                    f"hosts: wanted all {num_processes()} processes to the end, got process "
                    f"{min(gone)} that left before; let every process make the same calls"
                )
            time.sleep(pause)
            pause = min(2 * pause, 0.05)

    def tell_failure(self, error: BaseException) -> None:
        """Let the others know why this process ends."""
        if not self._has_failed and not isinstance(error, LostProcessError):
            with contextlib.suppress(jax.errors.JaxRuntimeError):
                self._write("failed", f"{type(error).__name__}: {error}")
        self._has_failed = True

    def take_leave(self) -> None:
        """At the end: tell the others; after a failure, wait for none of them."""
        with contextlib.suppress(jax.errors.JaxRuntimeError):
            self._write("left", "")
        if self._has_failed:
            if process_id() == 0:
                time.sleep(3 * self._pause)  # the others read the reason from this process
            _leave()

    def stop(self) -> None:
        """End the watch."""
        self._stopped.set()

    @property
    def _pause(self) -> float:
        return min(1.0, self._patience / 10)

    def _write(self, what: str, text: str) -> None:
        self._client.key_value_set(f"{_KEY}/{what}/{process_id()}", text, allow_overwrite=True)

    def _read(self, what: str) -> dict[str, str]:
        """What each process wrote, by its number."""
        found = self._client.key_value_dir_get(f"{_KEY}/{what}/")
        return {key.rsplit("/", 1)[1]: text for key, text in found}

    def _watch(self) -> None:
        number, heard, failing = 0, {}, 0.0
        while not self._stopped.wait(self._pause):
            number += 1
            now = time.monotonic()
            try:
                self._write("alive", str(number))
                self._check_failures()
                heard, failing = self._heard(heard, now), 0.0
            except jax.errors.JaxRuntimeError:
                failing = failing or now
                if now - failing > self._patience and not self._stopped.is_set():
                    _end(f"process 0 was not heard for {self._patience:g} s; {_REMEDY}")
            for process, (_, since) in heard.items():
                if now - since > self._patience and not failing:
                    _end(f"process {process} was not heard for {self._patience:g} s; {_REMEDY}")

    def _check_failures(self) -> None:
        for process, reason in self._read("failed").items():
            if process != str(process_id()):
                _end(f"process {process} ended with {reason}")

    def _heard(self, before: dict[str, tuple[str, float]], now: float) -> Any:
        """The last beat of each process that has not left, and when it came."""
        left = self._read("left")
        return {
            process: before[process] if before.get(process, ("",))[0] == beat else (beat, now)
            for process, beat in self._read("alive").items()
            if process not in left
        }


def _end(what: str) -> NoReturn:
    """End this process from the watch, where an exception would reach nobody."""
    sys.stderr.write(f"error: hosts: {what}\n")
    _leave()


def _leave() -> NoReturn:
    """End this process at once, without the handlers in which JAX waits for all others."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1)


_REMEDY = "start all processes again (with a store, finished tiles are kept)"


def _all_gathered(array: np.ndarray) -> np.ndarray:
    """Every process's array, stacked; all of them are here."""
    try:
        return np.asarray(multihost_utils.process_allgather(array)).reshape(
            num_processes(), *array.shape
        )
    except (ValueError, jax.errors.JaxRuntimeError) as error:
        lost = LostProcessError(
            f"hosts: wanted all {num_processes()} processes to the end, got a lost one "
            f"({_first_line(error)}); {_REMEDY}"
        )
        if _joined is not None:
            _joined.tell_failure(lost)
        raise lost from None


def _packed(arrays: Sequence[np.ndarray], capacity: int) -> list[list[np.ndarray]]:
    """Arrays in runs that fit the capacity."""
    packs: list[list[np.ndarray]] = []
    room = 0
    for array in arrays:
        if not packs or array.nbytes > room:
            packs.append([])
            room = capacity
        packs[-1].append(array)
        room -= array.nbytes
    return packs


def _placed(arrays: Sequence[np.ndarray]) -> Iterator[tuple[slice, np.ndarray]]:
    """Where each array's bytes lie in a buffer."""
    start = 0
    for array in arrays:
        yield slice(start, start + array.nbytes), array
        start += array.nbytes


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _check_settings(
    coordinator: str | None,
    num_processes: int | None,
    process_id: int | None,
    patience: float | int,
) -> None:
    """Refuse settings that do not fit together."""
    given = {"coordinator": coordinator, "num_processes": num_processes, "process_id": process_id}
    missing = [name for name, value in given.items() if value is None]
    if missing and len(missing) < len(given):
        raise ValueError(
            f"{missing[0]}: wanted coordinator, num_processes and process_id together, got no "
            f"{', no '.join(missing)}; give all three, or none under Slurm or Open MPI"
        )
    if coordinator is not None and not coordinator.rpartition(":")[2].isdigit():
        raise ValueError(
            f"coordinator: wanted address:port, got {coordinator!r}; such as 10.0.0.1:9876"
        )
    if num_processes is not None and not 0 <= (process_id or 0) < num_processes:
        raise ValueError(
            f"process_id: wanted 0..{num_processes - 1} of {num_processes} processes, got "
            f"{process_id}; number the processes from 0"
        )
    if not float(patience) > 0:
        raise ValueError(f"patience: wanted a positive number of seconds, got {patience}; give 30")
