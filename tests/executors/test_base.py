"""Results in the order of their tasks."""

from davinz_jax.executors import in_order


def test_early_results_wait_and_no_longer():
    given = iter([(1, "b"), (0, "a"), (2, "c"), (4, "e"), (3, "d")])
    found = in_order(given)
    assert [next(found) for _ in range(3)] == ["a", "b", "c"]
    assert next(given) == (4, "e"), "the third result does not wait for more"
