"""The fakes are held to what they stand for."""

from __future__ import annotations

import inspect

import pytest

from hmp_twisted.bus.client import EngineClient

from .fakes import FakeEngine

METHODS = [name for name in vars(FakeEngine) if inspect.iscoroutinefunction(vars(FakeEngine)[name])]


@pytest.mark.parametrize("name", METHODS)
def test_the_fake_engine_has_the_signatures_of_the_real_client(name: str) -> None:
    """A change of the client's is seen here, and not only when a real engine runs."""
    assert inspect.signature(getattr(FakeEngine, name)) == inspect.signature(
        getattr(EngineClient, name)
    )
