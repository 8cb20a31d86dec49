"""A network as the list of what it computes of one row: its jaxpr, with calls in it inlined.

`jit`, `checkpoint` and other plain calls are taken apart. What has a rule of its own for
derivatives (`custom_jvp`, `custom_vjp`) or is a loop or a branch stays one step, and JAX
differentiates it as it would. Steps that the outputs do not depend on are left out. A program is
traced anew where it is needed and always comes out the same, so that steps and values are known by
their numbers.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.core
from jax.extend.core import ClosedJaxpr, Jaxpr, JaxprEqn, Literal
from jaxtyping import Num, Shaped

from davinz_jax.ntk.parameters import Parameters, merge_variables
from davinz_jax.types import Apply, Array, Variables

_CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_closed_call": "call_jaxpr",
    "call": "call_jaxpr",
}
"""Calls that are inlined: the primitive, and the parameter that holds what it calls."""

Values = dict[int, Any]
"""Arrays by number of the value."""


class Step(NamedTuple):
    """One equation of a program.

    Attributes:
        equation: as JAX traced it.
        alone: a jaxpr of this equation.
        operands: numbers of the values that it takes, literals among them.
        results: numbers of the values that it gives.
    """

    equation: JaxprEqn
    alone: Jaxpr
    operands: tuple[int, ...]
    results: tuple[int, ...]

    @property
    def name(self) -> str:
        """Name of the primitive."""
        return self.equation.primitive.name

    @property
    def output(self) -> Any:
        """Shape and dtype of its first result."""
        return self.equation.outvars[0].aval

    def operand(self, place: int) -> Any:
        """Shape and dtype of one operand."""
        return self.equation.invars[place].aval

    def evaluate(self, values: Values) -> list[Shaped[Array, "..."]]:
        """Its results."""
        known = _inputs(self.equation, self.operands)
        return jax.core.eval_jaxpr(self.alone, (), *(values[number] for number in known.values()))


@dataclass(frozen=True, eq=False)
class Program:
    """Steps from parameters and one row to the outputs.

    Attributes:
        paths: of the chosen leaves, whose values are numbered from 0 in this order.
        row: number of the row's value; those between are the other leaves of the variables.
        steps: what is computed, in order.
        output: number of the outputs' value.
        num_logits: columns of the outputs.
        constants: values that are known beforehand.
    """

    paths: tuple[str, ...]
    row: int
    steps: tuple[Step, ...]
    output: int
    num_logits: int
    constants: Values

    @cached_property
    def producers(self) -> dict[int, Step]:
        """The step that gives each value which one does."""
        return {number: step for step in self.steps for number in step.results}

    def run(
        self,
        chosen: Parameters,
        rest: Variables,
        row: Num[Array, "1 ..."],
        adjust: Callable[[int, Shaped[Array, "..."]], Shaped[Array, "..."]],
    ) -> Values:
        """All values; the first result of each step goes through `adjust`, with the step's number.

        Args:
            chosen: leaves, by path.
            rest: the other variables.
            row: one row.
            adjust: adds a probe to what needs one.
        """
        given = [*(chosen[path] for path in self.paths), *jax.tree.leaves(rest), row]
        values: Values = {**self.constants, **dict(enumerate(given))}
        for number, step in enumerate(self.steps):
            first, *others = step.evaluate(values)
            values |= zip(step.results, (adjust(number, first), *others), strict=True)
        return values


def trace_program(
    apply: Apply,
    chosen: Parameters,
    rest: Variables,
    row: Num[Array, "1 ..."] | jax.ShapeDtypeStruct,
) -> Program:
    """The program of a network for one row; arrays may be shapes with dtypes."""
    paths = tuple(sorted(chosen))

    def outputs(chosen: Parameters, rest: Variables, row: Num[Array, "1 ..."]) -> Any:
        return apply(merge_variables(chosen, rest), row)

    shapes = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype), (rest, row))
    own = {path: jax.ShapeDtypeStruct(chosen[path].shape, chosen[path].dtype) for path in paths}
    closed = jax.make_jaxpr(outputs)(own, *shapes)
    reader = _Reader()
    given = [reader.number() for _ in closed.jaxpr.invars]
    (output,) = reader.read(closed, given)
    steps = _needed(reader.steps, output)
    return Program(paths, given[-1], steps, output, closed.out_avals[0].shape[1], reader.constants)


@dataclass
class _Reader:
    """Numbers the values of nested jaxprs and lines up their equations."""

    steps: list[Step] = field(default_factory=list)
    constants: Values = field(default_factory=dict)
    count: int = 0

    def number(self) -> int:
        """The next number of a value."""
        self.count += 1
        return self.count - 1

    def constant(self, value: Any) -> int:
        """The number of a value that is known."""
        number = self.number()
        self.constants[number] = value
        return number

    def read(self, program: ClosedJaxpr | Jaxpr, given: list[int]) -> list[int]:
        """Line up the equations of a jaxpr of given inputs; the numbers of its outputs."""
        consts = program.consts if isinstance(program, ClosedJaxpr) else ()
        jaxpr = program.jaxpr if isinstance(program, ClosedJaxpr) else program
        known = dict(zip(jaxpr.invars, given, strict=True))
        known |= zip(jaxpr.constvars, map(self.constant, consts), strict=True)

        def find(atom: Any) -> int:
            return self.constant(atom.val) if isinstance(atom, Literal) else known[atom]

        for equation in jaxpr.eqns:
            operands = [find(atom) for atom in equation.invars]
            known |= zip(
                equation.outvars, self._read_equation(jaxpr, equation, operands), strict=True
            )
        return [find(atom) for atom in jaxpr.outvars]

    def _read_equation(self, jaxpr: Jaxpr, equation: JaxprEqn, operands: list[int]) -> list[int]:
        """Numbers of an equation's results, which is a step, or several of what it calls."""
        inner = equation.params.get(_CALLS.get(equation.primitive.name, ""))
        if inner is not None:
            return self.read(inner, operands)
        results = [self.number() for _ in equation.outvars]
        alone = jaxpr.replace(
            constvars=[], invars=list(_inputs(equation, operands)), outvars=equation.outvars,
            eqns=[equation], effects=equation.effects,
        )  # fmt: skip
        self.steps.append(Step(equation, alone, tuple(operands), tuple(results)))
        return results


def _inputs(equation: JaxprEqn, operands: Sequence[int]) -> dict[Any, int]:
    """Variables that an equation takes, with the numbers of their values."""
    pairs = zip(equation.invars, operands, strict=True)
    return {atom: number for atom, number in pairs if not isinstance(atom, Literal)}


def _needed(steps: list[Step], output: int) -> tuple[Step, ...]:
    """Steps that a value depends on."""
    wanted, kept = {output}, list[Step]()
    for step in reversed(steps):
        if wanted.intersection(step.results):
            wanted.update(step.operands)
            kept.append(step)
    return tuple(reversed(kept))


def row_values(program: Program) -> set[int]:
    """Numbers of the values that depend on the row."""
    found = {program.row}
    for step in program.steps:
        if found.intersection(step.operands):
            found.update(step.results)
    return found
