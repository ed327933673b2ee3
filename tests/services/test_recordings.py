"""Recordings: what is wanted, what is, and what happens when one of the two halves fails."""

from __future__ import annotations

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred

from hmp_twisted import errors
from hmp_twisted.engine import manifest
from hmp_twisted.services.rights import Kind

from .fakes import DURATION_S
from .world import DEVICE, NOBODY, World


def state(world: World, recording_id: str) -> tuple[str, str]:
    """What is wanted of it, and what it is, as the store has it."""
    row = world.row("recordings", recording_id)
    return row["wanted"], row["state"]


@pytest_twisted.ensureDeferred
async def test_a_recording_takes_over_what_its_session_tells(world: World) -> None:
    """Title, description and categories; `createdby` stays unset."""
    first, second = world.source("udp://@:6000"), world.source("rtp://@239.1.1.1:6002")
    session_id = world.session(second, first, title="T", description="D", createdby="C")
    category_id = world.add("categories")
    await world.metadata.set_category(DEVICE, Kind.SESSION, session_id, category_id, ["b", "a"])
    world.clock.advance(9.5)
    recording_id = await world.new_recordings().start(DEVICE, session_id)
    row = world.row("recordings", recording_id)
    told = [row[name] for name in ("session_id", "title", "description", "createdby", "created")]
    assert told == [session_id, "T", "D", "", 9.5]
    assert (row["wanted"], row["state"], row["track_count"]) == ("RECORDING", "RECORDING", 2)
    values = world.rows("recording_categories", recording_id=recording_id)
    assert [(v["position"], v["value"]) for v in values] == [(0, "b"), (1, "a")]
    assert [(t.number, t.source_id, t.url) for t in world.engine.tracks] == [
        (1, second, "rtp://@239.1.1.1:6002"),
        (2, first, "udp://@:6000"),
    ]


@pytest_twisted.ensureDeferred
async def test_a_session_may_be_recorded_more_than_once_at_a_time(world: World) -> None:
    """Each recording has an ID of its own."""
    session_id, recordings = world.session(world.source()), world.new_recordings()
    ids = {await recordings.start(DEVICE, session_id) for _ in range(3)}
    assert set(world.engine.recordings) == ids
    assert len(ids) == 3


@pytest_twisted.ensureDeferred
async def test_who_starts_a_recording_owns_it(world: World) -> None:
    """A user with RECORD on the session has everything on the recording."""
    session_id, user = world.session(world.source()), world.user()
    world.share(Kind.SESSION, session_id, "RECORD", user)
    recordings = world.new_recordings()
    recording_id = await recordings.start(user, session_id)
    await recordings.stop(user, recording_id)
    await world.metadata.update(user, Kind.RECORDING, recording_id, "title", "Mine")
    (share,) = world.rows("recording_shares")
    assert (share["user_id"], share["permission"]) == (user.user_id, "OWN")


@pytest_twisted.ensureDeferred
async def test_a_session_without_sources_is_not_recorded(world: World) -> None:
    """And the engine hears nothing of it."""
    with pytest.raises(errors.NoSourcesError):
        await world.new_recordings().start(DEVICE, world.session())
    assert world.engine.calls == []
    assert world.rows("recordings") == []


@pytest.mark.parametrize(
    "error",
    [
        errors.DiskFullError,
        errors.WriteFailedError,
        errors.SourceUnusableError,
        errors.EngineUnavailableError,
        errors.EngineFaultError,
        errors.EngineAnswerError,
    ],
)
@pytest_twisted.ensureDeferred
async def test_a_start_that_the_engine_refuses_changes_nothing(
    world: World, error: type[Exception]
) -> None:
    """The session can be changed and deleted as before."""
    session_id = world.session(world.source())
    world.engine.failures["start_recording"] = error("told by the engine")
    with pytest.raises(error, match="told by the engine"):
        await world.new_recordings().start(DEVICE, session_id)
    assert world.rows("recordings") == world.rows("recording_shares") == []
    await world.sessions.delete(DEVICE, session_id)


