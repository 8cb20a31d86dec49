"""A connection to a Ray cluster: one of this machine's own, or one that is there."""

import os
import signal
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from davinz_jax.executors.in_process import num_cores
from davinz_jax.extras import from_extra

LOOPBACK = "127.0.0.1"
_CONNECT_SECONDS = 5.0
_AUTHENTICATION = "RAY_AUTH_MODE"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
"""No usage statistics are sent, and nothing is printed beside what we say."""
_OF_OUR_OWN = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_worker_niceness": "0"}
"""Ray then listens on the loopback address alone, and workers come as often as others' programs."""
_HEALTH = {"health_check_period_ms": 1000, "health_check_failure_threshold": 5}
"""A node of this machine's own cluster that is lost is noticed after 5 s."""


class Resources(NamedTuple):
    """What each worker takes.

    Attributes:
        cpus: processors.
        gpus: accelerators.
    """

    cpus: int
    gpus: int

    def fit_into(self, node: dict[str, float]) -> int:
        """Workers that a node, or what is left of it, has room for."""
        rooms = [node.get("CPU", 0.0) // self.cpus]
        if self.gpus:
            rooms.append(node.get("GPU", 0.0) // self.gpus)
        return int(min(rooms))


@contextmanager
def connection(address: str) -> Iterator[Any]:
    """Context with the module `ray`, connected; nothing is left running after it.

    Args:
        address: `local` starts a cluster of this machine's own, on its loopback address, and ends
            it; `auto` is the running one that this machine is part of; else its host:port.

    Raises:
        ImportError: without Ray; the text names the extra.
        ValueError: where no cluster answers, or one of several machines without authentication.
    """
    _check_address(address)
    os.environ.update(_QUIET)
    if address == "local":
        os.environ.update(_OF_OUR_OWN)
    with from_extra("ray"):
        import ray
    if ray.is_initialized():
        raise ValueError(
            "cluster: wanted one cluster at a time, got a second one; leave the first, or call "
            "ray.shutdown()"
        )
    try:
        _connect(ray, address)
        _check_authentication(ray)
        yield ray
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    own = signal.getsignal(signal.SIGTERM)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    try:
        if address == "local":
            _start(ray, options)
        else:
            ray.init(address, **options)
    except (ConnectionError, RuntimeError, TimeoutError) as error:
        if "ersion mismatch" in str(error):
            raise ValueError(
                f"cluster.address: wanted a cluster of this Python and Ray, got another one's at "
                f"{address} ({_first_line(error)}); install the same on all machines"
            ) from None
        raise _no_cluster(address, _first_line(error)) from None
    finally:  # Ray puts its own in the place of what ends a run tidily
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, own)


def _start(ray: Any, options: dict[str, Any]) -> None:
    """Start a cluster of this machine's own."""
    with warnings.catch_warnings():  # Ray's processes run their own program right after the fork
        warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
        ray.init(
            "local", num_cpus=num_cores(), include_dashboard=False, _node_ip_address=LOOPBACK,
            _system_config=_HEALTH, **options,
        )  # fmt: skip


def _check_address(address: str) -> None:
    """Refuse an address that is none, or at which nobody listens."""
    if address in ("auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise ValueError(
            f"cluster.address: wanted auto, local or host:port, got {address!r}; such as "
            "10.0.0.1:6379"
        )
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise _no_cluster(address, error.strerror or str(error)) from None


def _no_cluster(address: str, reason: str) -> ValueError:
    return ValueError(
        f"cluster.address: wanted a running Ray cluster, got none at {address} ({reason}); start "
        "one with `ray start --head`, or set address=local"
    )


def _check_authentication(ray: Any) -> None:
    """Refuse a cluster of several machines that anybody who reaches it may give work to."""
    machines = {node["NodeManagerAddress"] for node in ray.nodes() if node["Alive"]}
    if len(machines) > 1 and not os.environ.get(_AUTHENTICATION):
        raise ValueError(
            f"cluster: wanted {_AUTHENTICATION}=token on a cluster of {len(machines)} machines, "
            "got no authentication; set it, and the token, on all of them (docs/scaling.md), or "
            f"{_AUTHENTICATION}=disabled where nobody else reaches them"
        )


def rooms(ray: Any, resources: Resources) -> list[int]:
    """Workers that each living node has room for."""
    return [resources.fit_into(node["Resources"]) for node in ray.nodes() if node["Alive"]]


def _first_line(error: BaseException) -> str:
    with suppress(IndexError):
        return str(error).strip().splitlines()[0]
    return type(error).__name__
