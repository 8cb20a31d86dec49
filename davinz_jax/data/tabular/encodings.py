"""The encoding of a text: by its first bytes, as UTF-8 if it can be, else by charset-normalizer."""

import codecs
from collections.abc import Mapping
from pathlib import Path

from davinz_jax.data.tabular.options import AUTO

BYTE_ORDER_MARKS: Mapping[bytes, str] = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""First bytes that tell an encoding; the longer ones first."""

WESTERN = "cp1252"
"""What a Western file is that is not UTF-8; holds all that Latin-1 can print."""

CANDIDATES = [WESTERN, "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257",
              "koi8_r", "cp932", "gb18030", "big5", "cp949", "euc_jp"]  # fmt: skip
"""Encodings of one or more bytes a character, that tables are found in."""

SAMPLE = 2**16
"""Bytes that are looked at where letters must tell."""

ROOM = 0.02
"""As much more disorder (charset-normalizer's measure, a fraction) is let pass in Western text."""


def decode_with(path: Path, content: bytes, encoding: str = AUTO) -> tuple[str, int]:
    """The encoding of a text, as Python names it, and the bytes of its byte order mark.

    Args:
        path: the file, for messages.
        content: its bytes.
        encoding: its name; `auto` recognises it.

    Raises:
        ValueError: if the bytes are no text of that encoding, or of none that is recognised.
    """
    mark, marked = _byte_order_mark(content)
    chosen = marked or recognise(content) if encoding == AUTO else encoding
    if chosen is None:
        raise ValueError(
            f"path: wanted a table in text, got bytes of no encoding that is recognised in {path}; "
            "say encoding=cp1252 or what it is, or restore the file"
        )
    if encoding != AUTO:
        chosen = _named(encoding, marked)
    _check_text(path, content, chosen, encoding)
    return chosen, mark if chosen == marked else 0


def _named(encoding: str, marked: str | None) -> str:
    """The encoding that was said, with the byte order that the file says.

    Raises:
        ValueError: for a name that Python does not know.
    """
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError) as error:
        raise ValueError(
            f"encoding: wanted auto or a name as utf-8, utf-16 or cp1252, got {encoding!r}; "
            "leave it auto"
        ) from error
    if name in ("utf-16", "utf-32"):
        return marked if marked and marked.startswith(name) else f"{name}-le"
    return "utf-8" if name == "utf-8-sig" else name


def _check_text(path: Path, content: bytes, encoding: str, said: str) -> None:
    """Refuse bytes that the encoding does not read, or reads as no text."""
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError) as error:
        wanted = "encoding: wanted that of" if said != AUTO else "path: wanted text in"
        raise ValueError(
            f"{wanted} {path}, got {encoding}, which does not read it ({error}); leave encoding "
            "auto, or say another"
        ) from error
    if "\0" in text:
        raise ValueError(
            f"path: wanted a table in text, got NUL characters in {path}, read as {encoding}; "
            "mend the file, or say its encoding"
        )


def _byte_order_mark(content: bytes) -> tuple[int, str | None]:
    """Length of the mark, and the encoding that it tells; 0 and None without one."""
    found = [(len(m), name) for m, name in BYTE_ORDER_MARKS.items() if content.startswith(m)]
    return found[0] if found else (0, None)


def recognise(content: bytes) -> str | None:
    """The encoding of a text without a byte order mark; None for what looks like none.

    >>> recognise("Größe;x".encode("cp1252")), recognise("Größe;x".encode("utf-16-be"))
    ('cp1252', 'utf-16-be')
    """
    if b"\0" in content:
        return _wide(content[:SAMPLE])
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return _by_letters(content)
    return "utf-8"


def _wide(content: bytes) -> str | None:
    """UTF-16 or UTF-32, its order of bytes told by where the NULs of common characters are."""
    from charset_normalizer import from_bytes

    order = "be" if content[::2].count(0) > content[1::2].count(0) else "le"
    names = [f"utf_16_{order}", f"utf_32_{order}"]
    whole = content[: len(content) // 4 * 4]
    best = from_bytes(whole, cp_isolation=names, threshold=0.9).best()
    return None if best is None else best.encoding.replace("_", "-")


def _by_letters(content: bytes) -> str | None:
    """The likeliest encoding of the lines that tell; a Western one if that is as likely."""
    from charset_normalizer import from_bytes

    telling = b"".join(line for line in content.splitlines(True) if not line.isascii())[:SAMPLE]
    matches = list(from_bytes(telling, cp_isolation=CANDIDATES, threshold=0.4))
    western = [m for m in matches if WESTERN in (m.encoding, *m.could_be_from_charset)]
    if not matches:
        return None
    if western and (western[0].chaos <= matches[0].chaos + ROOM or _has_signs_only(telling)):
        return WESTERN
    return matches[0].encoding


def _has_signs_only(content: bytes) -> bool:
    """Whether a Western text has signs as ° and µ, but no letters that would tell."""
    text = content.decode(WESTERN, errors="replace")
    return all(char.isascii() or char in "µªº" or not char.isalpha() for char in text)
