"""Names of the columns of a table, which must differ."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path


def check_names(path: Path | str, names: Iterable[object]) -> None:
    """Refuses columns of one name.

    Args:
        path: the table, for the message.
        names: of its columns.

    Raises:
        ValueError: naming those that are there twice.
    """
    twice = [name for name, count in Counter(map(str, names)).items() if count > 1]
    if twice:
        raise ValueError(
            f"columns: wanted names that differ, got {', '.join(twice[:5])} more than once in "
            f"{path}; rename all but one"
        )
