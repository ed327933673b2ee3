"""Streams: where they may be sent, and what happens when one of the two halves fails."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred

from hmp_twisted import errors
from hmp_twisted.services import addresses
from hmp_twisted.services.rights import Kind
from hmp_twisted.services.streams import Playing

from .world import DEVICE, NOBODY, World


@pytest_twisted.ensureDeferred
async def test_a_stream_is_noted_as_running_until_it_is_stopped(world: World) -> None:
    """With where it goes and when it began and ended."""
    streams, recording_id = world.new_streams(), world.recording()
    world.clock.advance(3.0)
    stream_id = await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    assert world.engine.streams == {stream_id: (recording_id, "127.0.0.1", 6000)}
    row = world.row("streams", stream_id)
    assert (row["started"], row["ended"]) == (3.0, None)
    world.clock.advance(2.0)
    await streams.stop(DEVICE, stream_id)
    row = world.row("streams", stream_id)
    assert (row["ended"], row["reason"]) == (5.0, "")
    assert world.engine.streams == {}
    with pytest.raises(errors.StreamNotFoundError):
        await streams.stop(DEVICE, stream_id)


@pytest.mark.parametrize("state", ["STARTING", "RECORDING", "PAUSED"])
@pytest_twisted.ensureDeferred
async def test_only_what_has_ended_is_played_out(world: World, state: str) -> None:
    """FINISHED, or ERROR with what it kept."""
    streams = world.new_streams()
    for recording_id in (world.recording(state), NOBODY):
        with pytest.raises(errors.RecordingNotFoundError):
            await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    await streams.start(DEVICE, world.recording("ERROR"), "127.0.0.1", 6000)


@pytest_twisted.ensureDeferred
async def test_playing_out_needs_the_right_to_restream(world: World) -> None:
    """Unseen is not found; seen is not authorized, before any error about its state."""
    streams, user, finished = world.new_streams(), world.user(), world.recording()
    active = world.recording("RECORDING", track_count=2)
    stream_id = await streams.start(DEVICE, finished, "127.0.0.1", 6000)
    with pytest.raises(errors.RecordingNotFoundError):
        await streams.start(user, active, "127.0.0.1", 6000)
    with pytest.raises(errors.StreamNotFoundError):
        await streams.stop(user, stream_id)
    for recording_id in (active, finished):
        world.share(Kind.RECORDING, recording_id, "EDIT", user)
    with pytest.raises(errors.NotAuthorizedError):
        await streams.start(user, active, "127.0.0.1", 6000)
    with pytest.raises(errors.NotAuthorizedError):
        await streams.stop(user, stream_id)
    bob = world.user("bob")
    world.share(Kind.RECORDING, finished, world.permission("restream"), bob)
    await streams.stop(bob, stream_id)
    await streams.start(bob, finished, "127.0.0.1", 6000)


@pytest_twisted.ensureDeferred
async def test_the_checks_of_a_start_are_in_the_guides_order(world: World) -> None:
    """040002, 010005, 010006, 010006 by a source, 070004."""
    streams = world.new_streams()
    await streams.start(DEVICE, world.recording(), "239.1.2.3", 5000)
    world.source("udp://@239.1.2.3:5000")
    several, one = world.recording(track_count=2), world.recording()
    with pytest.raises(errors.SeveralTracksError):
        await streams.start(DEVICE, several, "239.1.2.3", 5000)
    with pytest.raises(errors.AddressInUseError):
        await streams.start(DEVICE, one, "239.1.2.3", 5000)
    world.source("udp://@239.1.2.4:5000")
    with pytest.raises(errors.AddressInUseBySourceError):
        await streams.start(DEVICE, one, "239.1.2.4", 5000)
    with pytest.raises(errors.StreamFailedError, match="port 0"):
        await streams.start(DEVICE, one, "239.1.2.5", 0)
    assert len(world.rows("streams")) == 1


@pytest.mark.parametrize(
    ("source", "address", "port", "taken"),
    [
        ("udp://@239.1.2.3:5000", "239.1.2.3", 5000, True),
        ("udp://10.0.0.9@239.1.2.3:5000", "239.1.2.3", 5000, True),
        ("udp://@239.1.2.3:5000", "239.1.2.3", 5001, False),
        ("udp://@239.1.2.3:5000", "239.1.2.4", 5000, False),
        ("udp://@239.1.2.3:5000", "127.0.0.1", 5000, False),
        ("udp://@:5000", "127.0.0.1", 5000, True),
        ("udp://@:5000", "127.9.9.9", 5000, True),
        ("rtp://@127.0.0.1:5000", "127.0.0.2", 5000, True),
        ("udp://@:5000", "::ffff:127.0.0.1", 5000, True),
        ("udp://@:5000", "192.0.2.77", 5000, False),
        ("udp://@:5000", "239.1.2.3", 5000, False),
        ("udp://@:5000", "127.0.0.1", 5001, False),
        ("edited by hand", "127.0.0.1", 5000, False),
    ],
)
@pytest_twisted.ensureDeferred
async def test_an_address_where_a_source_is_received_is_taken(
    world: World, source: str, address: str, port: int, taken: bool
) -> None:
    """A group and its port; for any other source its port at each of this machine's addresses."""
    world.source(source)
    started = world.new_streams().start(DEVICE, world.recording(), address, port)
    if taken:
        with pytest.raises(errors.AddressInUseBySourceError):
            await started
    else:
        assert await started in world.engine.streams


