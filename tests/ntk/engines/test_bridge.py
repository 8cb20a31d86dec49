"""The bridge lends JAX names only while neural-tangents is imported."""

import subprocess
import sys

SCRIPT = """
import sys, warnings
warnings.simplefilter("error")
import jax, jax.extend.core, jax.interpreters.ad
names = ("jax.core", "jax.random", "jax.interpreters.ad")
before = {name: dict(vars(sys.modules[name])) for name in names}
from davinz_jax.ntk.engines.bridge import neural_tangents
assert neural_tangents().__version__ == "0.6.5"
assert neural_tangents() is neural_tangents()
for name in names:
    assert vars(sys.modules[name]) == before[name], name
assert not hasattr(jax, "util") and "jax.util" not in sys.modules
assert "tensorflow" not in sys.modules
assert "neural_tangents.experimental" not in sys.modules
"""


def test_import_leaves_jax_as_it_was_and_tensorflow_out():
    """Run apart, since this process may hold neural-tangents already."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
