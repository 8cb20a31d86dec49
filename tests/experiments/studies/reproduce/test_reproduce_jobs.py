"""What a plan lists: every job of ours composes, at its own size and at the tiny one."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from experiments.runtime.app import CONFIG_FOLDER
from experiments.runtime.compose import plain
from experiments.runtime.errors import InputError
from experiments.runtime.schema import registry
from experiments.studies.reproduce.jobs import Work, find_question, read_jobs

PLANS = sorted((CONFIG_FOLDER / "plan").glob("*.yaml"))


def read_plan(path, **options):
    """Jobs of a plan's file."""
    return read_jobs(plain(OmegaConf.load(path)), **options)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_job_has_a_question_and_its_experiment_is_of_its_command(path):
    for job in read_plan(path):
        assert job.question
        assert job.worth > 0
        for name in (a.partition("=")[2] for a in job.arguments if a.startswith("experiment=")):
            text = (CONFIG_FOLDER / "experiment" / f"{name}.yaml").read_text()
            assert f"python -m {job.module} experiment={name}\n" in text


@pytest.mark.slow
@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_every_job_composes_at_its_tiny_size(path):
    registry.register("study")
    with initialize_config_dir(str(CONFIG_FOLDER), version_base="1.3"):
        for job in read_plan(path, rehearse=True):
            if job.module.startswith("experiments."):
                name = job.module.partition(".")[2]
                assert compose(name, overrides=list(job.arguments))


def test_plans_are_those_that_the_command_names():
    assert [path.stem for path in PLANS] == ["medium", "paper", "reduced"]


def test_paper_runs_what_needs_an_accelerator():
    modules = {job.module: job for job in read_plan(CONFIG_FOLDER / "plan" / "paper.yaml")}
    assert "--run-gpu" in modules["pytest"].arguments
    assert modules["experiments.benchmark"].arguments == ("size=gpu",)


def test_a_command_is_typed_as_a_person_would():
    node = {"jobs": {"first": {"command": "value", "arguments": ["utility=davinz"], "worth": 2}}}
    (job,) = read_jobs(node)
    typed = "python -m experiments.value utility=davinz hydra.run.dir=x/first"
    assert job.typed(Path("x/first")) == typed
    assert job.command(Path("x"), "overwrite=true", python="py") == [
        "py", "-m", "experiments.value", "utility=davinz", "hydra.run.dir=x", "overwrite=true",
    ]  # fmt: skip
    assert job.work == Work()


def test_a_stored_kernel_lies_in_the_jobs_folder():
    (job,) = read_jobs({"jobs": {"first": {"command": "correlation", "store": True}}})
    places = ["hydra.run.dir=x/first", "ntk.store=x/first/kernels"]
    assert job.command(Path("x/first"))[3:] == places


@pytest.mark.parametrize(
    ("node", "match"),
    [
        ({"command": "valu"}, r"plan\.jobs\.first\.command: wanted one of .*'valu'"),
        ({"command": "value", "word": 1}, r"plan\.jobs\.first: wanted keys .*'word'"),
        ({"command": "value", "work": {"gpu": 1}}, r"plan\.jobs\.first\.work: .*'gpu'"),
    ],
)
def test_a_job_that_is_none_is_refused(node, match):
    with pytest.raises(InputError, match=match):
        read_jobs({"jobs": {"first": node}})


def test_question_is_the_experiment_files(tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "one.yaml").write_text("# @package _global_\n# question: why?\n")
    assert find_question(["experiment=one"], tmp_path) == "why?"
    assert find_question(["seed=1"], tmp_path) == ""
