"""The benchmark in its tiny form: records, resuming, counts by hand, and the page.

No time is asserted on: only that both sides of each measurement computed the same numbers, and that
ratios are finite and positive.
"""

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.benchmark import main
from experiments.benchmarks import page, regression, sketched_values
from experiments.benchmarks.coalitions import add_ridge, leave_out_by_inverse
from experiments.benchmarks.discrepancy import dense_mmd_squared
from experiments.benchmarks.engines import compare_with_limit
from experiments.benchmarks.figures import figures
from experiments.benchmarks.measuring import Check, Effort, Timings, interleave, spread
from experiments.benchmarks.memory import peak_of
from experiments.benchmarks.operations import LayerShape, kernel_operations, layer_shapes
from experiments.benchmarks.records import FILE, Document, slug
from experiments.benchmarks.sizes import CPU, GPU, SIZES, TINY
from experiments.benchmarks.suites import Task, tasks_of
from experiments.benchmarks.workloads import RIDGE, random_kernel, random_texts, workload
from experiments.runtime.app import launch
from experiments.runtime.errors import Taken

SUITES = ("engines", "rows", "blocks", "memory", "coalitions", "mmd", "sketch")


@pytest.fixture
def benchmark(run_command):
    """Run the command on its arguments."""
    return lambda *arguments: run_command(main, "benchmark", *arguments)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Folder of one whole run at size=tiny, without real data."""
    folder = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAVINZ_DATA", raising=False)
        patch.setenv("HYDRA_FULL_ERROR", "0")
        patch.setattr(sys, "argv", ["benchmark", f"hydra.run.dir={folder}"])
        launch(main, "benchmark")
    return folder


@pytest.fixture(scope="module")
def content(tiny):
    """What benchmark.json of that run holds."""
    return json.loads((tiny / FILE).read_text())


# -- by hand ---------------------------------------------------------------------------------------


def test_operations_of_a_layer_by_hand():
    """Four positions, 9 inputs, 2 outputs: 2·4·9·2 forward, 2·9·2 and 2·16·11 a pair."""
    layer = LayerShape(positions=4, inputs=9, outputs=2)
    assert (layer.forward, layer.by_gradient, layer.by_positions) == (144, 36, 352)


def test_operations_of_the_cnn_by_hand():
    """28×28 pixels, 5×5 to 16, pooled, 5×5·16 to 32, pooled, 7·7·32 to 10."""
    work = workload("cnn", 2)
    shapes = layer_shapes(work)
    assert shapes == [
        LayerShape(784, 25, 16), LayerShape(196, 400, 32), LayerShape(1, 1568, 10),
    ]  # fmt: skip
    count = kernel_operations(work, 2)
    forward = 2 * (784 * 400 + 196 * 12800 + 15680)
    assert count.passes == 2 * 2 * forward
    # three pairs: gradients of both convolutions, formed for two rows; the last by positions
    formed = 2 * 2 * (784 * 400 + 196 * 12800) + 3 * 2 * (400 + 12800)
    assert count.products == formed + 3 * 2 * (1568 + 10)


def test_leave_one_out_by_inverse_of_a_diagonal():
    """K + λI = 2I, r = (1, 2): q = 2.5, without the first 2, without the second 0.5."""
    values = leave_out_by_inverse(np.eye(2) / 2, np.array([[1.0], [2.0]]))
    np.testing.assert_allclose(values, np.sqrt(1.25) - np.sqrt([2.0, 0.5]))


def test_dense_mmd_of_two_points():
    """Distance 5, σ = 5: MMD² = 2 − 2·exp(−1/2)."""
    found = dense_mmd_squared(np.zeros((1, 1)), np.full((1, 1), 5.0))
    assert found == pytest.approx(2 - 2 * np.exp(-0.5))


def test_ratios_are_of_neighbours_in_time():
    timings = Timings({"a": 9.0, "b": 1.0}, {"a": [2.0, 8.0, 3.0], "b": [1.0, 2.0, 1.0]}, {})
    assert timings.ratio("a", "b") == [2.0, 4.0, 3.0]
    assert timings.side("a")["compile_seconds"] == 6.0
    assert timings.side("a")["seconds"] == {"min": 2.0, "median": 3.0, "max": 8.0, "repeats": 3}


@pytest.mark.parametrize(
    ("bounds", "is_met"),
    [({}, None), ({"at_least": 2.0}, True), ({"at_least": 2.1}, False), ({"at_most": 1.9}, False)],
)
def test_check_judges_the_median(bounds, is_met):
    assert Check("x", spread([1.0, 2.0, 9.0]), **bounds).as_record()["is_met"] is is_met


# -- property --------------------------------------------------------------------------------------


def test_sides_are_called_in_turns():
    calls = []
    sides = {name: lambda name=name: calls.append(name) for name in "ab"}
    timings = interleave(sides, Effort(rounds=2, seconds=0.0))
    assert calls == ["a", "b"] * 3
    assert all(len(times) == 2 for times in timings.rounds.values())


def test_time_left_bounds_the_rounds():
    timings = interleave({"a": lambda: None}, Effort(rounds=50, seconds=0.0))
    assert len(timings.rounds["a"]) == 3


def test_every_measurement_agrees_and_has_positive_ratios(content):
    assert {record["suite"] for record in content["records"]} == set(SUITES)
    for record in content["records"]:
        assert record["agreement"]["is_met"], record["name"]
        assert math.isfinite(record["agreement"]["error"])
        for check in record["checks"]:
            assert check["is_met"] is None, "tiny sizes are not judged"
            assert all(map(math.isfinite, check["value"].values())), check
            if "exponent" not in check["what"]:
                assert check["value"]["min"] > 0, check


def test_sides_hold_times_and_peaks(content):
    for record in content["records"]:
        for side in record["sides"].values():
            seconds = side["seconds"]
            assert (seconds["min"] if isinstance(seconds, dict) else seconds) > 0
            assert side.get("compile_seconds", 0) >= 0
            assert side.get("peak_bytes", 1) > 0
    (engines,) = (r for r in content["records"] if r["suite"] == "engines")
    for engine in ("layerwise", "neural_tangents"):
        assert engines["sides"][engine]["share_of_matrix_product"] > 0
        assert engines["sides"][engine]["peak_bytes"] > 0
    assert set(engines["where"]) >= {"forward + backward", "rest"}


def test_file_says_what_numbers_depend_on(content):
    assert {"jax", "numpy", "commit", "device", "python"} <= set(content["versions"])
    assert content["settings"]["config"]["size"] == "tiny"
    assert content["settings"]["has_mnist"] is False
    assert all(record["settings"] for record in content["records"])


def test_figures_are_written(tiny):
    for name in ("growth", "where"):
        assert (tiny / f"{name}.png").stat().st_size > 1000


def test_sequences_are_measured_beside_what_the_machine_allows():
    """Of a small network, and the texts that the large one is measured on."""
    record = compare_with_limit(
        network="cnn", num_rows=8, product_size=128, own_process=False, effort=Effort(2, 1.0)
    )
    assert set(record["sides"]) == {"layerwise", "forward + backward", "matrix product"}
    assert record["agreement"]["is_met"]
    assert record["checks"][0]["at_most"] == 1.3
    assert math.isfinite(record["checks"][0]["value"]["median"])
    described = {"name": "n", "settings": {"num_rows": 8}}
    assert set(figures([record | described])) == {"ratios", "where"}
    texts = random_texts(3)
    assert (texts.inputs.shape, texts.inputs.dtype) == ((3, 64), np.int32)


def test_bounded_numbers_are_drawn(content):
    (record, *_) = content["records"]
    check = record["checks"][0] | {"at_least": 1.5, "at_most": None, "is_met": False}
    assert set(figures([record | {"checks": [check]}])) == {"ratios", "where"}


def test_names_of_measurements_are_unique():
    for size in SIZES.values():
        names = [task.name for suite in SUITES for task in tasks_of(suite, size)]
        assert len(set(names)) == len(names)


def test_sizes_that_the_claims_are_made_at():
    for size in (CPU, GPU):
        assert {("cnn", 4000), ("resnet18", 100), ("vgg13", 100)} <= set(size.engines)
        assert max(size.memory[0]) == 60_000
        assert 5000 in size.leave_one_out
        assert size.whole_pass == 10_000
    assert not TINY.is_judged


@pytest.mark.slow
def test_sketches_find_wrong_rows_and_order_parties():
    """On 96 digits: what is asked of every sketch is answered, near what the exact kernel says."""
    found = sketched_values.values_by_sketch(
        data="digits", num_rows=96, num_validation_rows=20, sizes=(16,), num_keys=2
    )
    assert found["agreement"]["is_met"]
    numbers = {check["what"].partition(", ")[2]: check["value"] for check in found["checks"]}
    assert numbers["AUC of wrong rows"]["min"] > 0.9
    assert 1 < numbers["complexity over exact, ridge 1e-4"]["median"] < 1.5
    assert numbers["order of parties by complexity, Spearman with exact"]["min"] > 0.7


# -- slow twin -------------------------------------------------------------------------------------


def test_random_kernel_is_positive_definite():
    kernel = random_kernel(40)
    assert np.linalg.eigvalsh(add_ridge(kernel)).min() > RIDGE
    assert np.linalg.matrix_rank(kernel.blocks[0, 0] - 0.01 * np.eye(40), tol=1e-4) == 10


def test_peak_is_that_of_the_process_alone():
    """A large array here must not count there."""
    here = np.ones(600_000_000, np.uint8)
    done = subprocess.run(
        [sys.executable, "-c",
         "from experiments.benchmarks.memory import _peak_resident; print(_peak_resident())"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert 0 < int(done.stdout) < here.nbytes


def test_job_in_a_process_of_its_own():
    found = peak_of(dict, own_process=True, answer=3)
    assert found["answer"] == 3
    assert found["peak_bytes"] >= found["bytes_before"] > 0


def test_failure_of_another_process_says_why():
    def job():
        return {}

    job.__module__ = "no_such"
    with pytest.raises(RuntimeError, match="No module named 'no_such'"):
        peak_of(job, own_process=True)


# -- resuming --------------------------------------------------------------------------------------


def test_second_run_keeps_what_was_measured(benchmark, capsys):
    arguments = ("suites=[coalitions]", "only=permutation of")
    folder = benchmark(*arguments)
    first = json.loads((folder / FILE).read_text())["records"]
    benchmark(*arguments)
    assert json.loads((folder / FILE).read_text())["records"] == first
    assert "1 of 1 measurements" in capsys.readouterr().out
    benchmark(*arguments, "remeasure=true")
    (again,) = json.loads((folder / FILE).read_text())["records"]
    assert again["sides"] != first[0]["sides"]


def test_other_settings_or_versions_are_measured_again(tmp_path):
    task = Task("mmd", "mmd: x", dict, {"num_rows": 3})
    document = Document(tmp_path / FILE, {"jax": "1", "device": "d"}, {})
    document.add(task, {}, 1.0)
    same = Document(tmp_path / FILE, {"jax": "1", "device": "d"}, {})
    same.resume()
    assert same.holds(task)
    assert not same.holds(Task("mmd", "mmd: x", dict, {"num_rows": 4}))
    other = Document(tmp_path / FILE, {"jax": "2", "device": "d"}, {})
    other.resume()
    assert not other.records
    same.refuse_losing([task])
    for document, wanted in ((other, task), (same, Task("mmd", "mmd: x", dict, {"num_rows": 4}))):
        with pytest.raises(Taken, match=r"got others in .*mmd: x.*overwrite=true"):
            document.refuse_losing([wanted])


def test_kept_results_are_joined(tmp_path):
    versions = {"device": "Chip, 2 CPU cores"}
    for name in ("mmd: x", "mmd: y"):
        document = Document(tmp_path / "run" / FILE, versions, {})
        document.add(Task("mmd", name, dict, {}), {}, 1.0)
        path = document.keep(tmp_path / "kept")
    assert path.name == f"{slug(versions['device'])}.json" == "chip-2-cpu-cores.json"
    assert [r["name"] for r in json.loads(path.read_text())["records"]] == ["mmd: x", "mmd: y"]


# -- page ------------------------------------------------------------------------------------------


def test_page_shows_every_number_once(content):
    text = page.page({"chip.json": content})
    for record in content["records"]:
        for check in record["checks"]:
            assert f"| {check['what']} | {page.range_text(check['value'])} |" in text
    assert content["device"] in text


def test_committed_page_is_that_of_the_kept_results():
    assert page.PAGE.read_text() == page.current()


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0"), (1.234e-7, "1.23e-07"), (1234.5, "1,234"), (2.5e9, "2.5e+09")]
)
def test_numbers_on_the_page(value, text):
    assert page.number(value) == text


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["only=nothing_like_it"], ["only", "nothing_like_it", "engines: cnn"]),
        (["size=huge"], ["size", "huge", "tiny"]),
        (["suites=[engine]"], ["engine", "engines"]),
        (["sizes=tiny"], ["sizes", "size"]),
    ],
)
def test_bad_option(benchmark, tmp_path, arguments, words):
    with pytest.raises(SystemExit) as stopped:
        benchmark(*arguments)
    for word in words:
        assert word in str(stopped.value.code)
    assert not (tmp_path / "run").exists()


# -- regression ------------------------------------------------------------------------------------


def test_the_ridge_and_shapley_values_on_any_threads_agree_with_what_they_are_held_against():
    ridge = regression.ridge_by_leave_one_out(num_rows=30, effort=Effort(1, 0.1))
    assert ridge["agreement"]["is_met"]
    assert ridge["checks"][0]["at_most"] == 1.5
    threads = regression.threads_of_shapley(
        num_rows=24, num_validation_rows=10, num_parties=3, effort=Effort(1, 0.1)
    )
    assert threads["agreement"]["is_met"]
    assert set(threads["sides"]) == {"all BLAS threads", "one BLAS thread"}


def test_rows_left_out_one_by_one_have_the_error_of_the_inverse():
    """Two rows of kernel 1 with each other 0: each is predicted 0, and its error is its target."""
    assert regression.leave_one_out_error(np.eye(2), np.eye(2), 1.0) == pytest.approx(0.5)
