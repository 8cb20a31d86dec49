"""Bilinear resizing of image batches, by half-pixel centres.

Along each axis a new pixel is a weighted mean of old ones with triangular weights, widened when
the image shrinks (antialias), as in common imaging libraries; two matrix products do both axes.
"""

import numpy as np
from jaxtyping import Float


def resize_bilinear(
    images: Float[np.ndarray, "n h w c"], height: int, width: int
) -> Float[np.ndarray, "n a b c"]:
    """Images at another height and width, in their dtype.

    Raises:
        ValueError: if a side is not positive.
    """
    if height < 1 or width < 1:
        raise ValueError(f"size: wanted positive sides, got ({height}, {width}); give pixels >= 1")
    if images.shape[1:3] == (height, width):
        return images
    rows = _weights(images.shape[1], height).astype(images.dtype)
    columns = _weights(images.shape[2], width).astype(images.dtype)
    # (a, h), (n, h, w, c) -> (n, a, w, c) -> (n, a, b, c)
    tall = np.einsum("ah,nhwc->nawc", rows, images, optimize=True)
    return np.ascontiguousarray(np.einsum("bw,nawc->nabc", columns, tall, optimize=True))


def _weights(old: int, new: int) -> Float[np.ndarray, "new old"]:
    """Share of each old pixel in each new one; rows sum to 1."""
    stretch = max(old / new, 1.0)
    centres = (np.arange(new) + 0.5) * old / new
    distance = np.abs(np.arange(old)[None, :] + 0.5 - centres[:, None])
    weights = np.clip(1.0 - distance / stretch, 0.0, None)
    return weights / weights.sum(axis=1, keepdims=True)
