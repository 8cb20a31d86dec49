"""A small draw of digits, shared by the tests of this study."""

import pytest

from experiments.studies.fidelity.draws import make_draw
from experiments.studies.fidelity.specs import SMOKE


@pytest.fixture(scope="session")
def draw():
    """The smallest showing draw: 12 sets of 80 digits."""
    return make_draw(SMOKE.showing[0])
