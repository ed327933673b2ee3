"""The limit of open files is raised as far as the system lets it."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from hmp_twisted.descriptors import WANTED, allow_many


@pytest.fixture
def limits() -> Iterator[tuple[int, int]]:
    """The limits of this process; put back afterwards."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_low_limit_is_raised(limits: tuple[int, int]) -> None:
    """To what is wanted, or to what is allowed."""
    _, hard = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(WANTED, hard)
    assert allow_many() == wanted
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)


def test_one_that_is_high_enough_stays(limits: tuple[int, int]) -> None:
    """Nothing is ever lowered."""
    allow_many()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert allow_many() == before[0]
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
