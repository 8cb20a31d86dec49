"""What `auto` stands for."""

import pytest

from experiments.runtime.auto import choose_kernel, is_auto, read_choice


def test_the_node_of_a_choice():
    node = read_choice("kernel", "rbf", bandwidth=2.0)
    assert (node["_args_"], node["bandwidth"], node["cosine"]) == (["rbf"], 2.0, False)
    assert is_auto(read_choice("kernel", "auto"))
    assert not is_auto(node)


@pytest.mark.parametrize(
    ("named", "raw", "wanted"),
    [
        ({"ntk.ridge", "data"}, "rbf", "rbf"),
        ({"data"}, "laplace", "laplace"),
        ({"model.widths"}, "rbf", "ntk"),
        ({"ntk.parameters"}, "laplace", "ntk"),
    ],
)
def test_the_kernel_of_auto(named, raw, wanted):
    assert choose_kernel(read_choice("kernel", "auto"), named, raw=raw)["_args_"] == [wanted]


def test_a_kernel_that_is_named_stays():
    laplace = read_choice("kernel", "laplace", cosine=True)
    assert choose_kernel(laplace, {"model"}) == laplace
