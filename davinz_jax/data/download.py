"""Downloads of public data sets: checksum, progress, retries, and what to do without a network."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from davinz_jax.choices import check_choice
from davinz_jax.types import Progress


@dataclass(frozen=True)
class PublicFile:
    """A file of a public data set.

    Attributes:
        path: where it lies below the cache folder, in the public layout.
        urls: its public home and mirrors, tried in order.
        checksum: `algorithm:hex`, or None where none is known.
    """

    path: str
    urls: tuple[str, ...]
    checksum: str | None


def _mnist(name: str, md5: str) -> PublicFile:
    homes = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )
    return PublicFile(f"MNIST/raw/{name}", tuple(home + name for home in homes), f"md5:{md5}")


PUBLIC_FILES: Mapping[str, PublicFile] = MappingProxyType(
    {
        "mnist-train-images": _mnist(
            "train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"
        ),
        "mnist-train-labels": _mnist(
            "train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"
        ),
        "mnist-test-images": _mnist(
            "t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"
        ),
        "mnist-test-labels": _mnist(
            "t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"
        ),
        "cifar-10": PublicFile(
            "cifar-10-binary.tar.gz",
            ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
            "md5:c32a1d4ab5d03f1284b67883e8d87530",
        ),
        "bsds500": PublicFile(
            "BSR_bsds500.tgz",
            (
                "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/"
                "BSR_bsds500.tgz",
                "http://www.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/BSR/"
                "BSR_bsds500.tgz",
            ),
            None,
        ),
    }
)
"""Files that `fetch` knows. For BSDS500 no checksum is published: give yours to `fetch`."""


def cache_folder() -> Path:
    """Folder that downloads go to: DAVINZ_CACHE, or the user's cache folder."""
    import pooch

    return Path(os.environ.get("DAVINZ_CACHE") or pooch.os_cache("davinz_jax"))


def fetch(
    name: str,
    *,
    checksum: str | None = None,
    files: Mapping[str, PublicFile] = PUBLIC_FILES,
    num_retries: int = 2,
    progress: Progress | None = None,
) -> Path:
    """Path of a public file, downloaded unless the cache holds it with the right checksum.

    Args:
        name: name in `files`.
        checksum: `algorithm:hex` that the file must have; None for the known one.
        files: the files known.
        num_retries: further trials of each address.
        progress: called with bytes done, bytes in all, and what is being fetched.

    Raises:
        ValueError: if no address gives the file with its checksum; says which file to put where.
    """
    check_choice("name", name, tuple(files))
    file = files[name]
    checksum = checksum or file.checksum
    failures = []
    for url in file.urls:
        try:
            return _retrieve(file.path, url, checksum, num_retries, progress)
        except (ValueError, OSError) as error:  # requests' errors are OSErrors
            failures.append((url, error))
    raise _failed_download(file, checksum, failures)


def _retrieve(
    path: str, url: str, checksum: str | None, num_retries: int, progress: Progress | None
) -> Path:
    """One file from one address, through pooch; written under its name only when it is whole."""
    import pooch

    store = pooch.create(
        path=cache_folder(),
        base_url="",
        registry={path: checksum},
        urls={path: url},
        retry_if_failed=num_retries,
    )
    meter: Any = _Meter(progress, f"downloading {Path(path).name}") if progress else False
    downloader: Any = pooch.HTTPDownloader(progressbar=meter, chunk_size=1 << 16)
    return Path(store.fetch(path, downloader=downloader))


class _Meter:
    """What pooch wants of a progress bar, passed on to a `Progress`."""

    def __init__(self, progress: Progress, stage: str) -> None:
        self.progress, self.stage, self.done, self.total = progress, stage, 0, 0

    def update(self, count: int) -> None:
        self.done = min(self.done + count, self.total)
        self.progress(self.done, self.total, self.stage)

    def reset(self) -> None:
        self.done = 0

    def close(self) -> None:
        pass


def _failed_download(
    file: PublicFile, checksum: str | None, failures: list[tuple[str, Exception]]
) -> ValueError:
    """What went wrong at each address, and which file to put where."""
    got = "; ".join(f"{url}: {_first_line(error)}" for url, error in failures)
    place = cache_folder() / file.path
    if place.exists():
        got = f"another checksum of {place}; {got}"
    wanted = f"a download with checksum {checksum or '(any)'}"
    return ValueError(
        f"{Path(file.path).name}: wanted {wanted}, got {got}; "
        f"without a network, fetch it elsewhere and put it at {place}, or at {file.path} below a "
        "folder that root or DAVINZ_DATA names"
    )


def _first_line(error: Exception) -> str:
    """A download error in a line of bearable length."""
    line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__} {line[:200]}"
