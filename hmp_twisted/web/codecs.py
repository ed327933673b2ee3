"""What an elementary stream is, by its type in the programme map (ISO/IEC 13818-1, table 2-34)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import attrs

from ..engine.inspection.psi import Programme


@attrs.frozen
class Codec:
    """How a stream is coded."""

    name: str
    """For people."""
    kind: Literal["picture", "sound", "other"]
    mime: str = ""
    """What a browser is asked by whether it plays it; empty if none does."""


def _video(name: str, codec: str = "") -> Codec:
    return Codec(name, "picture", f'video/mp4; codecs="{codec}"' if codec else "")


def _audio(name: str, codec: str = "") -> Codec:
    return Codec(name, "sound", f'audio/mp4; codecs="{codec}"' if codec else "")


CODECS = {
    0x01: _video("MPEG-1 video"),
    0x02: _video("MPEG-2 video"),
    0x03: Codec("MPEG audio", "sound", "audio/mpeg"),
    0x04: Codec("MPEG audio", "sound", "audio/mpeg"),
    0x06: Codec("private data (AC-3, subtitles, teletext, KLV …)", "other"),
    0x0F: _audio("AAC", "mp4a.40.2"),
    0x10: _video("MPEG-4 video"),
    0x11: _audio("AAC (LATM)", "mp4a.40.2"),
    0x15: Codec("metadata (KLV)", "other"),
    0x1B: _video("H.264", "avc1.42E01E"),
    0x21: _video("JPEG 2000"),
    0x24: _video("H.265", "hvc1.1.6.L93.B0"),
    0x33: _video("H.266"),
    0x42: _video("AVS"),
    0x81: _audio("AC-3", "ac-3"),
    0x86: Codec("SCTE-35", "other"),
    0x87: _audio("E-AC-3", "ec-3"),
    0xD1: _video("Dirac"),
}

STREAM_TYPES = {number: codec.name for number, codec in CODECS.items()}
"""The names, by stream type."""


def codec_of(stream_type: int) -> Codec:
    """What a stream of this type is; one that is not known is neither picture nor sound."""
    unknown = Codec(f"stream type 0x{stream_type:02x}", "other")
    return CODECS.get(stream_type, unknown)


def told(programmes: Iterable[Programme]) -> list[dict[str, Any]]:
    """The streams of programmes, in their order, as JSON can carry them."""
    return [
        {"pid": pid, **attrs.asdict(codec_of(stream_type))}
        for programme in programmes
        for pid, stream_type in programme.streams
    ]
