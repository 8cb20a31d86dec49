"""Numbers as tables show them, and tables of pages."""

from collections.abc import Iterator, Sequence


def digits(number: float) -> str:
    """A number in two or three digits.

    >>> digits(0.123), digits(0.0012), digits(123.4)
    ('0.12', '0.0012', '123')
    """
    if number == 0 or 0.01 <= abs(number) < 1000:
        return f"{number:.2f}" if abs(number) < 100 else f"{number:.0f}"
    return f"{number:.2g}"


def cell(number: float | None) -> str:
    """A number, or a dash where it is not defined."""
    return "-" if number is None else digits(number)


def two_digits(number: float) -> str:
    """A number in two digits after the point, without a leading zero.

    >>> two_digits(0.941), two_digits(-0.03), two_digits(1.2)
    ('.94', '−.03', '1.20')
    """
    text = f"{abs(number):.2f}"
    sign = "−" if number < 0 and float(text) else ""
    return sign + (text.removeprefix("0") if text.startswith("0.") else text)


def span(numbers: Sequence[float]) -> str:
    """A number with its interval: value, lower limit, upper limit.

    >>> span((0.9, 0.85, 1.0))
    '.90 [.85, 1.00]'
    """
    value, low, high = map(two_digits, numbers)
    return f"{value} [{low}, {high}]"


def markdown(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table of a page, and an empty one."""
    yield "| " + " | ".join(headers) + " |"
    yield "|" + " --- |" * len(headers)
    yield from ("| " + " | ".join(row) + " |" for row in rows)
    yield ""
