"""``recording.json``: read back as written, replaced in one step, and clear when it is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from hmp_twisted.engine import manifest

RECORDING = manifest.Recording(
    id="one",
    state="FINISHED",
    created=1_700_000_000.25,
    duration_s=12.5,
    reason="",
    tracks=(
        manifest.Track(
            number=1,
            source_id="s",
            source_name="Câméra «1»",
            url="udp://@:5000",
            datagrams=7,
            bytes=9212,
            segments=(manifest.Segment(1, 1_700_000_001.0, 0.75, 9212, 11.0, closed=True),),
        ),
    ),
)


def test_it_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Nothing is lost or changed, and nothing else is left in the folder."""
    manifest.write(tmp_path, RECORDING)
    manifest.write(tmp_path, RECORDING)
    assert manifest.read(tmp_path) == RECORDING
    assert [path.name for path in tmp_path.iterdir()] == [manifest.NAME]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is damaged"),
        ("{", "is damaged"),
        ("[]", "is damaged"),
        ("null", "is damaged"),
        ('{"format": 2}', "format 2 is not known"),
        ('{"format": 1}', "is damaged"),
        ('{"format": 1, "id": "x", "state": "RECORDING", "created": "soon"}', "is damaged"),
        ('{"format": 1, "id": "x", "state": "ASLEEP", "created": 1.0}', "is damaged"),
    ],
)
def test_a_damaged_one_says_which_and_why(tmp_path: Path, content: str, reason: str) -> None:
    """The message names the file."""
    (tmp_path / manifest.NAME).write_text(content)
    with pytest.raises(manifest.ManifestError, match=reason) as caught:
        manifest.read(tmp_path)
    assert str(tmp_path / manifest.NAME) in str(caught.value)


def test_invalid_utf8_is_damage(tmp_path: Path) -> None:
    """Bytes that are no text do not escape as another error."""
    (tmp_path / manifest.NAME).write_bytes(b"\xff\xfe{}")
    with pytest.raises(manifest.ManifestError, match="is damaged"):
        manifest.read(tmp_path)


def test_none_is_told(tmp_path: Path) -> None:
    """A folder without one."""
    with pytest.raises(manifest.ManifestError, match="cannot be read: No such file"):
        manifest.read(tmp_path)


def test_a_failed_replacement_leaves_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that refuses the new one does not touch the old one."""
    manifest.write(tmp_path, RECORDING)

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OSError, match="No space"):
        manifest.write(tmp_path, manifest.Recording("two", "PAUSED", 0.0))
    assert manifest.read(tmp_path) == RECORDING
