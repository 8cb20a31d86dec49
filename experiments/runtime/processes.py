"""Pieces of work in several processes, each on one thread, taken as they are done."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar, cast

Piece = TypeVar("Piece")
Found = TypeVar("Found")


def run_pieces(
    work: Callable[[Piece], Found], pieces: Sequence[Piece], *, num_processes: int
) -> Iterator[Found]:
    """What the work gives for each piece, in no order; in this process if one is asked for.

    Args:
        work: a function that another process can import, or a partial of one.
        pieces: what it is given, each by itself.
        num_processes: at once.

    Raises:
        ValueError: for fewer than one process; and whatever the work raises.
    """
    if num_processes < 1:
        raise ValueError(f"jobs: wanted 1 or more processes, got {num_processes}; 1 is the least")
    if num_processes == 1:
        yield from map(work, pieces)
        return
    from joblib import Parallel, delayed, parallel_config

    with parallel_config(backend="loky", inner_max_num_threads=1):
        run = Parallel(num_processes, return_as="generator_unordered", pre_dispatch="n_jobs")
        yield from cast(Iterator[Found], run(delayed(work)(piece) for piece in pieces))
