"""The programme clock reference, by tables worked out from ISO/IEC 13818-1 2.4.3.4 and 2.4.3.5."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hmp_twisted.engine import pcr, ts

TABLE = [
    # base 0, extension 0: reserved bits 111111 between them
    ("00 00 00 00 7e 00", 0),
    # base 1
    ("00 00 00 00 fe 00", 300),
    # extension 299, the highest: 1 0010 1011
    ("00 00 00 00 7f 2b", 299),
    # base 2**33 - 1, extension 299: one tick before the wrap
    ("ff ff ff ff ff 2b", pcr.WRAP - 1),
    # base 900000 = 10 s of 90 kHz: 900000 >> 1 = 0x06DDD0, lowest bit 0
    ("00 06 dd d0 7e 00", 10 * pcr.HZ),
]


def _packet(field: str, *, pid: int = 0x100, flags: int = 0x10, length: int = 7) -> bytes:
    head = bytes([0x47, pid >> 8, pid & 0xFF, 0x30, length, flags])
    return (head + bytes.fromhex(field)).ljust(ts.PACKET, b"\xff")


@pytest.mark.parametrize(("field", "ticks"), TABLE)
def test_a_pcr_is_read_as_the_standard_writes_it(field: str, ticks: int) -> None:
    """33 bits of base, 6 reserved, 9 of extension; base times 300 plus extension."""
    found = pcr.find(ts.words_of(_packet(field)))
    assert found.ticks.tolist() == [ticks]
    assert found.pids.tolist() == [0x100]


def test_only_packets_with_a_pcr_are_found() -> None:
    """The PCR flag counts, and only in an adaptation field long enough to hold one."""
    field = TABLE[1][0]
    data = (
        bytes([0x47, 1, 0, 0x10]).ljust(ts.PACKET, b"\x10")  # payload alone
        + _packet(field, flags=0x00)
        + _packet(field, flags=0x90, pid=0x200)
        + _packet(field, length=6)
        + _packet(field, length=0)
        + _packet(field)
    )
    found = pcr.find(ts.words_of(data))
    assert found.packets.tolist() == [2, 5]
    assert found.pids.tolist() == [0x200, 0x100]
    assert found.discontinuous.tolist() == [True, False]


def test_nothing_is_found_in_nothing() -> None:
    """An empty run of packets has no PCR."""
    assert pcr.find(ts.words_of(b"")).ticks.size == 0


@pytest.mark.parametrize(
    ("earlier", "later", "ticks"),
    [(0, 300, 300), (pcr.WRAP - 100, 200, 300), (200, pcr.WRAP - 100, -300), (5, 5, 0)],
)
def test_a_difference_goes_over_the_wrap(earlier: int, later: int, ticks: int) -> None:
    """After 26.5 hours the clock begins again; a difference does not notice."""
    assert pcr.elapsed(earlier, later) == ticks


@given(
    st.integers(0, pcr.WRAP - 1),
    st.lists(st.integers(-(pcr.WRAP // 2), pcr.WRAP // 2 - 1), max_size=40),
)
def test_unwrapping_gives_back_every_step(start: int, steps: list[int]) -> None:
    """However often the clock wraps, its steps come out as they were made."""
    true = np.cumsum([start, *steps]).astype(np.int64)
    assert pcr.unwrapped(true % pcr.WRAP).tolist() == true.tolist()
