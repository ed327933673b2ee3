"""All services of one server, built once and handed to who needs several."""

from __future__ import annotations

import attrs

from ..bus.client import EngineClient
from ..clocks import Clock
from ..config import Settings
from ..store.pool import Store
from .bin import Bin
from .catalogue_file import Catalogue
from .hotmarks import Hotmarks
from .integrity import Integrity
from .keeping import Keeping
from .library import Library
from .long_work import LongWork
from .metadata import Metadata
from .recordings import Recordings
from .retention import Retention
from .sessions import Sessions
from .sharing import Sharing
from .streams import Streams
from .trimming import Trimming


@attrs.frozen
class Services:
    """What commands, the web interface and hmpctl share."""

    sessions: Sessions
    recordings: Recordings
    sharing: Sharing
    metadata: Metadata
    streams: Streams
    catalogue: Catalogue
    retention: Retention
    hotmarks: Hotmarks
    library: Library
    bin: Bin
    trimming: Trimming
    integrity: Integrity
    keeping: Keeping
    long_work: LongWork

    @classmethod
    def build(
        cls, store: Store, engine: EngineClient, settings: Settings, clock: Clock
    ) -> Services:
        """The services on one store and one media engine."""
        folder, long_work = settings.recordings_dir, LongWork(store)
        return cls(
            sessions=Sessions(store, clock),
            recordings=Recordings(store, engine, clock, folder),
            sharing=Sharing(store),
            metadata=Metadata(store, engine),
            streams=Streams(store, engine, settings.restream, clock),
            catalogue=Catalogue(store, folder),
            retention=Retention(store, engine, settings.recordings, folder, clock),
            hotmarks=Hotmarks(store),
            library=Library(store),
            bin=Bin(store, clock, folder),
            trimming=Trimming(store, long_work, folder, settings.recordings.min_free_bytes),
            integrity=Integrity(store, long_work, folder),
            keeping=Keeping(store),
            long_work=long_work,
        )
