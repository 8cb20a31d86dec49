"""The wheel: what it holds, and that its command runs anywhere."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
CARRIED = "davinz_jax/_commands"
HELP = "from davinz_jax.entry import main; main()"
VALUE = ("value", "data=table", "data.path=patients.csv", "data.target=label",
         "data.party=hospital", "utility=mine", "second_opinion=false", "hydra.run.dir=run",
         "--config-dir", "own")  # fmt: skip
OWN = """# the library's, sampled no more than it must be
_target_: davinz_jax.Ingredients.kernel_regression
_partial_: true
metric: accuracy
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture
def desk(tmp_path, table):
    """A folder with a table and a configuration of one's own, far from any checkout."""
    (tmp_path / "own" / "utility").mkdir(parents=True)
    (tmp_path / "own" / "utility" / "mine.yaml").write_text(OWN)
    (tmp_path / "patients.csv").write_bytes(table.read_bytes())
    return tmp_path


def run(command, folder, **environment):
    """Run to a good end; gives what was printed."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=folder, env=kept | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder, *patterns):
    """Files of the checkout, as the wheel names them."""
    return {
        str(path.relative_to(ROOT))
        for pattern in patterns
        for path in (ROOT / folder).rglob(pattern)
    }


def test_it_holds_all_under_the_library_s_own_name(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"davinz_jax"}
    commands = files("experiments", "*.py", "*.html") | files("conf", "*.yaml")
    kept = {"results/fidelity.json", "results/published_detection_f1.csv"}
    assert {f"{CARRIED}/{name}" for name in commands | kept} <= names
    assert files("davinz_jax", "*.py", "py.typed") <= names
    assert not any("__pycache__" in name or "tests/" in name for name in names)
    (script,) = [name for name in names if name.endswith("entry_points.txt")]
    assert b"davinz = davinz_jax.entry:main" in zipfile.ZipFile(wheel).read(script)


def test_its_command_values_a_table_in_any_folder(wheel, desk):
    """The unpacked wheel stands before the checkout; it alone knows the command `davinz`."""
    site = desk / "site"
    zipfile.ZipFile(wheel).extractall(site)
    printed = run([sys.executable, "-c", HELP, *VALUE], desk, PYTHONPATH=str(site))
    check_values(desk, printed)
    page = (desk / "run" / "report.html").read_text()
    assert "davinz value data=table" in page
    assert "python -m experiments" not in page


@pytest.mark.slow
def test_it_installs_beside_the_lock(wheel, desk):
    """As README has it: the lock, which leaves TensorFlow out, then the wheel without more."""
    uv, python = Path(sys.executable).with_name("uv"), desk / "venv" / "bin" / "python"
    run([str(uv), "venv", "-q", "--python", sys.executable, "venv"], desk)
    install = [str(uv), "pip", "install", "-q", "--python", str(python), "--no-deps"]
    run([*install, "--require-hashes", "-r", str(ROOT / "requirements.lock")], desk)
    run([*install, str(wheel)], desk)
    printed = run([str(python.with_name("davinz")), *VALUE], desk)
    check_values(desk, printed)
    listed = run([str(uv), "pip", "list", "--python", str(python)], desk)
    assert "tensorflow" not in listed.split()
    assert "usage: davinz COMMAND" in run([str(python.with_name("davinz")), "--help"], desk)
    found = "import importlib.util as i; print(i.find_spec('experiments'), i.find_spec('conf'))"
    assert run([str(python), "-c", found], desk) == "None None\n"


def check_values(desk, printed):
    """Values of the three hospitals were printed and written."""
    values = pd.read_csv(desk / "run" / "values.csv")
    assert set(values["player"]) == {"north", "south", "west"}
    assert "north" in printed
