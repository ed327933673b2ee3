"""A small world for services: a real database, a fake engine, and short ways to fill them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
from sqlalchemy import insert, select, text, update
from twisted.internet.task import Clock

from hmp_twisted.config import RestreamSettings
from hmp_twisted.services.catalogue_file import Catalogue
from hmp_twisted.services.metadata import Metadata
from hmp_twisted.services.recordings import Recordings
from hmp_twisted.services.rights import Actor, Kind
from hmp_twisted.services.sessions import Sessions
from hmp_twisted.services.sharing import Sharing
from hmp_twisted.services.streams import Streams
from hmp_twisted.store import schema
from hmp_twisted.store.pool import Store

from .fakes import FakeEngine

DEVICE = Actor(None, "panel")
NOBODY = "00000000-0000-4000-8000-000000000000"
"""An ID that nothing has."""


@attrs.frozen
class World:
    """Everything that services need, and the services."""

    store: Store
    recordings_dir: Path
    clock: Clock = attrs.field(factory=Clock)
    engine: FakeEngine = attrs.field(factory=FakeEngine)

    @property
    def sessions(self) -> Sessions:
        """Sessions in this world."""
        return Sessions(self.store, self.clock)

    @property
    def sharing(self) -> Sharing:
        """Sharing in this world."""
        return Sharing(self.store)

    @property
    def metadata(self) -> Metadata:
        """Metadata in this world."""
        return Metadata(self.store, self.engine)

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue files of this world."""
        return Catalogue(self.store, self.recordings_dir)

    def new_recordings(self) -> Recordings:
        """Recordings in this world, with locks of their own."""
        return Recordings(self.store, self.engine, self.clock, self.recordings_dir)

    def new_streams(self) -> Streams:
        """Streams in this world, with locks of their own."""
        return Streams(self.store, self.engine, RestreamSettings(), self.clock)

    def add(self, table: str, **values: Any) -> str:
        """Put a row into a table; an ID, and a folded name, are made where the table has them."""
        columns = schema.metadata.tables[table]
        if "id" in columns.c:
            values.setdefault("id", str(uuid4()))
        if "folded" in columns.c:
            values.setdefault("name", values["id"])
            values["folded"] = values["name"].casefold()
        with self.store.begin() as connection:
            connection.execute(insert(columns).values(**values))
        return str(values.get("id", ""))

    def change(self, table: str, object_id: str, **values: Any) -> None:
        """Change a row behind the services' back."""
        columns = schema.metadata.tables[table]
        with self.store.begin() as connection:
            connection.execute(update(columns).where(columns.c.id == object_id).values(**values))

    def rows(self, table: str, **where: Any) -> list[dict[str, Any]]:
        """The rows of a table that have these values."""
        with self.store.begin() as connection:
            found = connection.execute(select(schema.metadata.tables[table]).filter_by(**where))
            return [dict(row._mapping) for row in found]

    def row(self, table: str, object_id: str) -> dict[str, Any]:
        """The row of this ID."""
        return self.rows(table, id=object_id)[0]

    def fail_writes(self, table: str, on: str = "UPDATE") -> None:
        """Let every such write to the table fail as a database fault, until :meth:`mend`."""
        self._trigger(table, on, "SELECT RAISE(ABORT, 'disk on fire');")

    def ignore_writes(self, table: str, on: str = "UPDATE") -> None:
        """Let every such write to the table do nothing, until :meth:`mend`."""
        self._trigger(table, on, "SELECT RAISE(IGNORE);")

    def mend(self) -> None:
        """Let writes work again."""
        with self.store.begin() as connection:
            connection.execute(text("DROP TRIGGER IF EXISTS fault"))

    def _trigger(self, table: str, on: str, body: str) -> None:
        with self.store.begin() as connection:
            connection.execute(
                text(f"CREATE TRIGGER fault BEFORE {on} ON {table} BEGIN {body} END")
            )

    # -- who acts ---------------------------------------------------------------------------------

    def user(self, name: str = "ann", *actions: str) -> Actor:
        """A user whose one role grants these actions on every object."""
        user_id = self.add("users", name=name)
        self.add("user_roles", user_id=user_id, role_id=self.role(*actions))
        return Actor(user_id, name)

    def role(self, *actions: str) -> str:
        """A role that grants these actions."""
        role_id = self.add("roles", builtin=False)
        for action in actions:
            self.add("role_grants", role_id=role_id, action=action)
        return role_id

    def group(self, name: str = "crew", *actions: str, member: Actor | None = None) -> str:
        """A group whose one role grants these actions."""
        group_id = self.add("groups", name=name)
        self.add("group_roles", group_id=group_id, role_id=self.role(*actions))
        if member is not None:
            self.add("group_members", group_id=group_id, user_id=member.user_id)
        return group_id

    def permission(self, *actions: str) -> str:
        """A custom permission."""
        permission_id = self.add("permissions")
        for action in actions:
            self.add("permission_grants", permission_id=permission_id, action=action)
        return permission_id

    def share(self, kind: Kind, object_id: str, permission: str, actor: Actor) -> None:
        """Share an object with a user."""
        owner = {kind.reference: object_id}
        self.add(kind.shares.name, permission=permission, user_id=actor.user_id, **owner)

    # -- what there is ----------------------------------------------------------------------------

    def source(self, url: str = "udp://@239.1.2.3:5000") -> str:
        """A source."""
        return self.add("sources", url=url)

    def session(self, *sources: str, **values: Any) -> str:
        """A session of these sources."""
        session_id = self.add("sessions", **{"title": "Evening", "created": 1.0, **values})
        for position, source_id in enumerate(sources, 1):
            self.add(
                "session_sources", session_id=session_id, source_id=source_id, position=position
            )
        return session_id

    def recording(self, state: str = "FINISHED", session_id: str = NOBODY, **values: Any) -> str:
        """A recording; an active one is at the engine too."""
        wanted = {"FINISHED": "STOPPED", "ERROR": "STOPPED", "PAUSED": "PAUSED"}
        row = {
            "session_id": session_id,
            "title": "Evening",
            "created": 1.0,
            "state": state,
            "wanted": wanted.get(state, "RECORDING"),
            "track_count": 1,
        }
        recording_id = self.add("recordings", **{**row, **values})
        if state in ("RECORDING", "PAUSED"):
            self.engine.recordings[recording_id] = state
        return recording_id

    def one_of(self, kind: Kind) -> str:
        """A session, or a recording in progress."""
        return self.session() if kind is Kind.SESSION else self.recording("RECORDING")
