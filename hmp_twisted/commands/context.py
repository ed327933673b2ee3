"""What a handler is given beside its parameters."""

from __future__ import annotations

import attrs

from ..services.metadata import Metadata
from ..services.recordings import Recordings
from ..services.rights import Actor
from ..services.sessions import Sessions
from ..services.sharing import Sharing
from ..services.streams import Streams


@attrs.frozen
class Services:
    """What commands are made of."""

    sessions: Sessions
    recordings: Recordings
    sharing: Sharing
    metadata: Metadata
    streams: Streams


@attrs.frozen
class Context:
    """One execution of a command."""

    actor: Actor
    services: Services
