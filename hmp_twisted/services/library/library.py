"""The library as a service: each question is one reading transaction."""

from __future__ import annotations

from ...store.pool import Store
from ..rights import Actor, Kind
from . import details, search
from .details import LiveSession, RecordingDetails, SessionDetails
from .search import Found, Page, Search


class Library:
    """What an actor may look at."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, actor: Actor, kind: Kind, wanted: Search) -> Page[Found]:
        """One page of the sessions or recordings that fit and that the actor sees.

        Raises:
            InvalidValueError: no such order or page.
        """
        return await self._store.read(f"find {kind.noun}s", search.find, actor, kind, wanted)

    async def deleted(self, actor: Actor, after: str = "") -> Page[Found]:
        """One page of the recordings in the bin that the actor would see.

        Raises:
            InvalidValueError: no such page.
        """
        return await self._store.read("look into the bin", search.find_deleted, actor, after)

    async def recording(self, actor: Actor, recording_id: str) -> RecordingDetails:
        """A recording with all that belongs to it.

        Raises:
            RecordingNotFoundError
        """
        what = f"show recording {recording_id}"
        return await self._store.read(what, details.recording, actor, recording_id)

    async def session(self, actor: Actor, session_id: str) -> SessionDetails:
        """A session with all that belongs to it.

        Raises:
            SessionNotFoundError
        """
        what = f"show session {session_id}"
        return await self._store.read(what, details.session, actor, session_id)

    async def live(self, actor: Actor) -> tuple[LiveSession, ...]:
        """The sessions that are live or being recorded, by title."""
        return await self._store.read("show live sessions", details.live_sessions, actor)

    async def live_session(self, actor: Actor, session_id: str) -> LiveSession:
        """What is recorded of one session now.

        Raises:
            SessionNotFoundError
        """
        what = f"show session {session_id} live"
        return await self._store.read(what, details.live_session, actor, session_id)
