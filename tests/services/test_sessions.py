"""Sessions, and the order of their checks."""

from __future__ import annotations

import pytest
import pytest_twisted

from hmp_twisted import errors
from hmp_twisted.services.rights import Actor, Kind

from .world import DEVICE, NOBODY, World


@pytest_twisted.ensureDeferred
async def test_a_new_session_is_not_live_and_remembers_when_it_was_made(world: World) -> None:
    """Titles need not be unique."""
    world.clock.advance(5.0)
    first = await world.sessions.create(DEVICE, "Évening")
    assert await world.sessions.create(DEVICE, "Évening") != first
    row = world.row("sessions", first)
    assert (row["title"], row["live"], row["created"]) == ("Évening", False, 5.0)
    assert world.rows("session_shares") == []


@pytest_twisted.ensureDeferred
async def test_who_creates_a_session_owns_it(world: World) -> None:
    """A user needs `create-sessions`, and then may do everything to the new session."""
    user = world.user("ann", "create-sessions")
    session_id = await world.sessions.create(user, "Mine")
    assert [
        (s["session_id"], s["user_id"], s["permission"]) for s in world.rows("session_shares")
    ] == [(session_id, user.user_id, "OWN")]
    await world.sessions.delete(user, session_id)
    assert world.rows("sessions") == world.rows("session_shares") == []


@pytest.mark.parametrize(
    ("title", "error"),
    [
        ("", errors.EmptyTitleError),
        ("x" * 1024, None),
        ("é" * 1025, errors.TitleTooLongError),
    ],
)
@pytest_twisted.ensureDeferred
async def test_titles_have_1_to_1024_characters(
    world: World, title: str, error: type[Exception] | None
) -> None:
    """Characters, not bytes."""
    if error is None:
        assert await world.sessions.create(DEVICE, title)
        return
    with pytest.raises(error):
        await world.sessions.create(DEVICE, title)
    assert world.rows("sessions") == []


@pytest_twisted.ensureDeferred
async def test_creating_needs_the_right_before_a_title_that_fits(world: World) -> None:
    """The empty title is a matter of form and comes first."""
    user = world.user()
    with pytest.raises(errors.EmptyTitleError):
        await world.sessions.create(user, "")
    with pytest.raises(errors.NotAuthorizedError):
        await world.sessions.create(user, "x" * 2000)


@pytest_twisted.ensureDeferred
async def test_setting_what_already_is_is_no_error(world: World) -> None:
    """Both values, twice each."""
    session_id = world.session()
    for live in (True, True, False, False):
        await world.sessions.set_live(DEVICE, session_id, live)
        assert world.row("sessions", session_id)["live"] is live


ACTS = {
    "set_live": ("edit", lambda w, a, s: w.sessions.set_live(a, s, True)),
    "delete": ("delete", lambda w, a, s: w.sessions.delete(a, s)),
    "add_source": ("change-sources", lambda w, a, s: w.sessions.add_source(a, s, w.source())),
    "start": ("record", lambda w, a, s: w.new_recordings().start(a, s)),
    "update": ("edit", lambda w, a, s: w.metadata.update(a, Kind.SESSION, s, "title", "New")),
    "set_category": (
        "edit",
        lambda w, a, s: w.metadata.set_category(a, Kind.SESSION, s, w.add("categories"), ["x"]),
    ),
}


@pytest.mark.parametrize("act", ACTS)
@pytest_twisted.ensureDeferred
async def test_each_act_on_a_session_needs_its_right(world: World, act: str) -> None:
    """Unseen is not found; seen is not authorized; with the one right it is done."""
    needed, do = ACTS[act]
    session_id, user = world.session(world.source("udp://@:6000")), world.user()
    for missing in (user, DEVICE):
        with pytest.raises(errors.SessionNotFoundError):
            await do(world, missing, NOBODY if missing is DEVICE else session_id)
    world.share(Kind.SESSION, session_id, world.permission("trim"), user)
    with pytest.raises(errors.NotAuthorizedError):
        await do(world, user, session_id)
    allowed = world.user("bob")
    world.share(Kind.SESSION, session_id, world.permission(needed), allowed)
    await do(world, allowed, session_id)


