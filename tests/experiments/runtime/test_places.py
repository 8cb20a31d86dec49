"""Where work is done and by how many threads, as options say."""

import builtins

import pytest
from omegaconf import OmegaConf

from davinz_jax.linalg.threads import threads_asked
from experiments.runtime.errors import InputError
from experiments.runtime.places import placed, read_threads

RAY = {"_target_": "davinz_jax.executors.on_ray", "_partial_": True, "address": "local"}


@pytest.mark.parametrize("threads", [0, -1, "many", 1.5, True])
def test_what_is_no_number_of_threads_is_refused(threads):
    with pytest.raises(InputError, match="threads: wanted 1 or more, or auto, got"):
        read_threads(threads)


def test_threads_hold_within_a_command():
    with placed(OmegaConf.create({"threads": 1, "cluster": {}})):
        assert threads_asked() == 1
    with placed(OmegaConf.create({"threads": "auto"})):
        assert threads_asked() is None


def test_a_missing_extra_is_bad_input(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **options):
        if name == "ray":
            raise ModuleNotFoundError("No module named 'ray'", name="ray")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with (
        pytest.raises(InputError, match=r"cluster: ray: .*davinz-jax\[ray\]"),
        placed(OmegaConf.create({"cluster": RAY})),
    ):
        pass


def test_settings_are_refused_by_their_option():
    with (
        pytest.raises(InputError, match=r"cluster\.num_workers: wanted a whole number"),
        placed(OmegaConf.create({"cluster": {**RAY, "num_workers": "many"}})),
    ):
        pass
