"""Which measurements a run makes: a list for each suite, at the sizes asked for."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from experiments.benchmarks import (
    coalitions,
    discrepancy,
    engines,
    growth,
    regression,
    sketched_values,
    sketches,
)
from experiments.benchmarks.sizes import Size


@dataclass(frozen=True)
class Task:
    """One measurement to be made.

    Attributes:
        suite: what it belongs to.
        name: what it is called in tables; one of a kind.
        measure: the function.
        arguments: its keyword arguments.
        is_judged: whether its numbers are held against those wanted.
    """

    suite: str
    name: str
    measure: Callable[..., dict[str, Any]]
    arguments: Mapping[str, Any]
    is_judged: bool = True

    @property
    def settings(self) -> dict[str, Any]:
        """The arguments as JSON holds them; with the name they say what was measured."""
        return {
            name: asdict(value) if name == "effort" else _plain(value)
            for name, value in self.arguments.items()
        }


def tasks_of(suite: str, size: Size) -> list[Task]:
    """Measurements of one suite, the quick ones first."""
    parts = {
        "engines": _engines,
        "rows": _rows,
        "blocks": _blocks,
        "memory": _memory,
        "coalitions": _coalitions,
        "mmd": _mmd,
        "sketch": _sketch,
    }
    return [
        Task(suite, f"{suite}: {name}", measure, arguments, size.is_judged)
        for name, measure, arguments in parts[suite](size)
    ]


_Described = Iterator[tuple[str, Callable[..., dict[str, Any]], dict[str, Any]]]


def _engines(size: Size) -> _Described:
    shared = {
        "product_size": size.product_size,
        "own_process": size.own_process,
        "effort": size.effort,
    }
    for network, num_rows in size.engines:
        arguments = {"network": network, "num_rows": num_rows} | shared
        yield f"{network} of {num_rows} rows", engines.compare_engines, arguments
    for network, num_rows in size.sequences:
        arguments = {"network": network, "num_rows": num_rows} | shared
        yield f"{network} of {num_rows} rows", engines.compare_with_limit, arguments


def _rows(size: Size) -> _Described:
    arguments = {"rows": size.rows, "effort": size.effort}
    yield "dense CNN kernels", growth.cost_of_rows, arguments


def _blocks(size: Size) -> _Described:
    num_rows, blocks = size.blocks
    arguments = {"num_rows": num_rows, "blocks": blocks, "effort": size.effort}
    yield f"CNN of {num_rows} rows", growth.cost_of_blocks, arguments


def _memory(size: Size) -> _Described:
    rows, block = size.memory
    arguments = {"rows": rows, "block": block, "own_process": size.own_process}
    yield f"CNN in blocks of {block} rows", growth.flat_memory, arguments


def _coalitions(size: Size) -> _Described:
    effort = size.effort
    for num_rows in size.leave_one_out:
        arguments = {"num_rows": num_rows, "effort": effort}
        yield f"leave-one-out of {num_rows} rows", coalitions.leave_one_out_of_rows, arguments
    num_rows, num_permutations = size.permutations
    arguments = {"num_rows": num_rows, "effort": effort}
    yield f"one permutation of {num_rows} rows", coalitions.one_permutation, arguments
    arguments = {
        "num_rows": num_rows,
        "num_permutations": num_permutations,
        "seconds_at_most": 120.0,
    }
    name = f"{num_permutations} permutations of {num_rows} rows"
    yield name, coalitions.many_permutations, arguments
    names = ("num_rows", "num_blocks", "num_parties")
    arguments = dict(zip(names, size.recomputing, strict=True)) | {"effort": effort}
    yield "one kernel against recomputing", coalitions.against_recomputing, arguments
    arguments = dict(zip(names, size.shapley, strict=True)) | {"effort": effort}
    yield "exact Shapley of parties", coalitions.exact_shapley_of_parties, arguments
    for num_rows in size.ridge:
        arguments = {"num_rows": num_rows, "effort": effort}
        yield f"ridge from {num_rows} rows", regression.ridge_by_leave_one_out, arguments
    names = ("num_rows", "num_validation_rows", "num_parties")
    arguments = dict(zip(names, size.threads, strict=True)) | {"effort": effort}
    yield "Shapley of parties on all threads", regression.threads_of_shapley, arguments
    arguments = {"num_rows": size.whole_pass, "own_process": size.own_process}
    name = f"dense kernel and leave-one-out of {size.whole_pass} rows"
    yield name, coalitions.whole_pass, arguments


def _mmd(size: Size) -> _Described:
    own = {"own_process": size.own_process}
    for (num_rows, num_validation_rows), measure, more in (
        (size.mmd, discrepancy.tiles_against_dense, {"effort": size.effort}),
        (size.large_mmd, discrepancy.large_mmd, {}),
    ):
        arguments = {"num_rows": num_rows, "num_validation_rows": num_validation_rows} | own | more
        yield f"{num_rows} × {num_validation_rows} × 784", measure, arguments


def _sketch(size: Size) -> _Described:
    names = ("network", "num_rows", "sizes")
    for settings in size.sketches:
        arguments = dict(zip(names, settings, strict=True)) | {"own_process": size.own_process}
        name = f"{arguments['network']} of {arguments['num_rows']} rows"
        yield name, sketches.sketch_against_exact, arguments
    names = ("data", "num_rows", "num_validation_rows", "sizes", "num_keys")
    for settings in size.sketched_values:
        arguments = dict[str, Any](zip(names, settings, strict=True))
        name = f"CNN of {arguments['num_rows']} rows of {arguments['data']}"
        yield name, sketched_values.values_by_sketch, arguments


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
