"""What does independent pieces of work: an `Executor`.

A task is a call `work(task, *held)` whose result depends on nothing else, so that it may run in any
order, in any process, and again where one was lost.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

Work = Callable[..., Any]
"""Called as `work(task, *held)`."""


@runtime_checkable
class Executor(Protocol):
    """Does tasks, several at a time.

    Attributes:
        num_places: tasks that it does at a time; of a cluster, as far as is known.
        num_sharing: tasks at a time that share the memory of one machine.
        is_remote: whether tasks run in other processes: what they are given and give is then sent,
            and arrays of this process are not theirs to fill.
    """

    @property
    def num_places(self) -> int:
        """Tasks at a time."""
        ...

    @property
    def num_sharing(self) -> int:
        """Tasks at a time on one machine."""
        ...

    @property
    def is_remote(self) -> bool:
        """Whether tasks run in other processes."""
        ...

    def map(
        self, work: Work, tasks: Iterable[Any], held: Sequence[Any] = ()
    ) -> Iterator[tuple[int, Any]]:
        """The number of each task and its result, as they come; few are under way at a time.

        Args:
            work: called as `work(task, *held)`; of a cluster, a function that can be imported.
            tasks: what each call is given, taken as places become free.
            held: what all calls are given; every place gets it once.

        Raises:
            Exception: what the first task that fails raises; the others are let go.
        """
        ...


def in_order(found: Iterable[tuple[int, Any]]) -> Iterator[Any]:
    """Results in the order of their tasks; those that come early wait.

    >>> list(in_order([(1, "b"), (0, "a"), (2, "c")]))
    ['a', 'b', 'c']
    """
    early: dict[int, Any] = {}
    following = 0
    for number, result in found:
        early[number] = result
        while following in early:
            yield early.pop(following)
            following += 1
