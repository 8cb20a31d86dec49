"""The executor of the innermost context, in every thread."""

import threading

import pytest

from davinz_jax.executors import InProcess, current_executor, host_executor, use_executor


def test_the_innermost_is_current_in_every_thread(elsewhere):
    found = []
    with use_executor(InProcess((None,) * 3)), use_executor(elsewhere):
        thread = threading.Thread(target=lambda: found.append(current_executor()))
        thread.start()
        thread.join(timeout=10)
    assert found == [elsewhere]
    assert isinstance(current_executor(), InProcess)


def test_work_of_the_host_is_not_shared_among_devices(elsewhere):
    with use_executor(InProcess((None,) * 3)):
        assert host_executor().num_places == 1
    with use_executor(elsewhere):
        assert host_executor() is elsewhere


def test_an_error_ends_the_context(elsewhere):
    with pytest.raises(KeyError), use_executor(elsewhere):
        raise KeyError
    assert current_executor() is not elsewhere
