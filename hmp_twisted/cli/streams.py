"""``hmpctl stream``: recordings that are played out. A running server does it; here it is asked."""

from __future__ import annotations

from typing import Any

import click

from ..bus import administration as asked
from ..errors import DomainError, InvalidValueError
from ..services.addresses import plain
from ..services.directory import kinds, naming, recordings, streams
from . import engine
from .administration import Administration, pass_administration
from .completion import names_of
from .group import OneLineGroup
from .output import clock, iso, json_option, print_details, print_json, print_table

_TOLD = ("PAUSED", "RETRYING")
"""States of the media engine's that say more than that a stream runs."""


@click.group("stream", cls=OneLineGroup)
def stream_group() -> None:
    """The recordings that are played out."""


@stream_group.command("start")
@click.argument("recording", metavar="ID", shell_complete=names_of(kinds.RECORDING))
@click.argument("address")
@click.argument("port", type=click.IntRange(1, 65535))
@click.option(
    "--from", "begin", metavar="SECONDS|HOTMARK", default="0", help="Where to begin. [default: 0]"
)
@click.option("--loop/--once", default=None, help="Begin again after the end, or not.")
@click.option("--interface", metavar="ADDRESS", help="The local IPv4 address to leave from.")
@click.option("--ttl", type=click.IntRange(0, 255), help="Of multicast datagrams.")
@pass_administration
def start_stream(
    administration: Administration,
    /,
    recording: str,
    address: str,
    port: int,
    begin: str,
    **how: Any,
) -> None:
    """Play the recording of this ID or title out to an address and port; print the stream's ID.

    What is not given is as [restream] in the server's settings says.
    """
    with administration.transaction() as conn:
        found = naming.find(conn, kinds.RECORDING, recording)
        marks = recordings.hotmarks_of(conn, found.id)
    _check_address("ADDRESS", address)
    if how["interface"]:
        _check_address("--interface", how["interface"])
    answer = engine.ask_server(
        administration.settings.data_dir,
        asked.PlayRecording,
        recording_id=found.id,
        address=address,
        port=port,
        start_s=_place(begin, marks),
        **how,
    )
    click.echo(answer["stream_id"])


@stream_group.command("pause")
@click.argument("stream", metavar="ID", shell_complete=names_of(kinds.STREAM))
@pass_administration
def pause_stream(administration: Administration, stream: str) -> None:
    """Let a stream send nothing; its place is kept, and its address stays taken."""
    _ask(administration, stream, asked.PauseStream)


@stream_group.command("resume")
@click.argument("stream", metavar="ID", shell_complete=names_of(kinds.STREAM))
@pass_administration
def resume_stream(administration: Administration, stream: str) -> None:
    """Let a paused stream send on."""
    _ask(administration, stream, asked.ResumeStream)


@stream_group.command("seek")
@click.argument("stream", metavar="ID", shell_complete=names_of(kinds.STREAM))
@click.argument("place", metavar="SECONDS|HOTMARK")
@pass_administration
def seek_stream(administration: Administration, stream: str, place: str) -> None:
    """Let a stream go on at another place of its recording."""
    with administration.transaction() as conn:
        found = streams.find_stream(conn, stream)
        marks = recordings.hotmarks_of(conn, found.recording_id)
    _ask(administration, found.id, asked.SeekStream, start_s=_place(place, marks))


@stream_group.command("stop")
@click.argument("stream", metavar="ID", shell_complete=names_of(kinds.STREAM))
@pass_administration
def stop_stream(administration: Administration, stream: str) -> None:
    """End a stream."""
    _ask(administration, stream, asked.StopStream)


@stream_group.command("list")
@click.option("--all", "ended", is_flag=True, help="Streams that have ended, too.")
@json_option
@pass_administration
def list_streams(administration: Administration, ended: bool, as_json: bool) -> None:
    """List the running streams."""
    with administration.transaction() as conn:
        found = streams.list_streams(conn, ended=ended)
    playing = _playing(administration) if any(s.ended is None for s in found) else {}
    entries = [_plain(stream, playing) for stream in found]
    if as_json:
        print_json(entries)
        return
    rows = [
        (
            entry["id"],
            entry["state"],
            _position(entry),
            f"{entry['address']}:{entry['port']}",
            entry["recording_id"],
            entry["started"],
            entry["title"],
        )
        for entry in entries
    ]
    print_table(("ID", "STATE", "POSITION", "TO", "RECORDING", "STARTED", "TITLE"), rows)


@stream_group.command("show")
@click.argument("stream", metavar="ID", shell_complete=names_of(kinds.STREAM))
@json_option
@pass_administration
def show_stream(administration: Administration, stream: str, as_json: bool) -> None:
    """Show the stream of this ID, running or ended."""
    with administration.transaction() as conn:
        found = streams.find_stream(conn, stream)
    entry = _plain(found, _playing(administration) if found.ended is None else {})
    if as_json:
        print_json(entry)
        return
    print_details(
        [
            ("ID", entry["id"]),
            ("State", entry["state"]),
            ("Position", _position(entry)),
            ("To", f"{entry['address']}:{entry['port']}"),
            ("Recording", entry["recording_id"]),
            ("Title", entry["title"]),
            ("Started", entry["started"]),
            ("Ended", entry["ended"] or ""),
            ("Reason", entry["reason"]),
        ]
    )


def _ask(administration: Administration, stream: str, command: Any, **details: Any) -> None:
    with administration.transaction() as conn:
        found = streams.find_stream(conn, stream)
    data_dir = administration.settings.data_dir
    engine.ask_server(data_dir, command, stream_id=found.id, **details)


def _check_address(what: str, address: str) -> None:
    try:
        plain(address)
    except ValueError as error:
        raise InvalidValueError(f"{what} {address!r}: must be an IP address") from error


def _place(text: str, marks: tuple[recordings.HotMark, ...]) -> float:
    """Seconds, or where the HotMark of this title is."""
    try:
        seconds = float(text)
    except ValueError:
        return float(_mark(text, marks).time_s)
    if not 0 <= seconds < float("inf"):
        raise InvalidValueError(f"{text!r}: must be seconds from 0 on, or a HotMark's title")
    return seconds


def _mark(title: str, marks: tuple[recordings.HotMark, ...]) -> recordings.HotMark:
    for mark in marks:
        if mark.title == title:
            return mark
    known = naming.did_you_mean(title, [mark.title for mark in marks])
    raise InvalidValueError(f"{title!r} is neither seconds nor a HotMark of the recording{known}")


def _playing(administration: Administration) -> dict[str, dict[str, Any]]:
    """What the media engine plays; without an engine nothing is known."""
    try:
        return engine.list_streams(administration.settings.engine_endpoint)
    except DomainError:
        return {}


def _plain(stream: streams.Stream, playing: dict[str, dict[str, Any]]) -> dict[str, Any]:
    now = playing.get(stream.id, {}) if stream.ended is None else {}
    return {
        "id": stream.id,
        "state": now["state"] if now.get("state") in _TOLD else stream.state,
        "position_s": now.get("position_s"),
        "recording_id": stream.recording_id,
        "title": stream.title,
        "address": stream.address,
        "port": stream.port,
        "started": iso(stream.started),
        "ended": None if stream.ended is None else iso(stream.ended),
        "reason": stream.reason,
    }


def _position(entry: dict[str, Any]) -> str:
    return "" if entry["position_s"] is None else clock(entry["position_s"])
