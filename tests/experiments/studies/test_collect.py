"""Jobs of a sweep: which belong together, and which numbers they give."""

import math
from dataclasses import replace

import pandas as pd
import pytest

from experiments.report.estimates import Number
from experiments.studies import collect
from experiments.studies.collect import Job, group, select, table


def job(name, seed, value, **config):
    record = {"statistic": "spearman", "subject": "value", "against": "size", "each": [value]}
    config |= {"seed": seed, "level": 0.95}
    result = {"experiment": "data_quantity", "seeds": [seed], "estimates": [record]}
    return Job(name, result | {"config": config})


def test_jobs_that_differ_in_their_seed_alone_belong_together():
    jobs = [job("0", 0, 0.5, ntk={"ridge": 1}), job("1", 1, 0.7, ntk={"ridge": 1}),
            job("2", 0, 0.1, ntk={"ridge": 2}), Job("3", None, "killed")]  # fmt: skip
    groups = group(jobs)
    assert [(setting, [each.name for each in own]) for setting, own in groups] == [
        ("ntk.ridge=1", ["0", "1"]), ("ntk.ridge=2", ["2"]),
    ]  # fmt: skip


def test_settings_are_named_by_what_was_typed():
    """A model's options are expanded in the configuration, and named once in the table."""
    cnn, mlp = {"model": {"channels": [16, 32], "side": 5}}, {"model": {"widths": [8]}}
    jobs = [
        replace(job(str(n), n % 2, 0.5, **config), overrides=[*told, "data=digits", f"seed={n}"])
        for n, (config, told) in enumerate(
            [(cnn, ["model=cnn"]), (cnn, ["model=cnn"]), (mlp, ["model=mlp", "+x.y=1"])]
        )
    ]
    assert [setting for setting, _ in group(jobs)] == ["model=cnn", "model=mlp x.y=1"]


def test_where_what_was_typed_does_not_tell_settings_apart_all_options_do():
    jobs = [
        replace(job("0", 0, 0.5, ntk={"ridge": ridge}), overrides=["seed=0"]) for ridge in (1, 2)
    ]
    assert [setting for setting, _ in group(jobs)] == ["ntk.ridge=1", "ntk.ridge=2"]


def test_a_failed_job_is_named_by_what_was_typed_too():
    failed = Job("3", None, "killed", ["model=cnn", "seed=1"])
    frame = table([], [failed], level=0.95)
    assert frame["setting"].tolist() == ["3 model=cnn seed=1"]


def test_jobs_that_differ_in_nothing_are_all():
    assert [setting for setting, _ in group([job("0", 0, 0.5), job("1", 1, 0.7)])] == ["all"]


def test_of_two_jobs_of_a_seed_the_later_counts():
    found = list(collect._gather([job("0", 0, 0.5), job("1", 0, 0.9), job("2", 1, None)]))
    assert found[0] == Number("spearman", "value", "size", 0, 0.9)
    assert math.isnan(found[1].value)
    assert len(found) == 2


def test_a_line_a_setting_and_number():
    frame = table([("all", [job("0", 0, 0.5), job("1", 1, None)])], [], level=0.95)
    (line,) = frame.to_dict("records")
    assert (line["statistic"], line["subject"], line["against"]) == ("spearman", "value", "size")
    assert (line["mean"], line["num_seeds"]) == (0.5, 1)


@pytest.mark.parametrize(
    ("only", "count"), [("", 2), ("spearman", 1), ("seconds ours", 1), ("pearson", 0)]
)
def test_numbers_by_part_of_their_name(only, count):
    frame = pd.DataFrame(
        {
            "status": ["done", "done", "failed"],
            "statistic": ["spearman", "seconds", math.nan],
            "subject": ["ours", "ours", math.nan],
            "against": ["truth", "", math.nan],
        }
    )
    assert len(select(frame, only)) == count
