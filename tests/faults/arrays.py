"""Generated npz files: sound arrays of few shapes, and flaws of shape, type, value and bytes."""

import io
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.faults.cases import Wanted, together
from tests.faults.tables import flip

NUM_ROWS = 30
SHAPES = ((3,), (8, 8), (8, 8, 1))
"""Shapes of a row: a table's, and a grey image's with and without its channel."""

Arrays = dict[str, Any]
Flaw = Callable[[Arrays, np.random.Generator], Arrays]


def with_value(name: str, value: float) -> Flaw:
    """A flaw that puts one value into a float array."""

    def change(arrays: Arrays, rng: np.random.Generator) -> Arrays:
        changed = np.array(arrays[name], dtype=float)
        changed.flat[rng.integers(changed.size)] = value
        return arrays | {name: changed}

    return change


FLAWS: dict[str, tuple[Flaw, Wanted]] = {
    "NaN input": (with_value("inputs", np.nan), "either"),
    "infinite input": (with_value("inputs", np.inf), "either"),
    "input of 1e31": (with_value("inputs", 1e31), "either"),
    "input of 1e308": (with_value("inputs", 1e308), "either"),
    "NaN target": (with_value("targets", np.nan), "either"),
    "negative label": (lambda a, r: a | {"targets": np.arange(NUM_ROWS) % 2 - 1}, "refused"),
    "gap in labels": (lambda a, r: a | {"targets": np.arange(NUM_ROWS) % 2 * 5}, "refused"),
    "labels up to 10 to the 12": (
        lambda a, r: a | {"targets": np.arange(NUM_ROWS) % 2 * 10**12}, "refused",
    ),
    "constant target": (lambda a, r: a | {"targets": np.zeros(NUM_ROWS)}, "refused"),
    "one class": (lambda a, r: a | {"targets": np.zeros(NUM_ROWS, int)}, "refused"),
    "targets of two columns": (lambda a, r: a | {"targets": np.eye(NUM_ROWS, 2)}, "refused"),
    "one target too few": (lambda a, r: a | {"targets": a["targets"][1:]}, "refused"),
    "words as targets": (
        lambda a, r: a | {"targets": np.array(["a", "b"] * (NUM_ROWS // 2))}, "either",
    ),
    "complex inputs": (lambda a, r: a | {"inputs": a["inputs"] + 1j}, "refused"),
    "inputs of objects": (lambda a, r: a | {"inputs": a["inputs"].astype(object)}, "refused"),
    "inputs of whole numbers": (lambda a, r: a | {"inputs": a["inputs"].astype(int)}, "either"),
    "half precision": (lambda a, r: a | {"inputs": a["inputs"].astype(np.float16)}, "either"),
    "double precision": (lambda a, r: a | {"inputs": a["inputs"].astype(np.float64)}, "either"),
    "no feature": (lambda a, r: a | {"inputs": np.zeros((NUM_ROWS, 0), np.float32)}, "refused"),
    "inputs of one dimension": (lambda a, r: a | {"inputs": np.ones(NUM_ROWS)}, "refused"),
    "inputs of five dimensions": (
        lambda a, r: a | {"inputs": np.ones((NUM_ROWS, 1, 1, 1, 1))}, "refused",
    ),
    "a scalar": (lambda a, r: a | {"inputs": np.float32(1)}, "refused"),
    "no row": (lambda a, r: {k: v[:0] for k, v in a.items()}, "refused"),
    "one row": (lambda a, r: {k: v[:1] for k, v in a.items()}, "refused"),
    "no targets": (lambda a, r: {"inputs": a["inputs"]}, "refused"),
    "other names": (lambda a, r: {"x": a["inputs"], "y": a["targets"]}, "refused"),
    "all rows alike": (
        lambda a, r: a | {"inputs": np.ones_like(a["inputs"])}, "either",
    ),
    "parties of another length": (lambda a, r: a | {"parties": np.arange(3)}, "refused"),
    "parties of floats": (lambda a, r: a | {"parties": r.normal(size=NUM_ROWS).round()}, "either"),
    "validation set of another shape": (
        lambda a, r: a | {"validation_inputs": np.ones((5, 2), np.float32)}, "refused",
    ),
    "validation set without a row": (
        lambda a, r: a | {"validation_inputs": a["inputs"][:0]}, "refused",
    ),
    "validation targets alone": (
        lambda a, r: a | {"validation_targets": a["targets"]}, "refused",
    ),
    "columns of subnormals": (lambda a, r: a | {"inputs": a["inputs"] * 1e-42}, "either"),
}  # fmt: skip

BYTES: dict[str, tuple[Callable[[bytes, np.random.Generator], bytes], Wanted]] = {
    "nothing": (lambda b, r: b"", "refused"),
    "noise": (lambda b, r: r.bytes(300), "refused"),
    "cut off": (lambda b, r: b[: r.integers(len(b))], "refused"),
    "a byte flipped": (flip, "either"),
    "a header that claims 10 to the 12 rows": (lambda b, r: vast(), "refused"),
    "a pickle": (lambda b, r: b"cos\nsystem\n(S'true'\ntR.", "refused"),
}


@st.composite
def arrays(draw: st.DrawFn, *, flawed: bool = True) -> tuple[bytes, Wanted, str]:
    """Bytes of an npz file, what should become of it, and its flaws."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    found = draw(sound(rng))
    names = draw(st.lists(st.sampled_from(sorted(FLAWS)), max_size=1)) if flawed else []
    for name in names:
        found = FLAWS[name][0](found, rng)
    content = npz(found)
    damage = draw(st.none() | st.sampled_from(sorted(BYTES))) if flawed and not names else None
    wants: list[Wanted] = [FLAWS[name][1] for name in names]
    if damage:
        content = BYTES[damage][0](content, rng)
        wants.append(BYTES[damage][1])
    return content, together(wants), ", ".join([*names, *([damage] if damage else [])])


@st.composite
def sound(draw: st.DrawFn, rng: np.random.Generator) -> Arrays:
    """Arrays that every command takes."""
    shape = draw(st.sampled_from(SHAPES))
    found: Arrays = {"inputs": rng.normal(size=(NUM_ROWS, *shape)).astype(np.float32)}
    is_real = draw(st.booleans())
    found["targets"] = rng.normal(size=NUM_ROWS) if is_real else np.arange(NUM_ROWS) % 3
    if draw(st.booleans()):
        found["parties"] = np.array(["a", "b"])[np.arange(NUM_ROWS) // 2 % 2]
    if draw(st.booleans()):
        found["validation_inputs"] = rng.normal(size=(9, *shape)).astype(np.float32)
        found["validation_targets"] = found["targets"][:9]
    return found


def npz(found: Arrays) -> bytes:
    """Arrays as the bytes of an npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **found)
    return buffer.getvalue()


def vast() -> bytes:
    """An npz whose inputs claim 10 to the 12 numbers and hold none."""
    text = "{'descr': '<f4', 'fortran_order': False, 'shape': (250000000000, 4), }"
    text += " " * (-(len(text) + 11) % 64) + "\n"
    header = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inputs.npy", header)
        archive.writestr("targets.npy", header)
    return buffer.getvalue()
