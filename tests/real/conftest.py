"""Servers with sources on free ports; ``hall.py`` says what they offer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .hall import Hall


@pytest.fixture
def hall() -> Iterator[Hall]:
    """A server of one test's own, with the API on for this machine, not started."""
    folder = Path(tempfile.mkdtemp(prefix="hmp-"))
    hall = Hall(folder)
    try:
        hall.admit()
        yield hall
        hall.close()
    finally:
        hall.end_all()
        shutil.rmtree(folder, ignore_errors=True)
