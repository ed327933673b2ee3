"""The tests: they mirror the packages; contract/ and real/ run the whole server."""
