"""What a worker tells of itself, keeps, and gives where a task fails; tried without a cluster."""

import pickle
from collections import OrderedDict
from importlib.metadata import version

import pytest

from davinz_jax.executors import ray_worker
from davinz_jax.executors.ray_worker import FUNCTION, Worker, describe_installation, forget


def worker(**parts):
    """A worker of other versions than its driver's, so that it prepares nothing, with parts."""
    made = Worker({}, 1, {}, {"python": "2.7"})
    made._parts.update(parts)
    return made


def test_versions_and_code_are_told():
    found = describe_installation()
    assert found["jax"] == version("jax")
    assert len(found["davinz_jax"]) == 12


def test_a_machine_without_the_package_says_so(monkeypatch):
    monkeypatch.setattr(ray_worker, "find_spec", lambda name: None)
    assert worker().describe()["davinz_jax"] == "none"


def test_a_task_is_done_with_what_is_held():
    found = worker(work=lambda task, other: task + other, one=1).do(["work", "one"], [0, 0], 2)
    assert found == (True, 3)


def test_an_error_comes_back_as_it_is():
    def refuse(task):
        raise ValueError("rows: wanted some, got none; give more")

    is_done, packed = worker(work=refuse).do(["work"], [0], 2)
    error = pickle.loads(packed)
    assert not is_done
    assert isinstance(error, ValueError)
    assert str(error) == "rows: wanted some, got none; give more"


def test_an_error_that_cannot_be_sent_is_told():
    class Own(Exception):
        pass

    def refuse(task):
        raise Own("text")

    error = pickle.loads(worker(work=refuse).do(["work"], [0], 2)[1])
    assert str(error) == "Own: text"


def test_data_of_other_work_goes_and_late_functions_stay():
    parts = OrderedDict.fromkeys([f"{FUNCTION}{n}" for n in range(20)] + ["data", "old"])
    forget(parts, ["data"])
    assert [*parts] == [f"{FUNCTION}{n}" for n in range(12, 20)] + ["data"]


def test_peak_memory_is_in_bytes():
    assert worker().peak_memory() > 2**24


def test_the_module_imports_the_standard_library_alone():
    with open(ray_worker.__file__) as file:
        heads = [line for line in file if line.startswith(("import ", "from "))]
    assert not any(name in line for line in heads for name in ("jax", "numpy", "ray"))
    assert len(heads) > 5


@pytest.mark.parametrize("names", [["work"], ["work", "one"]])
def test_parts_that_are_not_used_any_more_are_let_go(names):
    made = worker(work=lambda task, *held: len(held), one=1, other=2)
    assert made.do(names, [0] * len(names), None) == (True, len(names) - 1)
    assert [*made._parts] == names
