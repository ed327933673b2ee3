"""Templates: one environment, everything escaped, an unknown name is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from .. import __version__
from ..services.directory.passwords import LEAST_PASSWORD
from . import formats
from .assets import Assets

FOLDER = Path(__file__).parent / "templates"


class Templates:
    """Renders pages."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,  # whatever a file is called
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        for name in ("clock", "lasting", "iso", "when", "size", "plural"):
            self._environment.filters[name] = getattr(formats, name)
        self._environment.globals.update(
            asset=assets.url, version=__version__, least_password=LEAST_PASSWORD
        )

    def render(self, template: str, **values: Any) -> bytes:
        """The page, in UTF-8. A title may hold a lone surrogate's escape, never one itself."""
        return self._environment.get_template(template).render(**values).encode()
