"""Whether this command shares its kernels with others like it, and which of them it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.runtime.errors import InputError


@contextmanager
def joined(
    folder: Path,
    *,
    num_processes: int | None,
    process_id: int | None,
    coordinator: str | None,
    patience: float,
) -> Iterator[bool]:
    """Join the processes that a configuration names; gives whether this is the first of them.

    The run's folder, if empty, goes until something is written: a process that ends because
    another was lost has no time to tidy up.

    Raises:
        InputError: if one process alone is to have others.
    """
    if num_processes == 1:
        if process_id is not None or coordinator is not None:
            raise InputError(
                "hosts.num_processes: wanted 2 or more with a process_id or coordinator, got 1; "
                "say how many processes there are, or leave hosts.* out"
            )
        yield True
        return
    import jax

    from davinz_jax.ntk import join_hosts, together

    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    join_hosts(coordinator, num_processes=num_processes, process_id=process_id, patience=patience)
    with together():
        yield jax.process_index() == 0
