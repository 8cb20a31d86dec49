"""Programs: what is inlined, what stays one step, what is left out, and that they run as traced."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from davinz_jax.ntk.engines.layerwise.program import row_values, trace_program

ROW = np.arange(1.0, 4.0, dtype=np.float32)[None]
LEAVES = {"['params']['a']": jnp.ones((3, 2)), "['params']['b']": jnp.full((2,), 2.0)}
REST = {"params": {"a": None, "b": None}, "fixed": {"c": jnp.float32(5)}}


def nested(variables, x):
    """Calls within calls, of which one is for nothing."""
    params = variables["params"]
    inner = jax.checkpoint(lambda v: jax.jit(jnp.tanh)(v @ params["a"]))
    jax.jit(jnp.exp)(x)
    return jax.jit(lambda v: inner(v) + params["b"][None])(x) * variables["fixed"]["c"]


def unchanged(step, result):
    return result


def test_calls_are_inlined_and_idle_steps_left_out():
    program = trace_program(nested, LEAVES, REST, ROW)
    assert [step.name for step in program.steps if step.name != "broadcast_in_dim"] == [
        "dot_general", "tanh", "add", "mul",
    ]  # fmt: skip
    assert (program.paths, program.row, program.num_logits) == (tuple(LEAVES), 3, 2)


def test_runs_as_it_was_traced():
    program = trace_program(nested, LEAVES, REST, ROW)
    found = program.run(LEAVES, REST, ROW, unchanged)[program.output]
    np.testing.assert_allclose(found, 5 * (np.tanh(ROW @ np.ones((3, 2))) + 2), rtol=1e-6)


def test_adjusts_the_result_of_a_step():
    """One more at the product: tanh(6 + 1), not tanh(6)."""
    program = trace_program(nested, LEAVES, REST, ROW)
    names = [step.name for step in program.steps]
    first = names.index("dot_general")
    values = program.run(LEAVES, REST, ROW, lambda step, x: x + 1 if step == first else x)
    np.testing.assert_allclose(values[program.output], np.full((1, 2), 5 * (np.tanh(7) + 2)))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (jax.nn.relu, "custom_jvp_call"),
        (lambda v: lax.fori_loop(0, 2, lambda _, state: state * 2, v), "scan"),
        (lambda v: lax.cond(v.sum() > 0, jnp.sin, jnp.cos, v), "cond"),
    ],
    ids=["custom_jvp", "loop", "branch"],
)
def test_own_rules_loops_and_branches_stay_one_step(function, name):
    program = trace_program(lambda v, x: function(x @ v["params"]["a"]), LEAVES, REST, ROW)
    assert program.steps[-1].name == name
    found = program.run(LEAVES, REST, ROW, unchanged)[program.output]
    np.testing.assert_allclose(found, function(ROW @ jnp.ones((3, 2))), rtol=1e-6)


@jax.custom_vjp
def passed_on(x):
    """Steps of 1, whose derivative is said to be 1."""
    return jnp.round(x)


passed_on.defvjp(lambda x: (passed_on(x), None), lambda _, signal: (signal,))


@pytest.mark.parametrize(("function", "slope"), [(jax.nn.relu, 0), (passed_on, 2)])
def test_own_rules_are_kept_where_derivatives_differ(function, slope):
    """max(x, 0) has the derivative 1/2 at 0, ReLU says 0 of itself; 2 is the sum of two columns."""

    def apply(variables, x):
        return function(x @ variables["params"]["a"])

    program = trace_program(apply, LEAVES, REST, ROW)
    run = lambda row: program.run(LEAVES, REST, row, unchanged)[program.output].sum()  # noqa: E731
    np.testing.assert_array_equal(jax.grad(run)(jnp.zeros((1, 3))), np.full((1, 3), slope))


def test_the_same_network_gives_the_same_program():
    """Of arrays, of shapes, and where it is traced within a transformation."""
    wanted = [
        (s.name, s.operands, s.results) for s in trace_program(nested, LEAVES, REST, ROW).steps
    ]
    seen = []

    def trace(row):
        program = trace_program(nested, LEAVES, REST, row[None])
        seen.append([(s.name, s.operands, s.results) for s in program.steps])
        return row

    jax.jit(jax.vmap(trace))(np.ones((4, 3), np.float32))
    shape = jax.ShapeDtypeStruct(ROW.shape, ROW.dtype)
    program = trace_program(nested, LEAVES, REST, shape)
    seen.append([(s.name, s.operands, s.results) for s in program.steps])
    assert seen == [wanted, wanted]


def test_values_that_depend_on_the_row():
    """Not the sum of a leaf and a constant."""

    def apply(variables, x):
        return x @ (variables["params"]["a"] + 1)

    program = trace_program(apply, LEAVES, REST, ROW)
    add, product = program.steps
    assert row_values(program) == {program.row, *product.results}
    assert add.name == "add"
