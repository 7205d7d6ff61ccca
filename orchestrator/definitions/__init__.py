"""Documents that people write: strict, unknown fields refused, every problem reported at once."""
