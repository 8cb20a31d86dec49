"""Numbers as tables show them."""


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
