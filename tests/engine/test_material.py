"""Material of every kind, cut anywhere and joined: what players need of the joints is kept."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from hmp_twisted.engine.pacer.packets import (
    PACKET,
    STAMP_WRAP,
    as_packets,
    find_pcrs,
    find_stamps,
    pids_of,
)
from media.make_clips import find_ffmpeg

from .test_playlist import continuity_errors, cut, lateness, playlist_of, sent_by

VIDEO = {
    "h264 vbr": ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "3", "-g", "50"],
    "hevc": ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25"],
    "mpeg2 cbr": ["-c:v", "mpeg2video", "-b:v", "1M", "-bf", "2", "-muxrate", "4M"],
}
AUDIO = ["mp2", "libmp3lame", "ac3", "eac3", "aac", "libopus"]
SECONDS = 4


@pytest.fixture(scope="module", params=sorted(VIDEO))
def clip(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A picture of this kind with six tones, each coded in another way."""
    path = tmp_path_factory.mktemp("material") / "clip.ts"
    ffmpeg = find_ffmpeg()
    known = subprocess.run([ffmpeg, "-encoders"], capture_output=True, text=True, check=True).stdout
    wanted = [VIDEO[request.param][1], *AUDIO]
    missing = [name for name in wanted if f" {name} " not in known]
    if missing:
        pytest.skip(f"{ffmpeg} has no encoder {missing}")
    command = [ffmpeg, "-hide_banner", "-nostdin", "-loglevel", "error"]
    command += ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]
    command += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-map", "0:v"]
    command += [word for _ in AUDIO for word in ("-map", "1:a")] + ["-ac", "2"]
    command += [word for n, kind in enumerate(AUDIO) for word in (f"-c:a:{n}", kind)]
    command += [*VIDEO[request.param], "-pix_fmt", "yuv420p", "-t", str(SECONDS)]
    subprocess.run([*command, "-f", "mpegts", str(path)], check=True, timeout=120)
    return path.read_bytes()


def test_it_is_sent_as_it_is_in_its_own_time(clip: bytes, tmp_path: Path) -> None:
    """At a constant rate and at a varying one: every PCR leaves at its own time."""
    sent, due = sent_by(playlist_of(tmp_path, clip, duration_s=SECONDS))
    assert sent == clip
    assert due[-1] == pytest.approx(SECONDS, abs=0.3)
    assert max(lateness(sent, due)) < 1e-6


@pytest.mark.parametrize(("end", "start"), [(0.31, 0.47), (0.77, 0.52), (0.5, 0.5)])
def test_cut_in_the_middle_it_joins(clip: bytes, end: float, start: float, tmp_path: Path) -> None:
    """Pause, step back, and loss of nothing: counters, DTS and PTS of every stream go on."""
    count = len(clip) // PACKET
    first, second = cut(clip, 0, int(count * end)), cut(clip, int(count * start))
    sent, due = sent_by(playlist_of(tmp_path, first, second, duration_s=SECONDS / 2))
    packets = as_packets(sent)
    assert sent.startswith(first)
    assert continuity_errors(packets) == 0
    assert set(pids_of(packets).tolist()) >= set(pids_of(as_packets(clip)).tolist())
    steps = np.diff(find_pcrs(packets).value)
    assert 0 < steps.min() <= steps.max() < 0.25 * 27e6
    stamps = find_stamps(packets)
    for pid in np.unique(stamps.pid).tolist():
        apart = np.diff(stamps.dts[stamps.pid == pid]) % STAMP_WRAP
        assert ((apart > 0) & (apart < 90_000)).all(), f"DTS of PID {pid}"
        shown = np.diff(np.sort(stamps.pts[stamps.pid == pid]))
        assert shown.min() > 90, f"two pictures of PID {pid} at one time"
    assert max(later - former for former, later in pairwise(due)) < 0.3
