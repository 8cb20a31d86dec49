"""Archives, whole or not there (`files.py`): one JSON document and arrays, with a checksum.

An archive is an `.npz` that `numpy.load` reads without pickle, with one more entry,
`document.json`.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from davinz_jax.files import DAMAGED, write_bytes

_DOCUMENT = "document.json"


def plain(value: Any) -> Any:
    """A value as JSON holds it: arrays and tuples as lists, NumPy numbers as Python's."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def write_archive(
    path: Path, kind: str, document: Mapping[str, Any], arrays: Mapping[str, np.ndarray]
) -> None:
    """Write a document and arrays as one file.

    Args:
        path: where; its folder is made if it is not there.
        kind: what the file is, which `read_archive` asks for.
        document: anything that `plain` turns into JSON.
        arrays: numeric or boolean arrays by name.
    """
    text = json.dumps({"kind": kind, "content": plain(document)}, indent=1, sort_keys=True)
    entries = {_DOCUMENT: text.encode()}
    entries.update({f"{name}.npy": _npy(array) for name, array in arrays.items()})
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        archive.comment = _checksum(entries).encode()
    write_bytes(path, buffer.getvalue())


def read_archive(path: Path, kind: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read what `write_archive` wrote.

    Args:
        path: the file.
        kind: what it should be.

    Returns:
        The document and the arrays by name.

    Raises:
        ValueError: if there is no such file, or it is damaged, or is something else.
    """
    entries, checksum = _entries(path, kind)
    if _DOCUMENT not in entries:
        raise ValueError(_refusal(path, kind, "another program's file", "name another file"))
    if checksum != _checksum(entries):
        raise ValueError(
            _refusal(path, kind, "a damaged file", "restore it from a copy or remove it")
        )
    document = json.loads(entries.pop(_DOCUMENT))
    if document["kind"] != kind:
        raise ValueError(_refusal(path, kind, f"a {document['kind']}", "name another file"))
    arrays = {name.removesuffix(".npy"): _array(content) for name, content in entries.items()}
    return document["content"], arrays


def _entries(path: Path, kind: str) -> tuple[dict[str, bytes], str]:
    if not path.is_file():
        raise ValueError(_refusal(path, kind, "no such file", "check the path"))
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}, _text(archive.comment)
    except DAMAGED as error:
        raise ValueError(
            _refusal(
                path,
                kind,
                f"a damaged or foreign file ({error})",
                "restore it from a copy or remove it",
            )
        ) from error


def _refusal(path: Path, kind: str, got: str, remedy: str) -> str:
    return f"{path}: wanted a {kind}, got {got}; {remedy}"


def _text(comment: bytes) -> str:
    return comment.decode(errors="replace")


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
    return buffer.getvalue()


def _array(content: bytes) -> np.ndarray:
    return np.load(io.BytesIO(content), allow_pickle=False)


def _checksum(entries: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(entries):
        digest.update(f"{name}:{len(entries[name])}:".encode())
        digest.update(entries[name])
    return digest.hexdigest()
