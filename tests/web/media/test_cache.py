"""The cache: bounded, the oldest goes first, and what is gone is forgotten."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from hmp_twisted.errors import DiskFullError
from hmp_twisted.web.media.cache import KEEP_S, Cache


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Of at most 100 bytes."""
    return Cache(tmp_path / "cache", 100, 0)


def put(cache: Cache, name: str, size: int, age_s: float = 0.0) -> Path:
    """Put a file of this age into it."""
    cache.folder.mkdir(exist_ok=True)
    path = cache.path_of(name)
    path.write_bytes(b"x" * size)
    then = time.time() - age_s
    os.utime(path, (then, then))
    return path


def test_the_oldest_go_first_and_only_as_many_as_needed(cache: Cache) -> None:
    """What was asked for is as good as new."""
    for name, age_s in (("a", 30), ("b", 20), ("c", 10)):
        put(cache, name, 30, age_s)
    assert cache.find("a") == cache.path_of("a")
    cache.make_room(40)
    assert cache.names() == {"a", "c"}
    cache.make_room(40)
    assert cache.names() == {"a", "c"}


def test_what_does_not_fit_at_all_is_refused(cache: Cache, tmp_path: Path) -> None:
    """Beyond the bound, or when the disk is to stay free: recording comes first."""
    with pytest.raises(DiskFullError, match="no room for 101 bytes"):
        cache.make_room(101)
    with pytest.raises(DiskFullError, match="no room"):
        Cache(tmp_path / "other", 100, 1 << 60).make_room(1)


def test_what_nobody_asked_for_goes(cache: Cache) -> None:
    """After a day; also what a server that died had begun."""
    put(cache, "old.mp4", 1, KEEP_S + 60)
    put(cache, "old.part", 1, KEEP_S + 60)
    put(cache, "new.mp4", 1, KEEP_S - 60)
    put(cache, "gone.mp4", 1)
    cache.tidy(["gone.mp4", "never-was.mp4"])
    assert cache.names() == {"new.mp4"}


def test_a_cache_that_was_never_used_is_empty(cache: Cache) -> None:
    """And no folder is made to look into it."""
    cache.tidy([])
    assert cache.names() == frozenset()
    assert cache.find("a") is None
    assert not cache.folder.exists()
