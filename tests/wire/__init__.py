"""The wire: bytes to words and back, order, limits and access."""
