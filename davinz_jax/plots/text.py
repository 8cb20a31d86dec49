"""Text that users named, in a figure or on a terminal: nothing but text.

A party may be called `$x^$` or hold control characters, which figures and terminals take for more.
"""

LONGEST = 60
"""Characters of a name in a figure."""


def printable(text: str) -> str:
    """Text that moves no cursor and rings no bell: control characters as Python writes them.

    >>> len(printable(chr(27) + "[31m"))
    8
    """
    return "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)


def drawn(text: object) -> str:
    r"""A name as a figure shows it: no mathematics, no control characters, not too long.

    >>> print(drawn("$x^$"))
    \$x^\$
    """
    shown = printable(str(text))
    return (shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…").replace("$", r"\$")
