"""Finds the whole MPEG-TS packets in a datagram that is not simply seven of them. Pure."""

from __future__ import annotations

import attrs

from . import rtp, ts

_SYNC = bytes([ts.SYNC])
_WRAPPED = ((192, 4), (204, 0))
"""Packets with four bytes of time stamp before each (192), or sixteen of parity after it (204):
their size, and where the packet is in it."""
_ENOUGH = 3
"""So many sync bytes at even distances are no accident."""
_LOST_AFTER, _FOUND_AFTER = 2, 5
"""Packets without and with their sync byte, in a row (TR 101 290 1.1)."""


@attrs.define
class Synchronisation:
    """Whether a source's sync bytes are where they belong: TR 101 290 1.1 and 1.2."""

    losses: int = 0
    byte_errors: int = 0
    _found: bool = True
    _wrong: int = 0
    _right: int = 0

    def feed(self, firsts: bytes) -> None:
        """Take the first bytes of packets, in order."""
        if not firsts.strip(_SYNC):
            self._take_right(len(firsts))
            return
        for first in firsts:
            if first == ts.SYNC:
                self._take_right(1)
            else:
                self._take_wrong()

    def reset(self) -> None:
        """Whole datagrams came meanwhile, full of packets."""
        self._found, self._wrong, self._right = True, 0, 0

    def _take_right(self, count: int) -> None:
        self._wrong, self._right = 0, self._right + count
        self._found = self._found or self._right >= _FOUND_AFTER

    def _take_wrong(self) -> None:
        self.byte_errors += 1
        self._wrong, self._right = self._wrong + 1, 0
        if self._found and self._wrong >= _LOST_AFTER:
            self.losses += 1
            self._found = False


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
    packet_size: int = ts.PACKET
    """188, or 192 or 204 if the last datagram looked at had such packets; recorded are 188."""
    sync: Synchronisation = attrs.field(factory=Synchronisation)
    _received: int = 0

    def begin(self, received: int, count: int) -> None:
        """The next ``count`` datagrams are to be sifted; ``received`` were before.

        Those of them that were not sifted held seven whole packets each.
        """
        if received != self._received:
            self.sync.reset()
        self._received = received + count

    def sift(self, datagram: bytes, now: float) -> bytes:
        """The whole packets whose turn has come with this datagram, end to end.

        Args:
            datagram: as received.
            now: seconds, on any clock that only runs forward.
        """
        if datagram[:1] == _SYNC or _is_time_stamped(datagram):
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
        size, offset = layout_of(payload)
        self.sync.feed(payload[offset::size] if size else b"\0" * _LOST_AFTER)
        kept = _cut_out(payload, size, offset)
        self.left_out_bytes += len(payload) - len(kept)
        self.foreign_datagrams += not kept
        if kept:
            self.packet_size = size
        return kept


def whole_packets(payload: bytes) -> bytes:
    """Those bytes of ``payload`` that are whole packets of 188 bytes, in their order.

    Packets that stand at even distances from some offset on to the end are taken from there, out
    of what they are wrapped in; else those that have their sync byte, counted from the beginning.
    """
    return _cut_out(payload, *layout_of(payload))


def layout_of(payload: bytes) -> tuple[int, int]:
    """From how many bytes to how many, and from which on, packets stand in a datagram.

    Returns:
        188, 192 or 204, and the offset of the first sync byte; twice 0 if there is no packet.
    """
    if len(payload) % ts.PACKET == 0 and _all_sync(payload[:: ts.PACKET]):
        return ts.PACKET, 0
    for size, offset in _WRAPPED:
        if len(payload) % size == 0 and _all_sync(payload[offset::size]):
            return size, offset
    for size, enough in ((ts.PACKET, 1), *((size, _ENOUGH) for size, _ in _WRAPPED)):
        found = _offset(payload, size, enough)
        if found is not None:
            return size, found
    return (ts.PACKET, 0) if _SYNC in payload[: 1 - ts.PACKET : ts.PACKET] else (0, 0)


def _is_time_stamped(datagram: bytes) -> bool:
    """Whether it is whole packets of 192 bytes, whose time stamps may look like an RTP header."""
    size, offset = _WRAPPED[0]
    return len(datagram) % size == 0 and _all_sync(datagram[offset::size])


def _cut_out(payload: bytes, size: int, offset: int) -> bytes:
    if not size:
        return b""
    if size == ts.PACKET and _all_sync(payload[offset::size]):
        end = offset + (len(payload) - offset) // size * size
        return payload[offset:end]
    whole = range(offset, len(payload) - ts.PACKET + 1, size)
    return b"".join(payload[at : at + ts.PACKET] for at in whole if payload[at] == ts.SYNC)


def _all_sync(firsts: bytes) -> bool:
    return bool(firsts) and not firsts.strip(_SYNC)


def _offset(payload: bytes, size: int, enough: int) -> int | None:
    """Where the packets of a datagram begin whose sender cut its stream anywhere.

    One sync byte is found in any bytes; two, 188 bytes apart and none missing, hardly.
    """
    for offset in range(min(size, len(payload) - ts.PACKET)):
        firsts = payload[offset::size]
        if len(firsts) >= enough and _all_sync(firsts):
            return offset
    return None
