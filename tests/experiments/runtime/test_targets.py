"""Functions that a configuration may name, and those that it may not."""

import pytest

from experiments.runtime.errors import InputError
from experiments.runtime.targets import check_targets


@pytest.mark.parametrize(
    "target",
    ["davinz_jax.models.MLP", "experiments.runtime.sources.mixture", "flax.linen.Dense",
     "flax.linen.relu", "optax.adam", "auto"],
)  # fmt: skip
def test_ours_flax_and_optax_may_be_named(target):
    check_targets({"model": {"_target_": target}})


@pytest.mark.parametrize(
    ("target", "package"),
    [
        ("os.makedirs", "os"),
        ("subprocess.Popen", "subprocess"),
        ("builtins.exec", "builtins"),
        ("numpy.inner", "numpy"),
        ("davinz_jax.files.os.makedirs", "os"),
        ("experiments.runtime.outputs.subprocess.run", "subprocess"),
        ("davinz_jax.files.os.system", "posix"),
        ("my_package.MyModule", "my_package"),
    ],
)
def test_others_are_refused_by_option_with_the_remedy(target, package):
    message = f"baselines.mine._target_: wanted .* got '{target}'; .* packages=.{package}"
    with pytest.raises(InputError, match=message):
        check_targets({"baselines": {"mine": {"_target_": target}}})


@pytest.mark.parametrize("target", ["mine.source", "davinz_jax.data.nothing", "mine", "mine."])
def test_what_cannot_be_imported_is_named(target):
    message = f"data._target_: wanted a function that can be imported, got '{target}' .*; mend its"
    with pytest.raises(InputError, match=message):
        check_targets({"data": {"_target_": target}}, ["mine"])


def test_a_package_that_is_named_is_allowed_in_lists_too():
    settings = {"made": [{"_target_": "numpy.inner"}]}
    check_targets(settings, ["numpy"])
    with pytest.raises(InputError, match=r"made\[0\]._target_"):
        check_targets(settings)
