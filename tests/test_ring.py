"""A ring keeps the last items, numbers them, and tells who watches."""

from __future__ import annotations

from hmp_twisted.ring import Ring


def test_the_last_items_are_kept_with_their_numbers() -> None:
    """The oldest goes; its number is not given again."""
    ring = Ring[str](3)
    assert ring.after(0) == []
    for item in "abcde":
        ring.append(item)
    assert ring.after(0) == [(3, "c"), (4, "d"), (5, "e")]
    assert ring.after(4) == [(5, "e")]
    assert ring.after(5) == ring.after(99) == []
    assert ring.last == 5


def test_who_watches_is_told_until_it_ends() -> None:
    """Also when it ends while it is told."""
    ring, told = Ring[int](2), []

    def once() -> None:
        told.append(ring.last)
        end()

    end = ring.watch(once)
    ring.append(10)
    ring.append(11)
    assert told == [1]
