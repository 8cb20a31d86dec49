"""Which options a kernel or a part of ν looks at; others are refused by name."""

import pytest

from davinz_jax import KernelChoice
from experiments.runtime.errors import InputError
from experiments.runtime.usage import names_network, refuse_unused, used_by_cost, used_by_kernel


@pytest.mark.parametrize(
    ("named", "wanted"),
    [
        ({"model"}, True),
        ({"model.widths"}, True),
        ({"ntk"}, True),
        ({"ntk.parameters", "seed"}, True),
        ({"num_initialisations"}, True),
        ({"ntk.ridge", "ntk.ridge_unit", "ntk.num_blocks", "ntk.shuffle"}, False),
        ({"kernel", "data.path", "mmd"}, False),
    ],
)
def test_what_names_a_network(named, wanted):
    assert names_network(named) == wanted


@pytest.mark.parametrize(
    ("kernel", "unused"),
    [
        ("rbf", {"model", "model.widths", "num_initialisations", "ntk", "ntk.engine", "mmd"}),
        ("network_features", {"ntk.engine", "ntk", "mmd.bandwidth"}),
        ("ntk", {"mmd"}),
        ("sum", {"mmd"}),
    ],
)
def test_options_of_a_regression(kernel, unused):
    used = used_by_kernel(KernelChoice(kernel))
    refuse_unused({"kernel.cosine", "ntk.ridge", "ntk.num_blocks", "data", "seed"}, used, "x")
    for name in unused:
        with pytest.raises(InputError, match=f"^{name}: wanted options that the run uses, got x"):
            refuse_unused({name}, used, "x")


def test_options_of_the_parts_of_the_score():
    complexity = used_by_cost("complexity", {"features": "inputs"})
    assert {"model", "num_initialisations", "ntk"} == complexity
    assert used_by_cost("discrepancy", {"features": "inputs"}) == {"mmd"}
    assert "model" in used_by_cost("discrepancy", {"features": "network"})
    with pytest.raises(InputError, match="leave kernel, kernel.cosine out, or set utility=kernel_"):
        refuse_unused({"kernel", "kernel.cosine"}, complexity, "utility=complexity")
