"""API access: the switch, the devices, and who is connected now."""

from __future__ import annotations

from typing import Any

import attrs

from ....logs import Logger
from ....services.directory import api, changing, devices, users
from ....services.rights import ADMINISTER
from ...answers import Answer, Page, SeeOther
from ...forms import Form
from ...route import Route, get, post
from ...visit import Visit
from ...watch.service import Watch
from .kept import BASE, Kept

log = Logger()

URL = f"{BASE}/access"


def _device(form: Form) -> tuple[str, str, str]:
    return form.text("name"), form.text("address"), form.text("user")


@attrs.frozen
class Access:
    """The page."""

    _watch: Watch

    def routes(self) -> tuple[Route, ...]:
        """The page and its acts."""
        kept = Kept(
            slug="access",
            title="API access",
            noun="device",
            empty="No device may connect. Add the address of a control system below.",
            items=devices.list_devices,
            add=lambda conn, form: devices.add_device(conn, *_device(form)),
            change=lambda conn, object_id, form: changing.change_device(
                conn, object_id, *_device(form)
            ),
            remove=lambda conn, object_id, force: devices.remove_device(conn, object_id),
            options=lambda conn: {"users": users.list_users(conn)},
            beside=self._beside,
            top="administration/access.html",
        )
        return (
            *kept.routes(),
            get(f"{URL}/connected", self.connected, ADMINISTER),
            post(f"{URL}/switch", self.switch, ADMINISTER),
        )

    async def _beside(self, visit: Visit) -> dict[str, Any]:
        enabled = await visit.store.read("read the switch", api.is_enabled)
        return {
            "enabled": enabled,
            "endpoint": visit.tools.settings.command_api.endpoint,
            "listens": self._watch.parts.port.address is not None,
            "connected": self._watch.parts.port.connected(),
        }

    async def connected(self, visit: Visit) -> Answer:
        """Who is connected now: for the page to ask again and again."""
        return Page("administration/connected.html", await self._beside(visit))

    async def switch(self, visit: Visit) -> Answer:
        """Turn the Command Line API on or off."""
        on = visit.form.text("enabled") == "true"
        await visit.store.transact("switch the API", api.set_enabled, on)
        word = "on" if on else "off"
        log.info("{who} turned the Command Line API {word}", who=visit.actor.name, word=word)
        return SeeOther(URL, f"The Command Line API is {word}; it follows within two seconds.")
