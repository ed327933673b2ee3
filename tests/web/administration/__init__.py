"""Administration, console, metrics."""
