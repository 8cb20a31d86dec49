"""Addresses that are none or where nobody answers, authentication, and what fits where."""

import builtins
import socket
import time

import pytest

from davinz_jax.executors import cluster
from davinz_jax.executors.ray_cluster import (
    Resources,
    _check_address,
    _check_authentication,
    connection,
    rooms,
)


class Nodes:
    """Ray, as far as its nodes go."""

    def __init__(self, *nodes):
        self._nodes = nodes

    def nodes(self):
        return [
            {"Alive": is_alive, "NodeManagerAddress": address, "Resources": resources}
            for address, is_alive, resources in self._nodes
        ]


@pytest.mark.parametrize("address", ["somewhere", "10.0.0.1", ":6379", "host:port"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(ValueError, match=r"cluster\.address: wanted auto, local or host:port"):
        _check_address(address)


def test_where_nobody_listens_is_told_at_once():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begun = time.monotonic()
    with (
        pytest.raises(ValueError, match="got none at 127.0.0.1:.*refused.*ray start --head"),
        connection(f"127.0.0.1:{port}"),
    ):
        pass
    assert time.monotonic() - begun < 20


def test_without_ray_the_extra_is_named(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name == "ray":
            raise ModuleNotFoundError("No module named 'ray'", name="ray")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"ray: wanted .*pip install 'davinz-jax\[ray\]'"):
        cluster("ray").__enter__()


@pytest.mark.parametrize(
    ("cpus", "gpus", "expected"), [(1, 0, [4, 2]), (2, 0, [2, 1]), (1, 1, [1, 0]), (3, 0, [1, 0])]
)
def test_workers_fit_where_there_is_room(cpus, gpus, expected):
    nodes = Nodes(
        ("a", True, {"CPU": 4.0, "GPU": 1.0}), ("b", True, {"CPU": 2.0}), ("c", False, {})
    )
    assert rooms(nodes, Resources(cpus, gpus)) == expected


def test_several_machines_want_authentication(monkeypatch):
    several = Nodes(("a", True, {}), ("b", True, {}))
    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    _check_authentication(Nodes(("a", True, {}), ("a", True, {}), ("b", False, {})))
    with pytest.raises(ValueError, match="RAY_AUTH_MODE=token on a cluster of 2 machines"):
        _check_authentication(several)
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    _check_authentication(several)
