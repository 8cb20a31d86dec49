"""Pieces are done in this process or in others, all of them, once."""

import os

import pytest

from experiments.runtime.processes import run_pieces


def test_one_process_is_this_one_and_keeps_the_order():
    assert list(run_pieces(lambda piece: (piece, os.getpid()), [3, 1], num_processes=1)) == [
        (3, os.getpid()),
        (1, os.getpid()),
    ]


def test_two_processes_do_each_piece_once():
    assert sorted(run_pieces(abs, [-3, 1, -2], num_processes=2)) == [1, 2, 3]


def test_no_process_is_refused():
    with pytest.raises(ValueError, match="jobs: wanted 1 or more processes, got 0"):
        list(run_pieces(abs, [1], num_processes=0))
