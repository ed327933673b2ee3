"""Titles, descriptions, categories, HotMarks."""

from __future__ import annotations

import pytest
import pytest_twisted

from hmp_twisted import errors
from hmp_twisted.services.rights import Kind

from .world import DEVICE, NOBODY, World

KINDS = pytest.mark.parametrize("kind", Kind)


@KINDS
@pytest.mark.parametrize("field", ["title", "description", "createdby"])
@pytest_twisted.ensureDeferred
async def test_a_field_is_set_and_nothing_else(world: World, kind: Kind, field: str) -> None:
    """The longest title, and text in any script."""
    object_id = world.one_of(kind)
    before = world.row(f"{kind.noun}s", object_id)
    await world.metadata.update(DEVICE, kind, object_id, field, "ж" * 1024)
    after = world.row(f"{kind.noun}s", object_id)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == ({field, "revision"} if kind is Kind.RECORDING else {field})
    assert after[field] == "ж" * 1024


@KINDS
@pytest_twisted.ensureDeferred
async def test_only_a_title_needs_a_character(world: World, kind: Kind) -> None:
    """The other two may be emptied, and may be long."""
    object_id = world.one_of(kind)
    for field in ("description", "createdby"):
        await world.metadata.update(DEVICE, kind, object_id, field, "x" * 5000)
        await world.metadata.update(DEVICE, kind, object_id, field, "")
        assert world.row(f"{kind.noun}s", object_id)[field] == ""
    with pytest.raises(errors.EmptyTitleError):
        await world.metadata.update(DEVICE, kind, object_id, "title", "")
    with pytest.raises(errors.TitleTooLongError):
        await world.metadata.update(DEVICE, kind, object_id, "title", "x" * 1025)
    with pytest.raises(errors.InvalidValueError):
        await world.metadata.update(DEVICE, kind, object_id, "state", "ERROR")


@pytest_twisted.ensureDeferred
async def test_an_empty_title_is_a_matter_of_form_for_sessions_only(world: World) -> None:
    """010001 comes before 040006; 070017 comes after 040002."""
    with pytest.raises(errors.EmptyTitleError):
        await world.metadata.update(DEVICE, Kind.SESSION, NOBODY, "title", "")
    with pytest.raises(errors.RecordingNotFoundError):
        await world.metadata.update(DEVICE, Kind.RECORDING, NOBODY, "title", "")


@pytest_twisted.ensureDeferred
async def test_a_sessions_id_is_no_recordings(world: World) -> None:
    """The guide's example of `updateMetadata` is a misprint."""
    with pytest.raises(errors.RecordingNotFoundError):
        await world.metadata.update(DEVICE, Kind.RECORDING, world.session(), "title", "x")


@KINDS
@pytest_twisted.ensureDeferred
async def test_setting_needs_edit(world: World, kind: Kind) -> None:
    """Unseen is not found; seen is not authorized."""
    object_id, user, category_id = world.one_of(kind), world.user(), world.add("categories")
    for error in (kind.not_found, errors.NotAuthorizedError):
        with pytest.raises(error):
            await world.metadata.update(user, kind, object_id, "title", "x")
        with pytest.raises(error):
            await world.metadata.set_category(user, kind, object_id, category_id, ["x"])
        if error is kind.not_found:
            world.share(kind, object_id, "WATCH", user)
    world.share(kind, other := world.one_of(kind), "EDIT", user)
    await world.metadata.update(user, kind, other, "title", "x")
    await world.metadata.set_category(user, kind, other, category_id, ["x"])


@KINDS
@pytest_twisted.ensureDeferred
async def test_a_categorys_values_are_replaced(world: World, kind: Kind) -> None:
    """In the order given, on this object, of this category; any value is taken."""
    object_id, other = world.one_of(kind), world.one_of(kind)
    category_id, second = world.add("categories"), world.add("categories")
    for target, category, values in (
        (object_id, category_id, ["old", "older", "oldest"]),
        (object_id, second, ["kept"]),
        (other, category_id, ["kept"]),
        (object_id, category_id, ["b", "a"]),
    ):
        await world.metadata.set_category(DEVICE, kind, target, category, values)
    rows = world.rows(kind.categories.name)
    found = [(r[kind.reference], r["category_id"], r["position"], r["value"]) for r in rows]
    assert sorted(found) == sorted(
        [
            (object_id, category_id, 0, "b"),
            (object_id, category_id, 1, "a"),
            (object_id, second, 0, "kept"),
            (other, category_id, 0, "kept"),
        ]
    )


