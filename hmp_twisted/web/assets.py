"""Style, scripts and pictures: read once at the start, served from memory, named by their content.

So no path of a request ever reaches the file system, and a browser keeps a file for good.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import attrs

from .answers import Answer, Body, RefusalError
from .visit import Visit

FOLDER = Path(__file__).parent / "static"

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


@attrs.frozen
class Asset:
    """One file."""

    content: bytes
    zipped: bytes
    """The same by gzip; empty if that is no shorter."""
    media_type: str
    tag: str
    """The beginning of its SHA-256."""

    @classmethod
    def read(cls, path: Path) -> Asset:
        """The file at ``path``."""
        content = path.read_bytes()
        zipped = gzip.compress(content, mtime=0)
        return cls(
            content,
            zipped if len(zipped) < len(content) else b"",
            _TYPES[path.suffix],
            sha256(content).hexdigest()[:16],
        )


@attrs.frozen
class Assets:
    """All files, by their path beneath ``static/``."""

    _files: Mapping[str, Asset]

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Assets:
        """Everything of a known type in ``folder``."""
        found = (p for p in sorted(folder.rglob("*")) if p.suffix in _TYPES)
        return cls({p.relative_to(folder).as_posix(): Asset.read(p) for p in found})

    def url(self, name: str) -> str:
        """Where a page finds the file.

        Raises:
            KeyError: there is none; ``python setup.py vendor`` fetches those of others.
        """
        return f"/static/{name}?v={self._files[name].tag}"

    async def serve(self, visit: Visit, name: str) -> Answer:
        """The file of this name."""
        asset = self._files.get(name)
        if asset is None:
            raise RefusalError(404, "There is no such file.")
        named = visit.form.text("v") == asset.tag
        headers = {
            "Cache-Control": _FOR_GOOD if named else _ASK_AGAIN,
            "ETag": f'"{asset.tag}"',
            "Vary": "Accept-Encoding",
        }
        if visit.request.getHeader("If-None-Match") == f'"{asset.tag}"':
            return Body(b"", asset.media_type, 304, headers)
        if asset.zipped and "gzip" in (visit.request.getHeader("Accept-Encoding") or ""):
            headers["Content-Encoding"] = "gzip"
            return Body(asset.zipped, asset.media_type, headers=headers)
        return Body(asset.content, asset.media_type, headers=headers)
