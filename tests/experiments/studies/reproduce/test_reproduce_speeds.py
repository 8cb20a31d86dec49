"""Estimates by hand: work times rate over speed."""

import pytest

from experiments.studies.reproduce import speeds
from experiments.studies.reproduce.jobs import Work


def test_estimate_adds_up_by_hand():
    """10 s and 1,000 rows at half speed, 100 gradients at twice, 3 million pairs as there."""
    work = Work(other=10, training={"cnn8": 1000}, kernel={"vgg13": 100}, pairs=3)
    found = speeds.estimate(work, {"training cnn": 0.5, "kernel vgg11": 2.0})
    trained, differentiated = 2000 * speeds.TRAINING["cnn8"], 50 * speeds.KERNEL["vgg13"]
    assert found == pytest.approx(20 + trained + differentiated + 3 * speeds.PAIRS)


def test_a_faster_device_compiles_no_faster():
    assert speeds.estimate(Work(other=10), {"training cnn": 50.0}) == 10


def test_every_network_has_rates_and_a_stand_in():
    assert speeds.TRAINING.keys() == speeds.KERNEL.keys()
    assert {speeds.stand_in(name) for name in speeds.TRAINING} == set(speeds.PROBES)


def test_the_reference_is_as_fast_as_itself():
    work = Work(training={"vgg11": 10}, kernel={"cnn": 10}, pairs=1)
    assert speeds.estimate(work, speeds.reference_speeds()) == speeds.estimate(work, {})


def test_what_no_job_needs_is_not_probed():
    assert set(speeds.measure_speeds([Work()])) == {"pairs"}


@pytest.mark.slow
def test_probes_measure_speeds():
    found = speeds.measure_speeds([Work(training={"mlp": 1})])
    assert set(found) == {"pairs", "training cnn", "kernel cnn"}
    assert all(value > 0 for value in found.values())
