"""Media for browsers, piece by piece."""
