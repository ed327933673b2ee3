"""``/metrics``: numbers for Prometheus, without signing in for those who are configured."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

import attrs
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import Connection, func, select

from ...services import storage
from ...services.directory import sources
from ...services.rights import ADMINISTER
from ...store.schema import recordings
from ..answers import Answer, Body, RefusalError
from ..route import PUBLIC, Route, get
from ..visit import Visit
from ..watch.metrics import Samples, of_engine, written
from ..watch.reception import place
from ..watch.service import Watch

CLOSED = (
    "Metrics are for administrators, and for the addresses that [web] metrics_from names. "
    "Sign in, or add this address there."
)


@attrs.frozen
class Metrics:
    """The page."""

    _watch: Watch

    def routes(self) -> tuple[Route, ...]:
        """Just it: who may read it is decided by address, or by right."""
        return (get("/metrics", self.show, PUBLIC),)

    async def show(self, visit: Visit) -> Answer:
        """All numbers, as they are now."""
        if not _may_read(visit):
            raise RefusalError(403, CLOSED)
        await self._watch.reception.ask()
        states, names = await visit.store.read("read metrics", _read)
        values = of_engine(self._watch.reception.report, names)
        values["hmp_recordings"] = [((state,), count) for state, count in states.items()]
        values |= await self._of_disk(visit)
        values |= self._of_server(visit)
        return Body(written(values, self._watch.parts.counts), CONTENT_TYPE_LATEST)

    async def _of_disk(self, visit: Visit) -> dict[str, Samples]:
        folder = storage.existing(visit.tools.recordings_dir)
        usage = await visit.store.in_thread(shutil.disk_usage, folder)
        floor = visit.tools.settings.recordings.min_free_bytes
        rate = storage.present_bit_rate(self._watch.reception.report)
        return {
            "hmp_disk_free_bytes": [((), usage.free)],
            "hmp_disk_total_bytes": [((), usage.total)],
            "hmp_disk_hours_left": [((), storage.Space(usage.free, floor, rate).hours)],
        }

    def _of_server(self, visit: Visit) -> dict[str, Samples]:
        lag = self._watch.lag
        answered: Mapping[int, int] = getattr(visit.request.site, "answered", {})
        return {
            "hmp_command_connections": [((), len(self._watch.parts.port.connected()))],
            "hmp_database_unfinished": [((), visit.store.unfinished)],
            "hmp_reactor_lag_seconds": [((), lag.last_s)],
            "hmp_reactor_lag_highest_seconds": [((), lag.take_highest())],
            "hmp_http_responses": [((str(code),), count) for code, count in answered.items()],
        }


def _may_read(visit: Visit) -> bool:
    if visit.visitor is not None and visit.visitor.may(ADMINISTER):
        return True
    if not visit.address:  # a Unix socket: its file's permissions decide
        return True
    peer = ip_address(visit.address)
    networks = map(ip_network, visit.tools.settings.web.metrics_from)
    return any(peer in network for network in networks)


def _read(conn: Connection) -> tuple[dict[str, int], Mapping[str, str]]:
    """Recordings by state, and sources' names by the place where they are received."""
    query = select(recordings.c.state, func.count()).group_by(recordings.c.state)
    states = {row[0]: row[1] for row in conn.execute(query)}
    found = sources.list_sources(conn)
    return states, {place(one.url, one.interface): one.name for one in found}