@pytest_twisted.ensureDeferred
async def test_a_start_whose_answer_was_lost_is_ended_at_the_engine(world: World) -> None:
    """The engine may have begun what the client was told had failed."""
    world.engine.failures["start_recording"] = errors.EngineAnswerError("nonsense")
    with pytest.raises(errors.EngineAnswerError):
        await world.new_recordings().start(DEVICE, world.session(world.source()))
    assert world.engine.calls == ["start_recording", "stop_recording"]


@pytest_twisted.ensureDeferred
async def test_a_start_that_cannot_be_noted_is_stopped_and_fails(world: World) -> None:
    """Nobody could stop a recording whose ID was never told."""
    world.fail_writes("recordings")
    with pytest.raises(errors.StoreError):
        await world.new_recordings().start(DEVICE, world.session(world.source()))
    assert world.engine.recordings == {}
    assert world.rows("recordings") == []


@pytest.mark.parametrize("media", [b"", bytes(188)])
@pytest_twisted.ensureDeferred
async def test_what_a_failed_start_recorded_is_in_the_catalogue(world: World, media: bytes) -> None:
    """Not a folder that nobody knows of; one without media goes."""

    def begun() -> None:
        (folder,) = [
            manifest.folder_of(world.recordings_dir, row["id"]) for row in world.rows("recordings")
        ]
        (folder / "track-1").mkdir(parents=True)
        (folder / "track-1" / "00001.ts").write_bytes(media)
        manifest.write(folder, manifest.Recording(folder.name, "FINISHED", 1.0, 0.5))
        raise errors.EngineAnswerError("nonsense")

    world.engine.afterwards["start_recording"] = begun
    with pytest.raises(errors.EngineAnswerError):
        await world.new_recordings().start(DEVICE, world.session(world.source()))
    kept = [(row["state"], row["duration_s"]) for row in world.rows("recordings")]
    assert kept == ([("FINISHED", 0.5)] if media else [])
    assert len(list(world.recordings_dir.iterdir())) == len(kept)


@pytest_twisted.ensureDeferred
async def test_nothing_slips_between_the_check_and_the_start(world: World) -> None:
    """While the engine starts, the session can be neither deleted nor changed."""
    source_id = world.source()
    session_id = world.session(source_id)
    refused: list[Deferred[None]] = []

    def meddle() -> None:
        refused.append(ensureDeferred(world.sessions.delete(DEVICE, session_id)))
        refused.append(ensureDeferred(world.sessions.remove_source(DEVICE, session_id, source_id)))

    world.engine.afterwards["start_recording"] = meddle
    await world.new_recordings().start(DEVICE, session_id)
    for _, failure in await DeferredList(refused, consumeErrors=True):
        assert failure.check(errors.RecordingInProgressError)
    assert len(refused) == 2


@pytest_twisted.ensureDeferred
async def test_pause_resume_and_stop_are_done_and_noted(world: World) -> None:
    """What is wanted and what is, both."""
    recordings = world.new_recordings()
    recording_id = await recordings.start(DEVICE, world.session(world.source()))
    for act, expected in (
        (recordings.pause, ("PAUSED", "PAUSED")),
        (recordings.resume, ("RECORDING", "RECORDING")),
        (recordings.pause, ("PAUSED", "PAUSED")),
        (recordings.stop, ("STOPPED", "FINISHED")),
    ):
        await act(DEVICE, recording_id)
        assert state(world, recording_id) == expected
        assert await recordings.status(DEVICE, recording_id) == expected[1]
    assert world.row("recordings", recording_id)["duration_s"] == DURATION_S
    assert world.engine.recordings == {}


@pytest_twisted.ensureDeferred
async def test_pausing_what_is_paused_and_resuming_what_is_not_is_a_wrong_state(
    world: World,
) -> None:
    """The engine is not asked."""
    recordings = world.new_recordings()
    for act, stored in ((recordings.pause, "PAUSED"), (recordings.resume, "RECORDING")):
        with pytest.raises(errors.WrongStateError):
            await act(DEVICE, world.recording(stored))
    assert world.engine.calls == []


@pytest.mark.parametrize("stored", ["FINISHED", "ERROR", "STARTING"])
@pytest_twisted.ensureDeferred
async def test_what_is_not_in_progress_is_no_active_recording(world: World, stored: str) -> None:
    """Ended, not begun, or unknown."""
    recordings = world.new_recordings()
    for act in (recordings.pause, recordings.resume, recordings.stop):
        for recording_id in (world.recording(stored), NOBODY):
            with pytest.raises(errors.ActiveRecordingNotFoundError):
                await act(DEVICE, recording_id)


