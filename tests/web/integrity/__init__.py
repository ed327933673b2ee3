"""A recording's integrity, as people read it."""
