"""Files of public data sets: found in a local folder, else downloaded; read gzipped or not.

A local copy is checked by its contents (magic numbers, dimensions, length) and not by checksum,
for the same contents compressed again have another one.
"""

import fnmatch
import gzip
import os
import tarfile
import zlib
from collections.abc import Sequence
from pathlib import Path

from davinz_jax.data.download import fetch
from davinz_jax.types import Progress

PathLike = str | os.PathLike[str]
"""A path of a file or folder."""


def locate(
    patterns: Sequence[str],
    *,
    root: PathLike | None,
    folders: Sequence[str],
    public: str,
    checksum: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Local files of a public data set, else the file that it downloads as.

    Args:
        patterns: file names, `*` allowed, gzipped or not; the first one with a match decides.
        root: folder of a local copy in the public layout; None for that in the environment
            variable DAVINZ_DATA, and a download where it holds no such file.
        folders: folders below the root to look in.
        public: name in `PUBLIC_FILES` of the file to download.
        checksum: as in `fetch`.
        progress: as in `fetch`.

    Raises:
        ValueError: if `root` is given and holds no such file, or the download fails.
    """
    place = root if root is not None else os.environ.get("DAVINZ_DATA")
    found = _matches(Path(place), patterns, folders) if place else []
    if not found and root is not None:
        looked = ", ".join(str(Path(root, folder)) for folder in folders)
        raise ValueError(
            f"root: wanted {' or '.join(patterns)} (gzipped or not) in one of {looked}, got no "
            "such file; put it there, or leave root empty to download it"
        )
    return found or [fetch(public, checksum=checksum, progress=progress)]


def _matches(root: Path, patterns: Sequence[str], folders: Sequence[str]) -> list[Path]:
    """Files of the first pattern and folder with any; an unzipped one hides its gzip."""
    for pattern in patterns:
        for folder in folders:
            plain = {path.name: path for path in Path(root, folder).glob(pattern)}
            zipped = {path.stem: path for path in Path(root, folder).glob(f"{pattern}.gz")}
            if found := zipped | plain:
                return [found[name] for name in sorted(found, key=lambda name: (len(name), name))]
    return []


def read_bytes(path: Path) -> bytes:
    """Contents of a file, unpacked if its name ends in .gz.

    Raises:
        ValueError: if the file is missing, or its gzip is truncated or corrupt.
    """
    if not path.is_file():
        raise ValueError(f"path: wanted a file, got {path}, which is none; check the path")
    try:
        return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise corrupt_file(path, "a whole gzip file", str(error)) from error


def read_members(path: Path, pattern: str) -> dict[str, bytes]:
    """Members of a tar archive whose path matches a pattern, by path; nothing is unpacked to disk.

    Raises:
        ValueError: if the archive is truncated or corrupt, or has no such member.
    """
    try:
        with tarfile.open(path) as archive:
            members = [m for m in archive if m.isfile() and fnmatch.fnmatch(m.name, pattern)]
            contents = {m.name: archive.extractfile(m).read() for m in members}  # type: ignore[union-attr]
    except (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise corrupt_file(path, "a whole tar archive", str(error)) from error
    if not contents:
        raise corrupt_file(path, f"an archive that holds {pattern}", "no such member")
    return dict(sorted(contents.items()))


def unreadable_file(path: Path | str, wanted: str, error: Exception) -> Exception:
    """The error for a user's own file: what the system refused, or what its contents are not."""
    if isinstance(error, OSError) and error.errno is not None:
        return error
    return ValueError(
        f"{path}: wanted {wanted}, got {error}; mend the file, or restore it from a copy"
    )


def corrupt_file(path: Path | str, wanted: str, got: str) -> ValueError:
    """The error for a file whose contents are not what they should be."""
    return ValueError(
        f"{path}: wanted {wanted}, got {got}; the file is truncated or corrupt, "
        "delete it and fetch it again"
    )
