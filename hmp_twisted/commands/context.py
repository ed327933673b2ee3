"""What a handler is given beside its parameters."""

from __future__ import annotations

import attrs

from ..services.bundle import Services
from ..services.rights import Actor


@attrs.frozen
class Context:
    """One execution of a command."""

    actor: Actor
    services: Services
