"""Finds the whole MPEG-TS packets in a datagram that is not simply seven of them. Pure."""

from __future__ import annotations

import attrs

from . import rtp, ts

_SYNC = bytes([ts.SYNC])


@attrs.define
class Sieve:
    """One source's odd datagrams: what is MPEG-TS in them, RTP put in order, the rest counted."""

    sequencer: rtp.Sequencer = attrs.field(factory=rtp.Sequencer)
    left_out_bytes: int = 0
    """Bytes that are no whole MPEG-TS packet; RTP headers are not counted."""
    foreign_datagrams: int = 0
    """Datagrams without a single packet."""
    is_rtp: bool = False
    """Whether the last datagram that held MPEG-TS was RTP."""

    def sift(self, datagram: bytes, now: float) -> bytes:
        """The whole packets whose turn has come with this datagram, end to end.

        Args:
            datagram: as received.
            now: seconds, on any clock that only runs forward.
        """
        if datagram[:1] == _SYNC:
            self.is_rtp = False
            return self._whole_packets(datagram)
        packet = rtp.parse(datagram)
        # What merely looks like RTP must not disturb the order of what is.
        if packet is None or _SYNC not in packet.payload[: ts.PACKET]:
            return self._whole_packets(datagram)
        self.is_rtp = True
        late = self.sequencer.late
        ready = self.sequencer.push(packet, now)
        self.left_out_bytes += len(packet.payload) * (self.sequencer.late - late)
        return b"".join(map(self._whole_packets, ready))

    def flush(self) -> bytes:
        """The packets that are held for the sake of their order, end to end."""
        return b"".join(map(self._whole_packets, self.sequencer.flush()))

    def _whole_packets(self, payload: bytes) -> bytes:
        kept = whole_packets(payload)
        self.left_out_bytes += len(payload) - len(kept)
        self.foreign_datagrams += not kept
        return kept


def whole_packets(payload: bytes) -> bytes:
    """Those bytes of ``payload`` that are whole packets, in their order.

    If packets stand every 188 bytes from some offset on to the end, they are taken from there;
    else those that have their sync byte, counted from the beginning.
    """
    if len(payload) % ts.PACKET == 0 and _all_sync(payload[:: ts.PACKET]):
        return payload
    offset = _offset(payload)
    if offset is not None:
        end = offset + (len(payload) - offset) // ts.PACKET * ts.PACKET
        return payload[offset:end]
    whole = range(0, len(payload) - ts.PACKET + 1, ts.PACKET)
    return b"".join(payload[at : at + ts.PACKET] for at in whole if payload[at] == ts.SYNC)


def _all_sync(firsts: bytes) -> bool:
    return bool(firsts) and not firsts.strip(_SYNC)


def _offset(payload: bytes) -> int | None:
    """Where the packets of a datagram begin whose sender cut its stream anywhere.

    One sync byte is found in any bytes; two, 188 bytes apart and none missing, hardly.
    """
    for offset in range(min(ts.PACKET, len(payload) - ts.PACKET)):
        if _all_sync(payload[offset :: ts.PACKET]):
            return offset
    return None
