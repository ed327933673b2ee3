"""Parts of the benchmark of playing out: receiving, figures, the senders that are compared."""
