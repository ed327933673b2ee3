"""How long a recording is kept, as its owners decide: each act needs ``delete`` on it."""

from __future__ import annotations

from sqlalchemy import Connection

from ..logs import Logger
from ..store.pool import Store
from . import rights
from .directory import retention
from .rights import Actor, Kind

log = Logger()


class Keeping:
    """Expiry and protection."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def keep(
        self, actor: Actor, recording_id: str, days: float | None, protected: bool
    ) -> None:
        """Have a recording removed by itself so many days after its end.

        Args:
            actor: who asks.
            recording_id: of a recording.
            days: :data:`.retention.NEVER` for never, ``None`` for the configured default.
            protected: whether it stays whatever its expiry and however full the disk.

        Raises:
            RecordingNotFoundError, NotAuthorizedError
            InvalidValueError: the number of days is out of range.
        """
        name = f"set how long recording {recording_id} is kept"
        await self._store.transact(name, _keep, actor, recording_id, days, protected)
        log.info(
            "recording {recording}: kept {how} by {actor}",
            recording=recording_id,
            how="whatever happens" if protected else _told(days),
            actor=actor.name,
        )


def _keep(
    conn: Connection, actor: Actor, recording_id: str, days: float | None, protected: bool
) -> None:
    rights.allow(actor, rights.seen(conn, actor, Kind.RECORDING, recording_id), rights.DELETE)
    retention.set_expiry(conn, recording_id, days)
    retention.set_protected(conn, recording_id, protected)


def _told(days: float | None) -> str:
    if days is None:
        return "as configured"
    return "for good" if days == retention.NEVER else f"for {days:g} days"
