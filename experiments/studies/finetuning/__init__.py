"""Rows of fine-tuning data valued by a pretrained encoder's tangent kernel, beside rivals."""
