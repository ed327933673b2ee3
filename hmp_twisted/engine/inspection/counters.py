"""The counters of what is wrong inside the packets, by name and slot."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

CONTINUITY = "continuity_errors"
TRANSPORT = "transport_errors"
PAT = "pat_errors"
PMT = "pmt_errors"
PID = "pid_errors"
CRC = "crc_errors"
CAT = "cat_errors"
PTS = "pts_errors"
PCRS = "pcrs"
PCR_REPETITION = "pcr_repetition_errors"
PCR_DISCONTINUITY = "pcr_discontinuity_errors"
PCR_NEW_BASE = "pcr_discontinuities"
PCR_ACCURACY = "pcr_accuracy_errors"
NAMES = (
    *(CONTINUITY, TRANSPORT, PAT, PMT, PID, CRC, CAT, PTS),
    *(PCRS, PCR_REPETITION, PCR_DISCONTINUITY, PCR_NEW_BASE, PCR_ACCURACY),
)
"""As the manifest has them; docs/integrity.md gives each one's number in TR 101 290."""

_ROWS = {name: row for row, name in enumerate(NAMES)}

Slots = npt.NDArray[np.integer[Any]]
T = TypeVar("T", bound=np.generic)


class Counters:
    """Counts by name and slot; they only go up, until a slot is another source's."""

    def __init__(self) -> None:
        self._counts: npt.NDArray[np.int64] = np.zeros((len(NAMES), 0), np.int64)

    def reserve(self, slots: int) -> None:
        """Make room for slots below ``slots``."""
        more = np.zeros((len(NAMES), slots - self._counts.shape[1]), np.int64)
        self._counts = np.concatenate((self._counts, more), axis=1)

    def forget(self, slot: int) -> None:
        """The slot is another source's from now on."""
        self._counts[:, slot] = 0

    def add(self, name: str, slots: Slots) -> None:
        """Count one for each slot given, as often as it is given."""
        if slots.size:
            counts = self._counts[_ROWS[name]]
            counts += np.bincount(slots, minlength=counts.size)

    def add_one(self, name: str, slot: int) -> None:
        """Count one."""
        self._counts[_ROWS[name], slot] += 1

    def set(self, name: str, counts: npt.NDArray[np.int64]) -> None:
        """Take a counter over, of every slot, from whoever keeps it."""
        self._counts[_ROWS[name], : counts.size] = counts

    def of(self, slot: int) -> dict[str, int]:
        """A slot's counters."""
        return dict(zip(NAMES, self._counts[:, slot].tolist(), strict=True))


def grown(array: npt.NDArray[T], size: int) -> npt.NDArray[T]:
    """The array with zeros added up to ``size``."""
    return np.concatenate((array, np.zeros(size - array.shape[0], array.dtype)))
