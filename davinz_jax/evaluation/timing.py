"""How much time one method takes beside another."""

from davinz_jax.semivalues.valuation import Valuation


def time_ratio(slow: Valuation, fast: Valuation) -> float:
    """Seconds of one valuation for each second of another.

    Raises:
        ValueError: if the second took no measured time.
    """
    if fast.seconds <= 0:
        raise ValueError(
            f"fast: wanted a valuation with its time, got {fast.seconds} seconds for "
            f"{fast.method}; time it"
        )
    return slow.seconds / fast.seconds
