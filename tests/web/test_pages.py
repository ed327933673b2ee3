"""What people do on the pages, and what the services then have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import pytest_twisted

from hmp_twisted.engine import manifest
from hmp_twisted.errors import EngineUnavailableError, NoMediaError
from hmp_twisted.services.rights import ROLE_ACTIONS, Kind
from tests.services.world import NOBODY

from .conftest import Place

HTMX = {"HX_Request": "true"}


@pytest_twisted.ensureDeferred
async def test_a_session_is_made_given_a_source_and_recorded(place: Place) -> None:
    """From an empty page to a finished recording, by somebody who may create sessions only."""
    world, source = place.world, place.world.source()
    browser, _ = await place.signed_in("carla", "create-sessions")
    assert "There are no sessions yet." in (await browser.get("/sessions")).text
    page = await browser.follow(await browser.post("/sessions", {"title": "Evening"}))
    assert "Add a source before you record." in page.text
    (session,) = world.rows("sessions")
    at = f"/sessions/{session['id']}"
    part = await browser.post(f"{at}/sources", {"source": source}, **HTMX)
    assert part.text.startswith('<section class="card" id="sources"')
    assert "Source added." in part.text
    live = await browser.follow(await browser.post(f"{at}/record"))
    assert 'data-clock="0.0" data-runs' in live.text
    (recording,) = world.rows("recordings")
    on = f"/live/{session['id']}/{recording['id']}"
    world.engine.clock = 3.7
    assert "HotMark set." in (await browser.post(f"{on}/mark", {"title": "Goal"}, **HTMX)).text
    assert world.rows("hotmarks")[0]["time_s"] == 3
    assert "Resume" in (await browser.post(f"{on}/pause", **HTMX)).text
    assert 'data-clock="3.7" data-runs' in (await browser.post(f"{on}/resume", **HTMX)).text
    assert "Record</button>" in (await browser.post(f"{on}/stop", **HTMX)).text
    assert world.row("recordings", recording["id"])["state"] == "FINISHED"
    assert "Finished" in (await browser.get("/videos")).text


@pytest_twisted.ensureDeferred
async def test_the_live_page_shows_what_is_live_or_recorded(place: Place) -> None:
    """And of those only what the visitor sees."""
    world = place.world
    live, recorded = world.session(title="Is live", live=True), world.session(title="Recorded")
    world.session(title="Neither")
    world.recording("RECORDING", session_id=recorded, title="Now")
    browser, vera = await place.signed_in("vera")
    assert "Nothing is live." in (await browser.get("/live")).text
    world.share(Kind.SESSION, recorded, "RECORD", vera)
    page = (await browser.get("/live")).text
    assert "Recorded" in page
    assert "Is live" not in page
    assert "Stop</button>" in page
    world.share(Kind.SESSION, live, "WATCH", vera)
    page = (await browser.get("/live")).text
    assert "Is live" in page
    assert "Neither" not in page


@pytest_twisted.ensureDeferred
async def test_a_clock_that_cannot_be_read_is_said(place: Place) -> None:
    """The page stays, and its buttons."""
    world = place.world
    session = world.session()
    recording = world.recording("RECORDING", session_id=session)
    browser = await place.administrator()
    del world.engine.recordings[recording]
    world.engine.failures["read_clock"] = OSError("the test's own")
    answer = await browser.get(f"/live/{session}/controls")
    assert answer.status == 500
    world.engine.failures.clear()
    assert 'data-clock="0.0"' in (await browser.get(f"/live/{session}/controls")).text


@pytest_twisted.ensureDeferred
async def test_what_is_told_of_a_recording_is_changed(place: Place) -> None:
    """Only the fields that were changed are written; plain forms lead back to the page."""
    world = place.world
    recording = world.recording(title="Before", description="Stays", createdby="")
    browser = await place.administrator()
    fields = {"title": "After", "description": "Stays", "createdby": "Ann"}
    answer = await browser.post(f"/videos/{recording}/details", fields)
    assert answer.location == f"/videos/{recording}"
    page = (await browser.follow(answer)).text
    assert "<h1>After</h1>" in page
    row = world.row("recordings", recording)
    assert (row["title"], row["description"], row["createdby"]) == ("After", "Stays", "Ann")
    assert row["revision"] == 3, "two fields were written"
    assert (await browser.post(f"/videos/{recording}/details", {"title": ""})).status == 400


@pytest_twisted.ensureDeferred
async def test_categories_are_chosen_and_typed(place: Place) -> None:
    """One of a single choice, several of a multiple one, own values after those on offer."""
    world = place.world
    one = world.add("categories", name="Room", multiple=False, custom=True)
    many = world.add("categories", name="Topics", multiple=True, custom=True)
    late = world.add("categories", name="Late", multiple=False, custom=False)
    session = world.session()
    browser = await place.administrator()
    fields = {
        f"has-{one}": "1",
        f"value-{one}": "Hall",
        f"own-{one}": "Cellar",
        f"has-{many}": "1",
        f"value-{many}": ["A", "B"],
        f"own-{many}": "C",
        f"value-{late}": "x",
    }
    answer = await browser.post(f"/sessions/{session}/categories", fields, **HTMX)
    assert answer.status == 200
    rows = world.rows("session_categories", session_id=session)
    found = {(row["category_id"], row["position"], row["value"]) for row in rows}
    assert found == {(one, 0, "Cellar"), (many, 0, "A"), (many, 1, "B"), (many, 2, "C")}
    assert re.search(r'type="radio" name="value-[^"]+" value="Cellar" checked', answer.text)
    emptied = {f"has-{one}": "1", f"value-{one}": "", f"has-{many}": "1"}
    await browser.post(f"/sessions/{session}/categories", emptied)
    assert world.rows("session_categories") == []


@pytest_twisted.ensureDeferred
async def test_sharing_lets_the_other_user_see(place: Place) -> None:
    """And taking it back ends that at once."""
    world = place.world
    recording = world.recording(title="Secret")
    browser = await place.administrator()
    other, _ = await place.signed_in("vera")
    assert (await other.get(f"/videos/{recording}")).status == 404
    assert "Secret" not in (await other.get("/videos")).text
    given = {"subject": "user", "name": "VERA", "permission": "WATCH"}
    part = await browser.post(f"/videos/{recording}/shares", given, **HTMX)
    assert "vera" in part.text
    page = (await other.get(f"/videos/{recording}")).text
    assert "Secret" in page
    for absent in ("Save</button>", "Move to the bin", "Share with somebody", "Rename"):
        assert absent not in page
    assert "Secret" in (await other.get("/videos")).text
    await browser.post(f"/videos/{recording}/shares/remove", given)
    assert (await other.get(f"/videos/{recording}")).status == 404


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("fields", [{"subject": "dog"}, {"subject": "user", "name": "nobody"}])
async def test_sharing_with_nobody_is_refused(place: Place, fields: dict[str, str]) -> None:
    """In words."""
    recording = place.world.recording()
    browser = await place.administrator()
    answer = await browser.post(
        f"/videos/{recording}/shares", {"permission": "WATCH", **fields}, **HTMX
    )
    assert answer.status in (400, 404)
    assert "user" in answer.text


@pytest_twisted.ensureDeferred
async def test_hotmarks_of_a_finished_recording(place: Place) -> None:
    """Added by a time as people write it, renamed, removed."""
    world = place.world
    recording = world.recording(duration_s=100.0)
    at = f"/videos/{recording}/hotmarks"
    browser = await place.administrator()
    assert (
        "HotMark added." in (await browser.post(at, {"time": "1:15", "title": "Goal"}, **HTMX)).text
    )
    assert (await browser.post(at, {"time": "1:15", "title": "Again"})).status == 409
    assert (await browser.post(at, {"time": "1:41", "title": "Too late"})).status == 409
    await browser.post(f"{at}/75/rename", {"title": "Own goal"})
    assert world.rows("hotmarks")[0]["title"] == "Own goal"
    await browser.post(f"{at}/75/remove")
    assert world.rows("hotmarks") == []
    assert (await browser.post(f"{at}/75/remove")).status == 404


@pytest_twisted.ensureDeferred
async def test_a_recording_is_streamed_and_stopped(place: Place) -> None:
    """To an address and port, with words for what cannot be."""
    world = place.world
    recording = world.recording()
    at = f"/videos/{recording}/streams"
    browser = await place.administrator()
    fields = {"address": "127.0.0.1", "port": "5004", "start": "0:05", "loop": "on"}
    part = await browser.post(at, fields, **HTMX)
    assert "Streaming to 127.0.0.1:5004." in part.text
    (stream,) = world.rows("streams")
    assert world.engine.playing is not None
    assert world.engine.playing[:2] == (5.0, True)
    assert "0:05 of" in (await browser.get(at, **HTMX)).text
    world.engine.failures["list_streams"] = EngineUnavailableError("gone")
    assert "Running" in (await browser.get(at, **HTMX)).text
    for fields in (
        {"address": "nowhere", "port": "5004"},
        {"address": "127.0.0.1", "port": "0"},
        {"address": "127.0.0.1", "port": "x"},
    ):
        assert (await browser.post(at, fields)).status == 400
    assert (await browser.post(f"{at}/{stream['id']}/stop", **HTMX)).status == 200
    assert world.engine.streams == {}


@pytest_twisted.ensureDeferred
async def test_a_start_beyond_the_end_is_said_to_be_one(place: Place) -> None:
    """In the words of who knows how long the recording is."""
    world = place.world
    browser, recording = await place.administrator(), world.recording()
    why = "recording one is 12.500 s long: it cannot begin at 60.000 s"
    world.engine.failures["start_stream"] = NoMediaError(why)
    fields = {"address": "127.0.0.1", "port": "5004", "start": "1:00"}
    answer = await browser.post(f"/videos/{recording}/streams", fields)
    assert answer.status == 409
    assert "Recording one is 12.500 s long: it cannot begin at 60.000 s." in answer.text


@pytest_twisted.ensureDeferred
async def test_what_is_deleted_can_be_had_back(place: Place) -> None:
    """It is gone from everywhere but the bin, and comes back as it was."""
    world = place.world
    recording = world.recording(title="Evening")
    browser = await place.administrator()
    page = await browser.follow(await browser.post(f"/videos/{recording}/delete"))
    assert "in the bin" in page.text
    assert "There are no recordings yet." in page.text
    assert (await browser.get(f"/videos/{recording}")).status == 404
    assert "Evening" in (await browser.get("/videos/bin")).text
    back = await browser.follow(await browser.post(f"/videos/bin/{recording}/restore"))
    assert "<h1>Evening</h1>" in back.text
    assert "The bin is empty." in (await browser.get("/videos/bin")).text


@pytest_twisted.ensureDeferred
async def test_a_recording_in_progress_is_not_deleted(place: Place) -> None:
    """The words say what to do first."""
    recording = place.world.recording("RECORDING")
    browser = await place.administrator()
    answer = await browser.post(f"/videos/{recording}/delete")
    assert answer.status == 409
    assert "stop it first" in answer.text


@pytest_twisted.ensureDeferred
async def test_the_certificate_tells_what_the_files_do(place: Place) -> None:
    """And says so when there are none."""
    world = place.world
    recording = world.recording()
    browser = await place.administrator()
    none = await browser.get(f"/videos/{recording}/certificate")
    assert "not there" in none.text
    folder = manifest.folder_of(world.recordings_dir, recording)
    Path(folder).mkdir()
    track = manifest.Track(1, NOBODY, "Camera", "udp://@:1", bytes=12_265_120, lost_datagrams=7)
    manifest.write(folder, manifest.Recording(recording, "FINISHED", 1.0, 2.0, tracks=(track,)))
    told = (await browser.get(f"/videos/{recording}/certificate")).text
    assert "Camera" in told
    assert "12.3 MB" in told
    assert "7 on the network" in told


@pytest_twisted.ensureDeferred
async def test_the_library_is_searched_filtered_and_paged(place: Place) -> None:
    """For htmx only the rows that follow; the link carries the search on."""
    world = place.world
    for n in range(60):
        world.recording(title=f"Lecture {n:02}", created=float(n))
    world.recording(title="Concert")
    browser = await place.administrator()
    page = (await browser.get("/videos?q=lecture&order=oldest")).text
    assert page.count('<li class="video">') == 48
    assert "Concert" not in page
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found
    more = await browser.get(found[1].replace("&amp;", "&"), **HTMX)
    assert more.text.count('<li class="video">') == 12
    assert "Lecture 59" in more.text
    assert "<html" not in more.text
    assert "More</a>" not in more.text
    assert "Nothing fits." in (await browser.get("/videos?q=zebra")).text
    for wrong in ("/videos?order=best", "/videos?after=x", "/videos?after=WyJhIiwgMV0"):
        assert (await browser.get(wrong)).status == 409


@pytest_twisted.ensureDeferred
async def test_the_sessions_are_searched_and_paged(place: Place) -> None:
    """As the library is."""
    for n in range(50):
        place.world.session(title=f"Room {n:02}", created=float(n))
    browser = await place.administrator()
    page = (await browser.get("/sessions?q=room&order=title")).text
    found = re.search(r'hx-get="([^"]+)"', page)
    assert found
    more = (await browser.get(found[1].replace("&amp;", "&"), **HTMX)).text
    assert "Room 48" in more
    assert "Room 49" in more
    assert more.count("<tr>") == 2


@pytest_twisted.ensureDeferred
async def test_a_session_is_set_live_and_deleted(place: Place) -> None:
    """Its recordings stay."""
    world = place.world
    source = world.source()
    session = world.session(source)
    recording = world.recording(session_id=session)
    browser = await place.administrator()
    at = f"/sessions/{session}"
    assert (
        "The session is live." in (await browser.post(f"{at}/live", {"live": "true"}, **HTMX)).text
    )
    await browser.post(f"{at}/sources/{source}/remove")
    assert world.rows("session_sources") == []
    assert (await browser.post(f"{at}/delete")).location == "/sessions"
    assert world.rows("sessions") == []
    assert (await browser.get(f"/videos/{recording}")).status == 200


@pytest_twisted.ensureDeferred
async def test_who_may_only_watch_can_do_nothing(place: Place) -> None:
    """Every act on what is shared to be watched is refused, whatever the page showed."""
    world, source = place.world, place.world.source()
    session = world.session(source, live=True)
    finished, active = world.recording(duration_s=9.0), world.recording("RECORDING", session)
    category = world.add("categories", multiple=True, custom=True)
    stream = world.add("streams", recording_id=finished, address="127.0.0.1", port=5, started=1.0)
    world.add("hotmarks", recording_id=finished, time_s=3, title="")
    browser, vera = await place.signed_in("vera")
    world.share(Kind.SESSION, session, "WATCH", vera)
    for recording in (finished, active):
        world.share(Kind.RECORDING, recording, "WATCH", vera)
    given = {"subject": "user", "name": "vera", "permission": "WATCH"}
    acts: list[tuple[str, dict[str, str]]] = [
        ("/sessions", {"title": "Mine"}),
        (f"/live/{session}/record", {}),
        *((f"/live/{session}/{active}/{act}", {}) for act in ("pause", "resume", "stop", "mark")),
        (f"/videos/{finished}/hotmarks", {"time": "1"}),
        (f"/videos/{finished}/hotmarks/3/rename", {"title": "x"}),
        (f"/videos/{finished}/hotmarks/3/remove", {}),
        (f"/videos/{finished}/streams", {"address": "127.0.0.1", "port": "9"}),
        (f"/videos/{finished}/streams/{stream}/stop", {}),
        (f"/videos/{finished}/delete", {}),
        (f"/videos/{finished}/keeping", {"keep": "never"}),
        (f"/videos/{finished}/trim", {"from": "0", "to": "2", "title": "Mine"}),
        (f"/videos/{finished}/mp4/1", {}),
        (f"/sessions/{session}/live", {"live": "false"}),
        (f"/sessions/{session}/sources", {"source": source}),
        (f"/sessions/{session}/sources/{source}/remove", {}),
        (f"/sessions/{session}/record", {}),
        (f"/sessions/{session}/delete", {}),
    ]
    for base in (f"/videos/{finished}", f"/sessions/{session}"):
        acts += [
            (f"{base}/details", {"title": "Mine"}),
            (f"{base}/categories", {f"has-{category}": "1", f"own-{category}": "x"}),
            (f"{base}/shares", given),
            (f"{base}/shares/remove", given),
        ]
    before = _everything(place)
    for path, fields in acts:
        assert (await browser.post(path, fields)).status == 403, path
    assert _everything(place) == before
    paths = {
        re.sub(r"[0-9a-f-]{36}", "<>", re.sub(r"/(?:3/|1$)", lambda m: "/<>" + m[0][2:], path))
        for path, _ in acts
    }
    told = {
        re.sub(r"<[^>]*>", "<>", route.path)
        for route in place.web.routes
        if route.method == "POST" and route.path.startswith(("/live", "/videos", "/sessions"))
    }
    assert told - paths == {"/videos/bin/<>/restore", "/videos/<>/verify"}, (
        "a new act belongs into the list above"
    )


@pytest_twisted.ensureDeferred
async def test_what_is_not_shared_is_not_there(place: Place) -> None:
    """Nothing about it is told, not even that it exists: the answer is the same as for nothing."""
    world = place.world
    session, recording = world.session(title="Secret"), world.recording(title="Secret")
    browser, _ = await place.signed_in("vera", "create-sessions")
    for path in ("/videos/{r}", "/videos/{r}/certificate", "/sessions/{s}", "/live/{s}"):
        real = await browser.get(path.format(r=recording, s=session))
        none = await browser.get(path.format(r=NOBODY, s=NOBODY))
        assert (real.status, real.body) == (404, none.body)
    for path in ("/videos", "/sessions", "/live", "/videos/bin", f"/videos?session={session}"):
        assert "Secret" not in (await browser.get(path)).text


@pytest_twisted.ensureDeferred
async def test_navigation_shows_what_the_roles_allow(place: Place) -> None:
    """Administration and console only to administrators."""
    vera, _ = await place.signed_in("vera")
    ada, _ = await place.signed_in("ada", *ROLE_ACTIONS)
    assert 'href="/administration"' not in (await vera.get("/videos")).text
    assert 'href="/administration"' in (await ada.get("/videos")).text
    assert 'aria-current="page">Videos' in (await ada.get("/videos")).text


def _everything(place: Place) -> dict[str, object]:
    tables = ("sessions", "session_sources", "recordings", "hotmarks", "streams")
    more = ("session_shares", "recording_shares", "session_categories", "recording_categories")
    return {table: place.world.rows(table) for table in (*tables, *more)}