@pytest_twisted.ensureDeferred
async def test_the_right_to_record_is_had_on_the_recording_or_its_session(world: World) -> None:
    """Without any right it is not found; seen, but without `record`, it is not authorized."""
    recordings, session_id = world.new_recordings(), world.session()
    recording_id = world.recording("RECORDING", session_id)
    user = world.user()
    with pytest.raises(errors.ActiveRecordingNotFoundError):
        await recordings.pause(user, recording_id)
    world.share(Kind.RECORDING, recording_id, "EDIT", user)
    with pytest.raises(errors.NotAuthorizedError):
        await recordings.pause(user, recording_id)
    with pytest.raises(errors.NotAuthorizedError):
        await recordings.resume(user, recording_id)  # before the error about its state
    world.share(Kind.SESSION, session_id, "RECORD", user)
    await recordings.pause(user, recording_id)
    other = world.user("bob")
    world.share(Kind.RECORDING, recording_id, world.permission("record"), other)
    await recordings.stop(other, recording_id)
    assert state(world, recording_id) == ("STOPPED", "FINISHED")


@pytest.mark.parametrize("name", ["pause", "resume", "stop"])
@pytest_twisted.ensureDeferred
async def test_what_the_engine_does_not_do_is_not_noted(world: World, name: str) -> None:
    """An error changes nothing."""
    before = "PAUSED" if name == "resume" else "RECORDING"
    recording_id = world.recording(before)
    world.engine.failures[f"{name}_recording"] = errors.EngineUnavailableError("gone")
    with pytest.raises(errors.EngineUnavailableError):
        await getattr(world.new_recordings(), name)(DEVICE, recording_id)
    assert state(world, recording_id) == (before, before)


@pytest.mark.parametrize("name", ["pause", "resume"])
@pytest_twisted.ensureDeferred
async def test_what_cannot_be_noted_is_undone_at_the_engine(world: World, name: str) -> None:
    """The client was told that it failed, so it must not have happened."""
    before = "PAUSED" if name == "resume" else "RECORDING"
    recording_id = world.recording(before)
    world.fail_writes("recordings")
    with pytest.raises(errors.StoreError):
        await getattr(world.new_recordings(), name)(DEVICE, recording_id)
    assert world.engine.recordings == {recording_id: before}
    world.mend()
    assert state(world, recording_id) == (before, before)


@pytest_twisted.ensureDeferred
async def test_what_the_engine_is_already_is_noted(world: World) -> None:
    """Neither noting nor undoing had worked: the next command sets it right."""
    recording_id = world.recording("RECORDING")
    world.engine.recordings[recording_id] = "PAUSED"
    await world.new_recordings().pause(DEVICE, recording_id)
    assert state(world, recording_id) == ("PAUSED", "PAUSED")


def file_of(world: World, recording_id: str, **values: object) -> None:
    """The recording's own file, as the engine left it."""
    folder = manifest.folder_of(world.recordings_dir, recording_id)
    folder.mkdir()
    row = {"id": recording_id, "created": 1.0, "duration_s": 7.5, **values}
    manifest.write(folder, manifest.Recording(**row))  # type: ignore[arg-type]  # built from a table


@pytest_twisted.ensureDeferred
async def test_stopping_what_ended_by_itself_takes_its_state_from_its_file(world: World) -> None:
    """The disk ran full and the engine's word of it was lost: it has ended, as asked."""
    recording_id = world.recording("RECORDING")
    world.engine.recordings.clear()
    file_of(world, recording_id, state="ERROR", reason="disk full")
    await world.new_recordings().stop(DEVICE, recording_id)
    row = world.row("recordings", recording_id)
    told = (row["wanted"], row["state"], row["duration_s"], row["reason"])
    assert told == ("STOPPED", "ERROR", 7.5, "disk full")


