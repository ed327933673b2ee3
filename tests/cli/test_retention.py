"""``hmpctl recording expire``, ``protect`` and ``unprotect``, and where they show."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from hmp_twisted.store.schema import recordings
from tests.catalogue import add_files, add_recording

from .conftest import Hmpctl


@pytest.fixture
def recording(ctl: Hmpctl) -> str:
    """A recording that ended at 2026-01-31T12:00:12Z, reckoned from its start and duration."""
    with ctl.store.begin() as conn:
        made = add_recording(conn, "Done")
    add_files(ctl.recordings, made)
    return made


def test_an_expiry_of_its_own(ctl: Hmpctl, recording: str) -> None:
    """In days, ``never``, and ``default``; told by show and list."""
    shown = ctl.json("recording", "show", recording)
    assert (shown["protected"], shown["expire_after_days"], shown["expires"]) == (False, None, None)
    ctl("recording", "expire", recording, "1.5")
    shown = ctl.json("recording", "show", recording)
    assert (shown["expire_after_days"], shown["expires"]) == (1.5, "2026-02-02T00:00:12Z")
    assert "Kept:         until 2026-02-02T00:00:12Z" in ctl("recording", "show", recording)
    assert "until 2026-02-02T00:00:12Z" in ctl("recording", "list")
    ctl("recording", "expire", recording, "never")
    assert ctl.json("recording", "list")[0]["expire_after_days"] == 0
    ctl("recording", "expire", recording, "default")
    assert ctl.json("recording", "list")[0]["expire_after_days"] is None


def test_protection(ctl: Hmpctl, recording: str) -> None:
    """It is shown instead of an expiry, and taken back."""
    ctl("recording", "expire", recording, "3")
    ctl("recording", "protect", "Done")
    assert ctl.json("recording", "list")[0]["protected"] is True
    assert ctl.json("recording", "show", recording)["expires"] is None
    assert "protected" in ctl("recording", "list")
    ctl("recording", "unprotect", recording)
    assert ctl.json("recording", "show", recording)["expires"] == "2026-02-03T12:00:12Z"


def test_a_recording_in_the_bin_is_marked_and_restored(ctl: Hmpctl, recording: str) -> None:
    """It would look like any other, and yet no command finds it."""
    assert ctl.json("recording", "list")[0]["deleted"] is None
    with ctl.store.begin() as conn:
        conn.execute(update(recordings).values(deleted=1_769_860_800.0))
    assert ctl.json("recording", "show", recording)["deleted"] == "2026-01-31T12:00:00Z"
    for shown in (ctl("recording", "list"), ctl("recording", "show", recording)):
        assert "in the bin until 2026-03-02T12:00:00Z" in shown
    assert ctl("recording", "restore", recording) == ""
    assert ctl.json("recording", "list")[0]["deleted"] is None
    assert "in the bin" not in ctl("recording", "list")


@pytest.mark.parametrize("days", ["0", "-1", "soon", "nan", ""])
def test_no_number_of_days(ctl: Hmpctl, recording: str, days: str) -> None:
    """Wrong usage, in one line."""
    told = ctl.refused("recording", "expire", "--", recording, days, status=2)
    assert "must be a number of days greater than 0, never, or default" in told


def test_too_many_days(ctl: Hmpctl, recording: str) -> None:
    """Refused with the range."""
    told = ctl.refused("recording", "expire", recording, "99999")
    assert told == "99999 days: must be more than 0 and at most 36500"


def test_the_configured_default(ctl: Hmpctl, recording: str, tmp_path: Path) -> None:
    """It shows on what has no expiry of its own, and in the status with the policy."""
    config = tmp_path / "hmp.toml"
    config.write_text('[recordings]\nexpire_after_days = 2\nstorage_policy = "prune"\n')
    listed = ctl.json("--config", str(config), "recording", "list")
    assert listed[0]["expires"] == "2026-02-02T12:00:12Z"
    told = ctl.json("--config", str(config), "status")["recordings"]
    assert (told["expire_after_days"], told["storage_policy"]) == (2, "prune")
    text = ctl("--config", str(config), "status")
    assert "for 2 days; at the floor the oldest unprotected ones are removed" in text
    assert "until they are removed; at the floor new recordings are refused" in ctl("status")
