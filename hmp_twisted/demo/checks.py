"""Holds what was recorded and what was received against what was sent."""

from __future__ import annotations

from pathlib import Path

from .dialogue import DemoError, say

PACKET = 188
NULL_PID = 0x1FFF


def pid_of(packet: bytes) -> int:
    """The packet's PID (ISO/IEC 13818-1 2.4.3.2)."""
    return (packet[1] & 0x1F) << 8 | packet[2]


def packets_of(data: bytes) -> list[bytes]:
    """The packets of a transport stream, null packets left out."""
    packets = [data[i : i + PACKET] for i in range(0, len(data), PACKET)]
    return [packet for packet in packets if pid_of(packet) != NULL_PID]


def check_recorded(segment: Path, must_have: bytes, sent: bytes) -> None:
    """A segment is one run of what was sent, and has all that was sent between the answers.

    Raises:
        DemoError: it is not, or it lacks something.
    """
    recorded = segment.read_bytes()
    if not recorded or recorded not in sent:
        raise DemoError(f"{segment} is not byte for byte what was sent")
    if must_have not in recorded:
        raise DemoError(f"{segment} lacks datagrams that arrived between the commands")
    say(f"  {segment.name}: {len(recorded):,} bytes, byte for byte as sent")


def check_received(received: bytes, segments: list[bytes]) -> None:
    """Every packet of the recording arrived, in order; the first segment's to the byte.

    Raises:
        DemoError: something is missing, changed or out of order.
    """
    arrived = packets_of(received)
    recorded = [packet for segment in segments for packet in packets_of(segment)]
    first = packets_of(segments[0])
    if arrived[: len(first)] != first:
        raise DemoError("the stream's first segment is not byte for byte what was recorded")
    if [pid_of(p) for p in arrived] != [pid_of(p) for p in recorded]:
        raise DemoError(f"{len(arrived)} packets arrived where {len(recorded)} were recorded")
    if errors := _continuity_errors(arrived):
        raise DemoError(f"the stream has {errors} continuity errors")
    say(f"  {len(arrived):,} packets received, none lost, no continuity error over the pause")


def _continuity_errors(packets: list[bytes]) -> int:
    """Breaks of the continuity counter (ISO/IEC 13818-1 2.4.3.3) in packets with payload."""
    last: dict[int, int] = {}
    errors = 0
    for packet in packets:
        counter, has_payload = packet[3] & 0x0F, bool(packet[3] & 0x10)
        before = last.get(pid_of(packet))
        if before is not None and has_payload and counter != (before + 1) & 0x0F:
            errors += 1
        last[pid_of(packet)] = counter
    return errors
