"""Parts of a valuation's run: what is looked at, and what an interrupted one must have left."""

import pytest

from experiments.runtime.errors import InputError
from experiments.studies.value import CHECKPOINT, find_interrupted


def test_folder_with_a_checkpoint_is_gone_on_in(tmp_path):
    (tmp_path / CHECKPOINT).touch()
    assert find_interrupted(tmp_path) == tmp_path


def test_folder_without_one_is_refused(tmp_path):
    with pytest.raises(InputError, match="value.resume: wanted the folder of an interrupted run"):
        find_interrupted(tmp_path)
