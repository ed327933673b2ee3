#!/usr/bin/env python3
"""Make the sample clips that README.md beside this file lists."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

PACKET = 188
RATE = 1_000_000
SECONDS = 5
PMT_PID, VIDEO_PID, AUDIO_PID = 480, 481, 482
SCTE_PID, KLV_PID, TELETEXT_PID, PRIVATE_PID, UNNAMED_PID = 500, 502, 503, 504, 3000
NULL = b"\x47\x1f\xff\x10" + b"\xff" * 184


def find_ffmpeg() -> str:
    """The ffmpeg on PATH, or the one that imageio-ffmpeg brings."""
    found = shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    return str(imageio_ffmpeg.get_ffmpeg_exe())


def encode(
    ffmpeg: str, path: Path, *, rate: int = RATE, seconds: int = SECONDS, offset_s: float = 0
) -> None:
    """One program of a moving picture and a tone, at a constant rate of ``rate`` bit/s."""
    picture = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25"]
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:beep_factor=4"]
    video = f"-c:v libx264 -preset ultrafast -b:v {rate * 6 // 10} -maxrate {rate * 6 // 10}"
    video += f" -bufsize {rate * 3 // 10} -g 25 -bf 2 -sc_threshold 0 -pix_fmt yuv420p"
    audio = "-c:a aac -b:a 64k -ac 1"
    mux = f"-muxrate {rate} -pcr_period 30 -output_ts_offset {offset_s}"
    mux += f" -mpegts_pmt_start_pid {PMT_PID} -mpegts_start_pid {VIDEO_PID}"
    mux += " -flags +bitexact -fflags +bitexact -f mpegts"
    command = [ffmpeg, "-hide_banner", "-loglevel", "error", "-nostdin", "-y", *picture, *tone]
    command += ["-t", str(seconds), *video.split(), *audio.split(), *mux.split(), str(path)]
    subprocess.run(command, check=True)


def packets_of(data: bytes) -> Iterator[bytes]:
    """Packet by packet."""
    return (data[at : at + PACKET] for at in range(0, len(data) - PACKET + 1, PACKET))


def pid_of(packet: bytes) -> int:
    """A packet's PID."""
    return (packet[1] & 0x1F) << 8 | packet[2]


def pcr_of(packet: bytes) -> int | None:
    """A packet's PCR in 27 MHz ticks, if it has one."""
    if not packet[3] & 0x20 or packet[4] < 7 or not packet[5] & 0x10:
        return None
    base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
    return base * 300 + ((packet[10] & 1) << 8 | packet[11])


def crc32(data: bytes) -> int:
    """CRC-32/MPEG-2."""
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
    return value


def with_crc(section: bytes) -> bytes:
    """A section and its checksum."""
    return section + crc32(section).to_bytes(4, "big")


def table(table_id: int, extension: int, body: bytes) -> bytes:
    """A section in the long form (ISO/IEC 13818-1, 2.4.4)."""
    length = (0xB000 | len(body) + 9).to_bytes(2, "big")
    return with_crc(bytes([table_id]) + length + extension.to_bytes(2, "big") + b"\xc1\0\0" + body)


def splice_insert(event: int, pts: int) -> bytes:
    """An SCTE-35 section: out of the network at ``pts`` (90 kHz)."""
    command = (
        event.to_bytes(4, "big")
        + b"\x7f\xdf"
        + (0xFE00000000 | pts).to_bytes(5, "big")
        + b"\0\x01\0\0"
    )
    body = (
        bytes(6)
        + b"\0"
        + b"\xff"
        + (0xF000 | len(command)).to_bytes(2, "big")
        + b"\x05"
        + command
        + b"\0\0"
    )
    return with_crc(b"\xfc" + (0x3000 | len(body) + 4).to_bytes(2, "big") + body)


def pes(stream_id: int, payload: bytes, pts: int | None) -> bytes:
    """A PES packet, with a PTS of 90 kHz if one is given."""
    stamp = b""
    if pts is not None:
        parts = (0x21 | pts >> 29 & 0x0E, pts >> 22 & 0xFF, pts >> 14 & 0xFE | 1)
        stamp = bytes((*parts, pts >> 7 & 0xFF, pts << 1 & 0xFE | 1))
    head = bytes([0x84, 0x80 if stamp else 0, len(stamp)]) + stamp
    return (
        b"\0\0\1"
        + bytes([stream_id])
        + (len(head) + len(payload)).to_bytes(2, "big")
        + head
        + payload
    )


class Author:
    """Puts units into packets and keeps the continuity counters."""

    def __init__(self) -> None:
        """Nothing was written."""
        self._counters: dict[int, int] = {}

    def packets(self, pid: int, unit: bytes, *, is_section: bool = False) -> list[bytes]:
        """The packets of one PES packet or section."""
        data = (b"\0" + unit) if is_section else unit
        parts = [data[at : at + 184] for at in range(0, len(data), 184)]
        return [
            self._packet(pid, part, number == 0, is_section) for number, part in enumerate(parts)
        ]

    def _packet(self, pid: int, part: bytes, is_first: bool, is_section: bool) -> bytes:
        counter = self._counters[pid] = (self._counters.get(pid, -1) + 1) % 16
        head = (0x4700 << 16 | (0x400000 if is_first else 0) | pid << 8 | 0x10 | counter).to_bytes(
            4, "big"
        )
        missing = 184 - len(part)
        if is_section or not missing:
            return head + part + b"\xff" * missing
        stuffing = b"" if missing == 1 else b"\0" + b"\xff" * (missing - 2)
        return head[:3] + bytes([0x30 | counter, missing - 1]) + stuffing + part