def test_this_machines_addresses_are_known_by_binding() -> None:
    """All of 127.0.0.0/8; neither documentation addresses nor groups."""
    for address, local in (
        ("127.0.0.1", True),
        ("127.255.1.2", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("239.1.2.3", False),
    ):
        assert addresses.is_local(address) is local
    assert addresses.plain("2001:DB8:0::1") == "2001:db8::1"


@pytest_twisted.ensureDeferred
async def test_of_two_starts_to_one_address_only_one_passes(world: World) -> None:
    """However close they come; the address is free again after the stream has ended."""
    streams, recording_id = world.new_streams(), world.recording()
    outcomes = await DeferredList(
        [
            ensureDeferred(streams.start(DEVICE, recording_id, address, 6000))
            for address in ("127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1", "127.0.0.2")
        ],
        consumeErrors=True,
    )
    assert [passed for passed, _ in outcomes] == [True, False, False, True]
    assert outcomes[1][1].check(errors.AddressInUseError)  # type: ignore[attr-defined]  # a Failure
    await streams.ended(str(outcomes[0][1]), "")
    await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)


@pytest.mark.parametrize(
    ("error", "calls"),
    [
        (errors.NoMediaError, ["start_stream"]),
        (errors.StreamFailedError, ["start_stream"]),
        (errors.EngineUnavailableError, ["start_stream", "stop_stream"]),
        (errors.EngineAnswerError, ["start_stream", "stop_stream"]),
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_start_that_fails_leaves_nothing(
    world: World, error: type[Exception], calls: list[str]
) -> None:
    """The address is free, and what the engine may have begun is ended."""
    streams, recording_id = world.new_streams(), world.recording()
    world.engine.failures["start_stream"] = error("told by the engine")
    with pytest.raises(error, match="told by the engine"):
        await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    assert world.engine.calls == calls
    assert world.rows("streams") == []


@pytest_twisted.ensureDeferred
async def test_a_stream_that_played_to_its_end_is_gone(world: World) -> None:
    """Told by the engine, or found when it is to be stopped."""
    streams, recording_id = world.new_streams(), world.recording()
    told = await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    await streams.ended(told, "ffmpeg: no route to host")
    assert world.row("streams", told)["reason"] == "ffmpeg: no route to host"
    found = await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    world.engine.streams.clear()
    for stream_id in (told, found, NOBODY):
        with pytest.raises(errors.StreamNotFoundError):
            await streams.stop(DEVICE, stream_id)
    assert world.row("streams", found)["ended"] is not None


@pytest_twisted.ensureDeferred
async def test_an_end_during_the_start_is_noted_after_it(world: World) -> None:
    """A recording of a tenth of a second has played before its start is answered."""
    streams = world.new_streams()
    told: list[Deferred[None]] = []

    def end_at_once() -> None:
        (stream_id,) = world.engine.streams
        told.append(ensureDeferred(streams.ended(stream_id, "")))

    world.engine.afterwards["start_stream"] = end_at_once
    stream_id = await streams.start(DEVICE, world.recording(), "127.0.0.1", 6000)
    await told[0]
    assert world.row("streams", stream_id)["ended"] is not None


@pytest_twisted.ensureDeferred
async def test_a_stop_that_the_engine_fails_changes_nothing(world: World) -> None:
    """It runs on, as far as one knows."""
    streams = world.new_streams()
    stream_id = await streams.start(DEVICE, world.recording(), "127.0.0.1", 6000)
    world.engine.failures["stop_stream"] = errors.EngineFaultError("broken")
    with pytest.raises(errors.EngineFaultError):
        await streams.stop(DEVICE, stream_id)
    assert world.row("streams", stream_id)["ended"] is None


@pytest_twisted.ensureDeferred
async def test_closing_ends_every_stream(world: World) -> None:
    """Those too that the engine no longer has, and whatever fails on the way."""
    streams, recording_id = world.new_streams(), world.recording()
    ids = [await streams.start(DEVICE, recording_id, "127.0.0.1", 6000 + n) for n in range(3)]
    del world.engine.streams[ids[0]]
    await streams.close()
    assert world.engine.streams == {}
    assert all(world.row("streams", stream_id)["ended"] is not None for stream_id in ids)
    last = await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    world.engine.failures["stop_stream"] = errors.EngineUnavailableError("gone")
    await streams.close()
    assert world.row("streams", last)["ended"] is None


@pytest_twisted.ensureDeferred
async def test_how_it_is_played_is_the_settings_unless_it_is_said(world: World) -> None:
    """False and 0 are said, too."""
    streams, recording_id = world.new_streams(), world.recording()
    await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    assert world.engine.playing == (0.0, False, "", 8)
    playing = Playing(start_s=1.5, loop=True, interface="127.0.0.2", ttl=0)
    await streams.start(DEVICE, recording_id, "127.0.0.1", 6001, playing)
    assert world.engine.playing == (1.5, True, "127.0.0.2", 0)


@pytest_twisted.ensureDeferred
async def test_pause_resume_and_seek_need_the_right_to_restream(world: World) -> None:
    """Unseen is not found, seen is not authorized; what the engine refuses is passed on."""
    streams, user, recording_id = world.new_streams(), world.user(), world.recording()
    stream_id = await streams.start(DEVICE, recording_id, "127.0.0.1", 6000)
    acts = (streams.pause, streams.resume, lambda a, s: streams.seek(a, s, 3.0))
    for act in acts:
        with pytest.raises(errors.StreamNotFoundError):
            await act(user, stream_id)
    world.share(Kind.RECORDING, recording_id, "EDIT", user)
    for act in acts:
        with pytest.raises(errors.NotAuthorizedError):
            await act(user, stream_id)
        await act(DEVICE, stream_id)
    assert world.engine.calls[1:] == ["pause_stream", "resume_stream", "seek_stream"]
    world.engine.failures["pause_stream"] = errors.WrongStateError("paused")
    with pytest.raises(errors.WrongStateError):
        await streams.pause(DEVICE, stream_id)
    world.engine.streams.clear()
    with pytest.raises(errors.StreamNotFoundError):
        await streams.seek(DEVICE, stream_id, 3.0)
