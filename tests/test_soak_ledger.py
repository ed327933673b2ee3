"""The ledger of ``make soak`` finds what is missing, whatever excuses there are for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soaking.encoders import Encoder
from benchmarks.soaking.ledger import (
    FULL,
    KILLED,
    LOST,
    PAUSED,
    RECORDED,
    UNKNOWN,
    Ledger,
    Take,
    Window,
)
from hmp_twisted.engine.lane import Lane
from hmp_twisted.engine.segments import SegmentFile
from tests.harness import memory_disk, packets

SENT = 1000
PER_TICK = 10
TICK_S = 0.02


@pytest.fixture
def encoder() -> Encoder:
    """One that sent ten datagrams at each of a hundred ticks, from 100 s on."""
    made = Encoder(seed=3, bitrate=1_000_000)
    for tick in range(SENT // PER_TICK):
        made.note(PER_TICK, 100.0 + tick * TICK_S)
    return made


def entered(
    encoder: Encoder, folder: Path, kept: list[range], *windows: Window, lost: int = 0
) -> Ledger:
    """The ledger of a take of which these datagrams were recorded."""
    path = folder / "00001.ts"
    path.write_bytes(b"".join(encoder.datagrams(part.start, len(part)) for part in kept))
    take = Take("one", 1, encoder, 0, SENT, list(windows))
    ledger = Ledger()
    ledger.enter(take, [path], lost)
    return ledger


def test_nothing_is_missing(encoder: Encoder, tmp_path: Path) -> None:
    """All that was sent is there."""
    ledger = entered(encoder, tmp_path, [range(SENT)])
    assert dict(ledger.totals) == {"sent": SENT, "recorded": SENT, LOST: 0, UNKNOWN: 0}
    assert not ledger.faults


def test_a_hole_without_a_reason(encoder: Encoder, tmp_path: Path) -> None:
    """One datagram is enough, and the line says whose."""
    ledger = entered(encoder, tmp_path, [range(500), range(501, SENT)])
    assert ledger.totals[UNKNOWN] == 1
    assert "track 1 (encoder 3): 1 missing without a reason; holes: [(500, 501)]" in str(ledger)


@pytest.mark.parametrize("why", [PAUSED, KILLED])
def test_a_hole_with_a_reason(encoder: Encoder, tmp_path: Path, why: str) -> None:
    """It must lie within the time that the reason has."""
    kept = [range(400), range(600, SENT)]  # missing: 100.8 s to 101.2 s
    assert entered(encoder, tmp_path, kept, Window(why, 100.8, 101.2)).totals[why] == 200
    for late, early in ((100.9, 101.2), (100.8, 101.0)):
        assert entered(encoder, tmp_path, kept, Window(why, late, early)).totals[UNKNOWN] == 200
    before = Window(why, 100.9, 101.2, before_s=0.1)
    assert entered(encoder, tmp_path, kept, before).totals[why] == 200


def test_what_was_counted_as_lost(encoder: Encoder, tmp_path: Path) -> None:
    """As many as the recording counted, and no more."""
    ledger = entered(encoder, tmp_path, [range(500), range(510, SENT)], lost=8)
    assert (ledger.totals[LOST], ledger.totals[UNKNOWN]) == (8, 2)


def test_the_end_on_a_full_disk(encoder: Encoder, tmp_path: Path) -> None:
    """Only at the end, and only from then on."""
    path = tmp_path / "00001.ts"
    path.write_bytes(encoder.datagrams(0, 800))
    for moment, unknown in ((101.6, 0), (101.9 + 0.25, 200)):
        ledger = Ledger()
        ledger.enter(Take("one", 1, encoder, 0, SENT, [], moment), [path], 0)
        assert (ledger.totals[FULL], ledger.totals[UNKNOWN]) == (200 - unknown, unknown)


def test_a_datagram_torn_by_a_kill(encoder: Encoder, tmp_path: Path) -> None:
    """Its first packets may be there; it counts as missing, and needs the kill as a reason."""
    paths = [tmp_path / "00001.ts", tmp_path / "00002.ts"]
    paths[0].write_bytes(encoder.datagrams(0, 401)[: -3 * packets.PACKET])
    paths[1].write_bytes(encoder.datagrams(500, 500))
    for windows, unknown in (([Window(KILLED, 100.8, 101.0)], 0), ([], 100)):
        ledger = Ledger()
        ledger.enter(Take("one", 1, encoder, 0, SENT, windows), paths, 0)
        assert (ledger.totals[KILLED], ledger.totals[UNKNOWN]) == (100 - unknown, unknown)
        assert ledger.torn_packets == 4
        assert len(ledger.faults) == bool(unknown)


def test_a_datagram_torn_by_a_disk_that_is_full(encoder: Encoder, tmp_path: Path) -> None:
    """A disk takes part of a write, to the byte; whole packets of it are kept and accounted for."""
    room = 100 * 4096
    with memory_disk(tmp_path / "small", room) as why_not:
        if why_not:
            pytest.skip(f"a disk that runs full needs root and mount: {why_not}")
        segment = SegmentFile(tmp_path / "small" / "00001.ts", 1, 0.0, 0.0, 0.0, Lane())
        segment.write(encoder.datagrams(0, 300))
        with pytest.raises(OSError, match="No space left"):
            segment.write(encoder.datagrams(300, 300))
        segment.close()
        assert room - packets.PACKET < segment.written < room
        ledger = Ledger()
        moment = encoder.sent_by(300)
        ledger.enter(Take("one", 1, encoder, 0, 600, [], moment), [segment.path], 0)
    assert not ledger.faults
    assert segment.written % packets.DATAGRAM == ledger.torn_packets * packets.PACKET > 0
    kept = segment.written // packets.DATAGRAM
    assert dict(ledger.totals) == {
        "sent": 600,
        RECORDED: kept,
        FULL: 600 - kept,
        LOST: 0,
        UNKNOWN: 0,
    }


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda data: data[:-7], "ends within a packet"),
        (lambda data: data[:-1316] + data[:188], "one that was not sent then"),
        (lambda data: data[:700] + b"x" + data[701:], "holds other bytes than were sent"),
        (lambda data: data + data[: packets.DATAGRAM], "twice, or out of order"),
    ],
)
def test_other_bytes_than_were_sent(
    encoder: Encoder, tmp_path: Path, spoil: object, told: str
) -> None:
    """A torn end, a changed byte, a datagram twice."""
    assert callable(spoil)
    path = tmp_path / "00001.ts"
    path.write_bytes(spoil(encoder.datagrams(0, SENT)))
    ledger = Ledger()
    ledger.enter(Take("one", 1, encoder, 0, SENT), [path], 0)
    assert any(told in fault for fault in ledger.faults)