@KINDS
@pytest_twisted.ensureDeferred
async def test_the_category_is_looked_up_before_the_object(world: World, kind: Kind) -> None:
    """040007, then 040006 or 040002."""
    with pytest.raises(errors.CategoryNotFoundError):
        await world.metadata.set_category(DEVICE, kind, NOBODY, NOBODY, ["x"])
    with pytest.raises(kind.not_found):
        await world.metadata.set_category(DEVICE, kind, NOBODY, world.add("categories"), ["x"])


@pytest_twisted.ensureDeferred
async def test_an_update_that_finds_nothing_is_told(world: World) -> None:
    """The guide's 040012: the recording was found, but the store gave no result back."""
    recording_id, category_id = world.recording(), world.add("categories")
    world.ignore_writes("recordings")
    with pytest.raises(errors.MetadataMissingError):
        await world.metadata.update(DEVICE, Kind.RECORDING, recording_id, "title", "x")
    with pytest.raises(errors.MetadataMissingError):
        await world.metadata.set_category(DEVICE, Kind.RECORDING, recording_id, category_id, ["x"])
    assert world.rows("recording_categories") == []


@pytest.mark.parametrize("state", ["RECORDING", "PAUSED"])
@pytest_twisted.ensureDeferred
async def test_a_hotmark_is_at_the_recordings_clock_rounded_down(world: World, state: str) -> None:
    """Allowed while paused; the title may be empty."""
    recording_id = world.recording(state)
    for clock, title in ((0.999, ""), (61.999, "x" * 1024)):
        world.engine.clock = clock
        await world.metadata.add_hotmark(DEVICE, recording_id, title)
    marks = {row["time_s"]: row["title"] for row in world.rows("hotmarks")}
    assert marks == {0: "", 61: "x" * 1024}
    assert world.row("recordings", recording_id)["revision"] == 3


@pytest_twisted.ensureDeferred
async def test_a_second_has_one_hotmark(world: World) -> None:
    """The first stays."""
    recording_id = world.recording("RECORDING")
    world.engine.clock = 3.0
    await world.metadata.add_hotmark(DEVICE, recording_id, "first")
    world.engine.clock = 3.9
    with pytest.raises(errors.HotmarkExistsError):
        await world.metadata.add_hotmark(DEVICE, recording_id, "second")
    assert [row["title"] for row in world.rows("hotmarks")] == ["first"]


@pytest_twisted.ensureDeferred
async def test_a_hotmarks_checks_are_in_the_guides_order(world: World) -> None:
    """Known, allowed, active, title, and then the engine is asked."""
    finished, user = world.recording("FINISHED"), world.user("ann", "watch")
    with pytest.raises(errors.RecordingNotFoundError):
        await world.metadata.add_hotmark(DEVICE, NOBODY, "x")
    with pytest.raises(errors.NotAuthorizedError):
        await world.metadata.add_hotmark(user, finished, "x")
    with pytest.raises(errors.NotActiveError):
        await world.metadata.add_hotmark(DEVICE, finished, "x" * 1025)
    active = world.recording("RECORDING")
    with pytest.raises(errors.TitleTooLongError):
        await world.metadata.add_hotmark(DEVICE, active, "x" * 1025)
    assert world.engine.calls == []
    world.engine.recordings.clear()
    with pytest.raises(errors.UnknownRecordingError):
        await world.metadata.add_hotmark(DEVICE, active, "x")
    world.engine.failures["read_clock"] = errors.EngineUnavailableError("gone")
    with pytest.raises(errors.EngineUnavailableError):
        await world.metadata.add_hotmark(DEVICE, active, "x")
    assert world.rows("hotmarks") == []
