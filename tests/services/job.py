"""The whole main job, as the services do it: each of them once, by a device and by a user."""

from __future__ import annotations

from hmp_twisted.services.rights import Actor, Kind
from hmp_twisted.services.sharing import Subject

from .world import DEVICE, World


async def whole_job(world: World) -> None:
    """From a new session to a stream that has ended."""
    owner = world.user("ann", "create-sessions")
    world.group("crew", "watch", member=owner)
    for number, actor in enumerate((DEVICE, owner)):
        source_id = world.source(f"udp://@:{7000 + number}")
        session_id = await world.sessions.create(actor, "Evening")
        await world.sessions.set_live(actor, session_id, True)
        await world.sessions.add_source(actor, session_id, source_id)
        recording_id = await _record(world, actor, session_id)
        await _play(world, actor, recording_id)
        await world.catalogue.file_changes()
        await world.sessions.remove_source(actor, session_id, source_id)
        await world.sessions.delete(actor, session_id)


async def _record(world: World, actor: Actor, session_id: str) -> str:
    recordings, category_id = world.new_recordings(), world.add("categories")
    recording_id = await recordings.start(actor, session_id)
    await world.metadata.add_hotmark(actor, recording_id, "Goal")
    for kind, object_id in ((Kind.SESSION, session_id), (Kind.RECORDING, recording_id)):
        await world.metadata.update(actor, kind, object_id, "title", "New")
        await world.metadata.set_category(actor, kind, object_id, category_id, ["x"])
        await world.sharing.share(actor, kind, object_id, Subject.GROUP, "CREW", "EDIT")
    await recordings.pause(actor, recording_id)
    await recordings.resume(actor, recording_id)
    await recordings.stop(actor, recording_id)
    assert await recordings.status(actor, recording_id) == "FINISHED"
    return recording_id


async def _play(world: World, actor: Actor, recording_id: str) -> None:
    streams = world.new_streams()
    stream_id = await streams.start(actor, recording_id, "127.0.0.1", 6000)
    await streams.stop(actor, stream_id)
    await streams.start(actor, recording_id, "127.0.0.1", 6001)
    await streams.close()