@pytest_twisted.ensureDeferred
async def test_a_stop_that_could_not_be_noted_can_be_given_again(world: World) -> None:
    """The second time the engine has it no more, and its file tells that it is finished."""
    recording_id = world.recording("RECORDING")
    file_of(world, recording_id, state="FINISHED")
    world.fail_writes("recordings")
    with pytest.raises(errors.StoreError):
        await world.new_recordings().stop(DEVICE, recording_id)
    world.mend()
    assert state(world, recording_id) == ("RECORDING", "RECORDING")
    await world.new_recordings().stop(DEVICE, recording_id)
    assert state(world, recording_id) == ("STOPPED", "FINISHED")


@pytest_twisted.ensureDeferred
async def test_pausing_what_ended_by_itself_finds_no_active_recording(world: World) -> None:
    """And notes its end; a file that is missing, or says that it is active, is an error's."""
    recordings = world.new_recordings()
    ended, lost, missing = (world.recording("RECORDING") for _ in range(3))
    world.engine.recordings.clear()
    file_of(world, ended, state="FINISHED")
    file_of(world, lost, state="RECORDING")
    for recording_id in (ended, lost, missing):
        with pytest.raises(errors.ActiveRecordingNotFoundError):
            await recordings.pause(DEVICE, recording_id)
    assert [state(world, r)[1] for r in (ended, lost, missing)] == ["FINISHED", "ERROR", "ERROR"]
    assert "recording.json" in world.row("recordings", missing)["reason"]


@pytest_twisted.ensureDeferred
async def test_the_engines_word_of_an_end_is_taken_once(world: World) -> None:
    """What was stopped by a user stays as it was told then."""
    recordings, recording_id = world.new_recordings(), world.recording("RECORDING")
    await recordings.ended(recording_id, "ERROR", 3.25, "disk full")
    await recordings.ended(recording_id, "FINISHED", 99.0, "")
    row = world.row("recordings", recording_id)
    told = (row["wanted"], row["state"], row["duration_s"], row["reason"])
    assert told == ("STOPPED", "ERROR", 3.25, "disk full")
    await recordings.ended(NOBODY, "ERROR", 1.0, "not ours")


@pytest_twisted.ensureDeferred
async def test_an_end_during_the_start_is_noted_after_it(world: World) -> None:
    """The disk may run full before the start is noted: the recording must not stay active."""
    recordings = world.new_recordings()
    told: list[Deferred[None]] = []

    def end_at_once() -> None:
        (recording_id,) = world.engine.recordings
        told.append(ensureDeferred(recordings.ended(recording_id, "ERROR", 0.1, "disk full")))

    world.engine.afterwards["start_recording"] = end_at_once
    recording_id = await recordings.start(DEVICE, world.session(world.source()))
    await told[0]
    assert state(world, recording_id) == ("STOPPED", "ERROR")


@pytest_twisted.ensureDeferred
async def test_acts_on_one_recording_follow_one_another(world: World) -> None:
    """Of two pauses at once the second finds it paused; nobody is left holding it."""
    recordings, recording_id = world.new_recordings(), world.recording("RECORDING")
    pauses = [ensureDeferred(recordings.pause(DEVICE, recording_id)) for _ in range(2)]
    assert recordings.serial.is_held(recording_id)
    (first, _), (second, failure) = await DeferredList(pauses, consumeErrors=True)
    assert (first, second) == (True, False)
    assert failure.check(errors.WrongStateError)
    assert world.engine.calls == ["pause_recording"]
    assert not recordings.serial.is_held(recording_id)


@pytest_twisted.ensureDeferred
async def test_the_status_of_every_recording_can_be_read_by_who_sees_it(world: World) -> None:
    """Any action on it; `STARTING`, or what no version wrote, is no state to tell."""
    recordings, user = world.new_recordings(), world.user()
    for stored in ("RECORDING", "PAUSED", "FINISHED", "ERROR"):
        recording_id = world.recording(stored)
        assert await recordings.status(DEVICE, recording_id) == stored
        with pytest.raises(errors.ActiveRecordingNotFoundError):
            await recordings.status(user, recording_id)
        world.share(Kind.RECORDING, recording_id, world.permission("trim"), user)
        assert await recordings.status(user, recording_id) == stored
    with pytest.raises(errors.ActiveRecordingNotFoundError):
        await recordings.status(DEVICE, NOBODY)
    for stored in ("STARTING", "", "¿"):
        with pytest.raises(errors.UnreadableStateError):
            await recordings.status(DEVICE, world.recording(stored))
