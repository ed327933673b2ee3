"""The library: what is found, in which order, by whom, and that no search reads a whole table."""

from __future__ import annotations

import attrs
import pytest
import pytest_twisted

from hmp_twisted.errors import InvalidValueError, RecordingNotFoundError, SessionNotFoundError
from hmp_twisted.services.library import ORDERS, Library, Search, search, sight
from hmp_twisted.services.rights import ACTIONS, Actor, Kind

from .test_hot_queries import scans, statements
from .world import DEVICE, NOBODY, World


async def titles(
    world: World, wanted: Search, actor: Actor = DEVICE, kind: Kind = Kind.RECORDING
) -> list[str]:
    """The titles of all pages, in order."""
    found: list[str] = []
    while True:
        page = await Library(world.store).find(actor, kind, wanted)
        found += [item.title for item in page.items]
        if not page.next:
            return found
        wanted = attrs.evolve(wanted, after=page.next)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("order", list(ORDERS))
async def test_every_order_pages_through_everything_once(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: Kind, order: str
) -> None:
    """Also where many are equal: nothing twice, nothing left out."""
    if (kind, order) == (Kind.SESSION, "longest"):
        with pytest.raises(InvalidValueError):
            await titles(world, Search(order=order), kind=kind)
        return
    monkeypatch.setattr(search, "PAGE", 4)
    for n in range(23):
        values = {"title": f"t{n // 6}", "created": float(n // 5), "duration_s": float(n % 3)}
        if kind is Kind.SESSION:
            del values["duration_s"]
        getattr(world, kind.noun)(**values)
    found = await titles(world, Search(order=order), kind=kind)
    rows = world.rows(f"{kind.noun}s")
    column = ORDERS[order].column
    expected = sorted(
        rows, key=lambda row: (row[column], row["id"]), reverse=ORDERS[order].descending
    )
    assert found == [row["title"] for row in expected]


@pytest_twisted.ensureDeferred
async def test_titles_are_sorted_without_case(world: World) -> None:
    """As people read them."""
    for title in ("beta", "Alpha", "ALSO", "Beta2"):
        world.recording(title=title)
    assert await titles(world, Search(order="title")) == ["Alpha", "ALSO", "beta", "Beta2"]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["Evening", "Übung 100%", "Morning"]),
        ("EVEN", ["Evening"]),
        ("übung", ["Übung 100%"]),
        ("ÜBUNG", ["Übung 100%"]),
        ("ing o'clock", ["Morning"]),
        ("100%", ["Übung 100%"]),
        ("%", ["Übung 100%"]),
        ("_", []),
        ("' OR 1=1 --", []),
        ("evening morning", []),
    ],
)
async def test_all_words_must_be_there(world: World, text: str, found: list[str]) -> None:
    """In the title or the description, in any case; no character means anything else."""
    world.recording(title="Morning", description="at eight o'clock", created=1.0)
    world.recording(title="Übung 100%", created=2.0)
    world.recording(title="Evening", created=3.0)
    assert await titles(world, Search(text=text)) == found


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("few", [-1, 2000])
async def test_filters_add_up(world: World, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Category, value, words and session; whichever way the database goes about it."""
    monkeypatch.setattr(sight, "FEW", few)
    room, session = world.add("categories", name="Room"), world.session()
    for title, value in (("a", "Hall"), ("b", "Cellar"), ("ab", "Hall")):
        recording = world.recording(session_id=session, title=title)
        world.add(
            "recording_categories",
            recording_id=recording,
            category_id=room,
            position=0,
            value=value,
        )
    world.recording(title="ab")
    by_title = Search(order="title", category_id=room)
    assert await titles(world, by_title) == ["a", "ab", "b"]
    assert await titles(world, attrs.evolve(by_title, value="Hall")) == ["a", "ab"]
    assert await titles(world, attrs.evolve(by_title, value="Hall", text="b")) == ["ab"]
    assert await titles(world, attrs.evolve(by_title, value="hall")) == []
    assert await titles(world, Search(order="title", session_id=session)) == ["a", "ab", "b"]


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("few", [-1, 2000])
@pytest.mark.parametrize("kind", list(Kind))
async def test_what_is_found_is_what_is_seen(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: Kind, few: int
) -> None:
    """By shares with the user and the groups, by default and custom permissions, by roles."""
    monkeypatch.setattr(sight, "FEW", few)
    make = getattr(world, kind.noun)
    things = {name: make(title=name) for name in ("own", "group", "custom", "empty", "theirs")}
    user, other = world.user("ann"), world.user("bob")
    group = world.group(member=user)
    world.share(kind, things["own"], "OWN", user)
    world.add(
        kind.shares.name, permission="WATCH", group_id=group, **{kind.reference: things["group"]}
    )
    world.add(kind.shares.name, permission="OWN", group_id=group, **{kind.reference: things["own"]})
    world.share(kind, things["custom"], world.permission("download"), user)
    world.share(kind, things["empty"], world.permission(), user)
    world.share(kind, things["theirs"], "OWN", other)
    wanted = Search(order="title")
    assert await titles(world, wanted, user, kind) == ["custom", "group", "own"]
    assert await titles(world, wanted, world.user("nobody"), kind) == []
    creator = world.user("creator", "create-sessions", "administer")
    assert await titles(world, wanted, creator, kind) == []
    assert len(await titles(world, wanted, world.user("all", "trim"), kind)) == 5


@pytest_twisted.ensureDeferred
async def test_what_is_in_the_bin_is_found_there_alone(world: World) -> None:
    """And only by those who would see it."""
    user = world.user("ann")
    shared, secret = (world.recording(title=title, deleted=5.0) for title in ("shared", "secret"))
    world.share(Kind.RECORDING, shared, "WATCH", user)
    library = Library(world.store)
    assert await titles(world, Search()) == []
    found = await library.deleted(user)
    assert [(item.id, item.deleted) for item in found.items] == [(shared, 5.0)]
    assert {item.id for item in (await library.deleted(DEVICE)).items} == {shared, secret}
    with pytest.raises(RecordingNotFoundError):
        await library.recording(DEVICE, shared)


@pytest_twisted.ensureDeferred
async def test_a_title_in_the_form_of_an_id_means_no_other_recording(world: World) -> None:
    """Somebody may call a recording by another's ID; the page of that one stays its own."""
    secret = world.recording(title="Secret")
    world.recording(title=secret)
    told = await Library(world.store).recording(DEVICE, secret)
    assert (told.recording.id, told.recording.title) == (secret, "Secret")


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("after", ["x", "WzEsIDJd", "WyJhIiwgMV0", "e30", "é"])
async def test_a_page_of_no_search_is_refused(world: World, after: str) -> None:
    """Whatever stands in a URL."""
    for order in ("newest", "title"):
        with pytest.raises(InvalidValueError, match="after"):
            await titles(world, Search(order=order, after=after))


@pytest_twisted.ensureDeferred
async def test_details_tell_what_belongs_to_a_recording(world: World) -> None:
    """With what the actor may do, and nothing of a session that the actor does not see."""
    session = world.session(title="Secret")
    recording = world.recording(session_id=session)
    world.add("hotmarks", recording_id=recording, time_s=3, title="Goal")
    ended = world.add(
        "streams", recording_id=recording, address="127.0.0.1", port=1, started=1.0, ended=2.0
    )
    running = world.add("streams", recording_id=recording, address="127.0.0.1", port=2, started=3.0)
    user = world.user("ann")
    world.share(Kind.RECORDING, recording, "EDIT", user)
    library = Library(world.store)
    told = await library.recording(user, recording)
    assert told.attached.actions == {"watch", "edit"}
    assert [mark.title for mark in told.hotmarks] == ["Goal"]
    assert [stream.id for stream in told.streams] == [running, ended]
    assert told.session_title == ""
    assert (await library.recording(DEVICE, recording)).session_title == "Secret"
    for unseen in (NOBODY, world.recording()):
        with pytest.raises(RecordingNotFoundError):
            await library.recording(user, unseen)


@pytest_twisted.ensureDeferred
async def test_details_tell_what_belongs_to_a_session(world: World) -> None:
    """Its sources in order, those that could be added, and whether it is recorded."""
    first, second, third = world.source(), world.source(), world.source()
    session = world.session(second, first)
    world.recording("PAUSED", session_id=session)
    library = Library(world.store)
    told = await library.session(DEVICE, session)
    assert [source.id for source in told.sources] == [second, first]
    assert [source.id for source in told.other_sources] == [third]
    assert told.is_recorded
    stranger = world.user("ann")
    for question in (library.session, library.live_session):
        with pytest.raises(SessionNotFoundError):
            await question(stranger, session)


@pytest_twisted.ensureDeferred
async def test_live_tells_of_what_the_session_lets_control(world: World) -> None:
    """A right to record the session is one on its recordings; others are not told of."""
    session = world.session(live=True)
    recording = world.recording("RECORDING", session_id=session)
    ann, bob = world.user("ann"), world.user("bob")
    world.share(Kind.SESSION, session, "RECORD", ann)
    world.share(Kind.SESSION, session, "WATCH", bob)
    library = Library(world.store)
    (live,) = await library.live(ann)
    assert [(active.id, active.actions) for active in live.active] == [(recording, {"record"})]
    assert live.may("record")
    (live,) = await library.live(bob)
    assert live.active == ()
    assert await library.live(world.user("carl")) == ()


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("few", [-1, 2000])
async def test_no_page_scans_a_growing_table(
    world: World, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Every search and every page's question goes by an index, for roles and for shares."""
    monkeypatch.setattr(sight, "FEW", few)
    category, session = world.add("categories"), world.session(live=True)
    recording = world.recording(session_id=session)
    library = Library(world.store)
    actors = (DEVICE, world.user("ann", *ACTIONS), world.user("bob"))
    world.share(Kind.SESSION, session, "OWN", actors[2])
    world.share(Kind.RECORDING, recording, "OWN", actors[2])
    with statements() as seen:
        for actor in actors:
            for order in ORDERS:
                for category_id, value in (("", ""), (category, ""), (category, "x")):
                    wanted = Search(order=order, category_id=category_id, value=value)
                    await library.find(actor, Kind.RECORDING, wanted)
                    if order != "longest":
                        await library.find(actor, Kind.SESSION, wanted)
            await library.deleted(actor)
            await library.recording(actor, recording)
            await library.session(actor, session)
            await library.live(actor)
    assert len(seen) > 40
    assert scans(world, seen) == []
    sorted_anew = [s for s in seen if few < 0 and _sorts(world, s, seen[s])]
    assert sorted_anew == [], "a page of many comes in the order of an index"


def _sorts(world: World, statement: str, parameters: object) -> bool:
    if "ORDER BY" not in statement or "LIMIT" not in statement or "live" in statement:
        return False
    if not statement.startswith("SELECT recordings.id, recordings.title, recordings.created"):
        return False
    with world.store.begin() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
        return any("USE TEMP B-TREE FOR ORDER BY" in row[-1] for row in plan)