@pytest_twisted.ensureDeferred
async def test_what_is_not_allowed_is_told_before_the_state(world: World) -> None:
    """A watcher of a session that is being recorded learns nothing of that by trying."""
    source_id = world.source()
    session_id, watcher = world.session(source_id), world.user("ann", "watch")
    world.recording("PAUSED", session_id)
    for attempt in (
        world.sessions.delete(watcher, session_id),
        world.sessions.add_source(watcher, session_id, source_id),
        world.sessions.remove_source(watcher, session_id, source_id),
    ):
        with pytest.raises(errors.NotAuthorizedError):
            await attempt


@pytest.mark.parametrize("state", ["STARTING", "RECORDING", "PAUSED"])
@pytest_twisted.ensureDeferred
async def test_a_session_in_progress_keeps_itself_and_its_sources(world: World, state: str) -> None:
    """Paused recordings count, and one that is just being started."""
    source_id = world.source()
    session_id = world.session(source_id)
    world.recording(state, session_id)
    for attempt in (
        world.sessions.delete(DEVICE, session_id),
        world.sessions.add_source(DEVICE, session_id, source_id),
        world.sessions.remove_source(DEVICE, session_id, source_id),
    ):
        with pytest.raises(errors.RecordingInProgressError):
            await attempt
    assert len(world.rows("session_sources", session_id=session_id)) == 1


@pytest_twisted.ensureDeferred
async def test_finished_recordings_stay_when_their_session_goes(world: World) -> None:
    """With the session's ID, so that they can still be told together."""
    session_id = world.session(world.source())
    recording_id = world.recording("FINISHED", session_id)
    world.recording("ERROR", session_id)
    await world.sessions.delete(DEVICE, session_id)
    assert world.row("recordings", recording_id)["session_id"] == session_id
    assert world.rows("session_sources") == []


@pytest_twisted.ensureDeferred
async def test_sources_keep_the_order_in_which_they_were_added(world: World) -> None:
    """At most four, each once; a free place is taken at the end."""
    session_id = world.session()
    sources = [world.source(f"udp://@:{6000 + n}") for n in range(6)]
    for source_id in sources[:4]:
        await world.sessions.add_source(DEVICE, session_id, source_id)
    with pytest.raises(errors.SourceAlreadyAddedError):
        await world.sessions.add_source(DEVICE, session_id, sources[3])
    with pytest.raises(errors.TooManySourcesError):
        await world.sessions.add_source(DEVICE, session_id, sources[4])
    await world.sessions.remove_source(DEVICE, session_id, sources[1])
    await world.sessions.add_source(DEVICE, session_id, sources[4])
    await world.new_recordings().start(DEVICE, session_id)
    assert [t.source_id for t in world.engine.tracks] == [sources[n] for n in (0, 2, 3, 4)]


@pytest_twisted.ensureDeferred
async def test_a_source_is_looked_up_after_its_session(world: World) -> None:
    """Unknown, or (for removing) not in this session."""
    session_id, source_id = world.session(), world.source()
    for act in (world.sessions.add_source, world.sessions.remove_source):
        with pytest.raises(errors.SessionNotFoundError):
            await act(DEVICE, NOBODY, NOBODY)
        with pytest.raises(errors.SourceNotFoundError):
            await act(DEVICE, session_id, NOBODY)
    with pytest.raises(errors.SourceNotFoundError, match="not in session"):
        await world.sessions.remove_source(DEVICE, session_id, source_id)


@pytest_twisted.ensureDeferred
async def test_a_fault_of_the_database_comes_out_as_such(world: World) -> None:
    """The commands have their own words for it."""
    session_id = world.session()
    world.fail_writes("sessions", "INSERT")
    with pytest.raises(errors.StoreError, match="disk on fire"):
        await world.sessions.create(Actor(None, "panel"), "Evening")
    world.mend()
    world.fail_writes("sessions", "DELETE")
    with pytest.raises(errors.StoreError, match="disk on fire"):
        await world.sessions.delete(DEVICE, session_id)
