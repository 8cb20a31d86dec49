"""Generated image folders and manifests: a few small images, and flaws of files and of places."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from tests.faults.cases import Wanted
from tests.faults.tables import flip

Files = dict[str, bytes]
Flaw = Callable[[Files, np.random.Generator], Files]
SIDE = 8
PARTIES, CLASSES, EACH = ("north", "south"), ("cat", "dog"), 5


def png(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    """Pixels as the bytes of an image file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def bomb(side: int = 30000) -> bytes:
    """A PNG whose header claims a vast image."""

    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def replaced(content: Callable[[bytes, np.random.Generator], bytes]) -> Flaw:
    """A flaw that changes the bytes of one image."""

    def change(files: Files, rng: np.random.Generator) -> Files:
        name = sorted(files)[rng.integers(len(files))]
        return files | {name: content(files[name], rng)}

    return change


FLAWS: dict[str, tuple[Flaw, Wanted]] = {
    "image that is empty": (replaced(lambda b, r: b""), "refused"),
    "image that is noise": (replaced(lambda b, r: r.bytes(300)), "refused"),
    "image cut off": (replaced(lambda b, r: b[: len(b) // 2]), "refused"),
    "image with a byte flipped": (replaced(flip), "either"),
    "image that claims 30,000 by 30,000": (replaced(lambda b, r: bomb()), "refused"),
    "image that claims 12,000 by 12,000": (replaced(lambda b, r: bomb(12000)), "refused"),
    "image of another size": (
        replaced(lambda b, r: png(np.zeros((9, 7), np.uint8))), "either",
    ),
    "image in colour": (replaced(lambda b, r: png(np.zeros((8, 8, 3), np.uint8))), "either"),
    "image of 16 bits": (replaced(lambda b, r: png(np.full((8, 8), 9, np.uint16))), "either"),
    "image in JPEG under .png": (
        replaced(lambda b, r: png(np.zeros((8, 8), np.uint8), "JPEG")), "either",
    ),
    "image with alpha": (replaced(lambda b, r: png(np.zeros((8, 8, 4), np.uint8))), "either"),
    "no image": (lambda f, r: {"pictures/readme.txt": b"none"}, "refused"),
    "one party": (lambda f, r: {k: v for k, v in f.items() if "/north/" in k}, "refused"),
    "one class": (lambda f, r: {k: v for k, v in f.items() if "/cat/" in k}, "refused"),
    "party without an image": (lambda f, r: f | {"pictures/west/cat/a.txt": b"x"}, "either"),
    "a file beside the parties": (lambda f, r: f | {"pictures/notes.txt": b"x"}, "either"),
    "hostile name": (
        lambda f, r: f | {"pictures/[/bold]/=1+1/0.png": next(iter(f.values()))}, "either",
    ),
}  # fmt: skip

MANIFESTS: dict[str, tuple[Callable[[str], str], Wanted]] = {
    "a manifest": (lambda text: text, "accepted"),
    "a manifest that names a missing file": (
        lambda text: text.replace("0.png", "gone.png"), "refused",
    ),
    "a manifest without classes": (lambda text: text.replace("class", "kind", 1), "refused"),
    "a manifest with an empty path": (lambda text: text + ",a,b\n", "refused"),
    "a manifest that points elsewhere": (
        lambda text: text + "../../../../etc/passwd,cat,north\n", "refused",
    ),
}  # fmt: skip


@st.composite
def image_files(draw: st.DrawFn) -> tuple[Files, str, Wanted, str]:
    """Files, the path that names them, what should become of them, and their flaw."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    files = folder(rng)
    if draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(MANIFESTS)))
        change, wanted = MANIFESTS[name]
        files["manifest.csv"] = change(manifest(files)).encode()
        return files, "manifest.csv", wanted, name
    name = draw(st.none() | st.sampled_from(sorted(FLAWS)))
    if name is None:
        return files, "pictures", "accepted", ""
    change, wanted = FLAWS[name]
    return change(files, rng), "pictures", wanted, name


def folder(rng: np.random.Generator) -> Files:
    """A folder of grey images of two parties and two classes."""
    return {
        f"pictures/{party}/{kind}/{k}.png": png(rng.integers(0, 256, (SIDE, SIDE), np.uint8))
        for party in PARTIES
        for kind in CLASSES
        for k in range(EACH)
    }


def manifest(files: Files) -> str:
    """A CSV manifest of a folder's images."""
    lines = (f"{path},{path.split('/')[2]},{path.split('/')[1]}" for path in sorted(files))
    return "path,class,party\n" + "".join(f"{line}\n" for line in lines)
