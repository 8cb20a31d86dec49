"""Whether this command shares its kernels with others like it, and which of them it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from experiments.runtime.errors import InputError
from experiments.runtime.schema.value import Hosts


@contextmanager
def join(folder: Path, hosts: Hosts) -> Iterator[bool]:
    """Join the processes that hosts.* names; gives whether this is the first of them.

    The run's folder, if empty, goes until something is written: a process that ends because
    another was lost has no time to tidy up.

    Raises:
        InputError: if one process alone is to have others.
    """
    if hosts.num_processes == 1:
        if hosts.process_id is not None or hosts.coordinator is not None:
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
    join_hosts(
        hosts.coordinator,
        num_processes=hosts.num_processes,
        process_id=hosts.process_id,
        patience=hosts.patience,
    )
    with together():
        yield jax.process_index() == 0