def data_pmt() -> bytes:
    """The PMT of ``data.ts``: what ffmpeg made, and what is added."""

    def named(name: bytes) -> bytes:
        return b"\x05\x04" + name

    streams = [(0x1B, VIDEO_PID, b""), (0x0F, AUDIO_PID, b""), (0x86, SCTE_PID, b"\x8a\x01\x01")]
    streams += [(0x06, KLV_PID, named(b"KLVA")), (0x06, TELETEXT_PID, b"\x56\x05eng\x11\0")]
    streams += [(0x06, PRIVATE_PID, named(b"XYZ1"))]
    body = (0xE000 | VIDEO_PID).to_bytes(2, "big") + b"\xf0\x06" + named(b"CUEI")
    for kind, pid, descriptors in streams:
        body += bytes([kind]) + (0xE000 | pid).to_bytes(2, "big")
        body += (0xF000 | len(descriptors)).to_bytes(2, "big") + descriptors
    return table(2, 1, body)


class DataUnits:
    """What the added PIDs carry, each at its own interval."""

    INTERVALS_S = (
        ("scte", 1.0),
        ("klv", 0.2),
        ("teletext", 0.2),
        ("private", 0.4),
        ("unnamed", 0.5),
    )

    def __init__(self) -> None:
        """All are due at once."""
        self._author = Author()
        self._due = dict.fromkeys((name for name, _ in self.INTERVALS_S), 0.0)

    def due_at(self, ticks: float) -> list[bytes]:
        """The packets that are to follow at this PCR."""
        packets: list[bytes] = []
        for name, interval_s in self.INTERVALS_S:
            if ticks >= self._due[name]:
                self._due[name] = ticks + interval_s * 27e6
                packets += self._make(name, int(ticks / 300) + 20_000)
        return packets

    def _make(self, name: str, pts: int) -> list[bytes]:
        if name == "scte":
            return self._author.packets(
                SCTE_PID, splice_insert(pts & 0xFFFF, pts + 360_000), is_section=True
            )
        if name == "klv":
            label = bytes.fromhex("060E2B34020B01010E01030101000000")
            return self._author.packets(
                KLV_PID, pes(0xBD, label + bytes([60]) + bytes(range(60)), pts)
            )
        if name == "teletext":
            lines = b"\x10" + (b"\x02\x2c\xe7\xe4" + bytes(42)) * 3
            return self._author.packets(TELETEXT_PID, pes(0xBD, lines, pts))
        if name == "private":
            return self._author.packets(PRIVATE_PID, pes(0xBD, b"private" * 20, None))
        return self._author.packets(UNNAMED_PID, pes(0xBF, b"unnamed" * 20, None))


def add_data(clip: bytes) -> bytes:
    """The clip with null packets replaced by the data PIDs, and its PMT rewritten."""
    units, waiting, ticks, pmt = DataUnits(), list[bytes](), 0.0, data_pmt()
    made: list[bytes] = []
    for packet in packets_of(clip):
        pcr = pcr_of(packet)
        ticks = pcr if pcr is not None else ticks + PACKET * 8 * 27e6 / RATE
        if pid_of(packet) == PMT_PID:
            packet = packet[:4] + (b"\0" + pmt).ljust(184, b"\xff")
        elif packet == NULL:
            waiting += units.due_at(ticks)
            packet = waiting.pop(0) if waiting else packet
        made.append(packet)
    return b"".join(made)


def program_pmt(base: int) -> bytes:
    """The PMT of a program whose video has PID ``base`` + 1 and whose audio has ``base`` + 2."""
    video, audio = ((0xE000 | base + number).to_bytes(2, "big") for number in (1, 2))
    return table(2, base, video + b"\xf0\0\x1b" + video + b"\xf0\0\x0f" + audio + b"\xf0\0")


def join_programs(first: bytes, second: bytes) -> bytes:
    """Two clips as two programs of one, packet by packet in turn."""
    author = Author()
    bases = (0x100, 0x200)
    pat = table(
        0,
        1,
        b"".join(base.to_bytes(2, "big") + (0xE000 | base).to_bytes(2, "big") for base in bases),
    )
    made: list[bytes] = []
    for pair in zip_longest(packets_of(first), packets_of(second), fillvalue=NULL):
        for base, packet in zip(bases, pair, strict=True):
            pid = pid_of(packet)
            if pid == 0 and base == bases[0]:
                packet = author.packets(0, pat, is_section=True)[0]
            elif pid == PMT_PID:
                packet = author.packets(base, program_pmt(base), is_section=True)[0]
            elif pid in (VIDEO_PID, AUDIO_PID):
                moved = base + 1 + pid - VIDEO_PID
                packet = bytes([0x47, packet[1] & 0xE0 | moved >> 8, moved & 0xFF]) + packet[3:]
            else:
                packet = NULL
            made.append(packet)
    return b"".join(made)


def make(folder: Path, ffmpeg: str) -> None:
    """Make all clips in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    encode(ffmpeg, folder / "cbr.ts")
    (folder / "data.ts").write_bytes(add_data((folder / "cbr.ts").read_bytes()))
    halves = [folder / "half-1.ts", folder / "half-2.ts"]
    for half, offset_s in zip(halves, (0, 5000), strict=True):
        encode(ffmpeg, half, rate=RATE // 2, offset_s=offset_s)
    (folder / "two.ts").write_bytes(join_programs(*(half.read_bytes() for half in halves)))
    for half in halves:
        half.unlink()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ffmpeg", default="")
    arguments = parser.parse_args()
    make(arguments.folder, arguments.ffmpeg or find_ffmpeg())
    for path in sorted(arguments.folder.glob("*.ts")):
        print(path, path.stat().st_size)


if __name__ == "__main__":
    main()
