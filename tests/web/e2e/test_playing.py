"""Recordings as browsers play them: over a pause, two tracks in step, and while they grow."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.harness import wait_for

from .conftest import PATIENCE_S, Studio, Tape
from .screen import MANY_COLOURS, colours, current_time, frame, moves

IN_STEP_S = 0.15
IN_A_ROW = 10
"""Looks at the two tracks, one after the other, in which they are in step."""

_CLOCKS = """() => {
  const videos = [...document.querySelectorAll('[data-track] video')];
  const playing = videos.every((one) => !one.paused && one.readyState >= 3);
  return playing ? videos.map((one) => one.currentTime) : [];
}"""


def _opened(studio: Studio, recording: str) -> Page:
    """The page of a recording, its first track playing."""
    page = studio.page()
    page.goto(f"/videos/{recording}")
    video = page.locator("[data-track] video").first
    wait_for(lambda: video.evaluate("v => v.readyState") >= 2, PATIENCE_S, "a frame")
    video.evaluate("v => { v.muted = true; v.play(); }")
    return page


def test_a_pause_is_played_over(studio: Studio, tapes: tuple[Tape, Tape]) -> None:
    """The player goes on where the recording went on, and its clock knows of no pause."""
    tape = tapes[1]
    playlist = f"{studio.base}/media/recording/{tape.id}/track/1/index.m3u8"
    page = _opened(studio, tape.id)
    assert page.request.get(playlist).text().count("#EXT-X-DISCONTINUITY") == 1
    video = page.locator("[data-track] video").first
    begin = tape.pause_s - 1
    page.evaluate("at => document.querySelector('[data-player]').recording.seek(at)", begin)
    wait_for(lambda: current_time(video) > tape.pause_s + 1.5, PATIENCE_S, "the other side")
    assert colours(video) >= MANY_COLOURS
    shown = page.locator("[data-player-clock]").inner_text()
    assert int(shown.split(":")[1]) >= int(tape.pause_s + 1)
    page.context.close()


def test_two_tracks_play_in_step(studio: Studio, tapes: tuple[Tape, Tape]) -> None:
    """Both show moving pictures, their seconds close together; at rest they show one frame."""
    page = _opened(studio, tapes[1].id)
    # Looked at for longer than it lasts: it begins again.
    page.locator("[data-track] video").first.evaluate("v => { v.loop = true; }")
    for video in page.locator("[data-track] video").all():
        wait_for(lambda v=video: colours(v) >= MANY_COLOURS, PATIENCE_S, "a picture")
    last: list[float] = []

    def in_step() -> bool:
        times = page.evaluate(_CLOCKS)
        last.append(abs(times[0] - times[1]) if times else IN_STEP_S)
        return len(last) >= IN_A_ROW and max(last[-IN_A_ROW:]) < IN_STEP_S

    wait_for(in_step, PATIENCE_S, f"{IN_A_ROW} looks in step")
    one, other = page.locator("[data-track] video").all()
    one.evaluate("v => v.pause()")
    page.evaluate("() => document.querySelector('[data-player]').recording.seek(2)")

    def same() -> bool:
        # The sources of both tracks send the same pictures at the same time.
        return colours(one) >= MANY_COLOURS and frame(one) == frame(other)

    wait_for(same, PATIENCE_S, "one frame in both")
    assert abs(current_time(one) - 2) < 0.5
    page.context.close()


def test_a_recording_in_progress_plays_from_its_beginning(studio: Studio) -> None:
    """What was recorded so far plays while more is; more comes to it; then it has an end."""
    session, _ = studio.session()
    with studio.server.client() as client:
        recording = client.result("startRecording", session)
        page = _opened(studio, recording)
        video = page.locator("[data-track] video").first
        assert current_time(video) < 2
        moves(video, PATIENCE_S, "the recording")
        playlist = f"{studio.base}/media/recording/{recording}/track/1/index.m3u8"
        assert "#EXT-X-ENDLIST" not in page.request.get(playlist).text()
        length = float(video.evaluate("v => v.duration"))
        wait_for(lambda: video.evaluate("v => v.duration") > length, PATIENCE_S, "more of it")
        client.result("stopRecording", recording)
    assert "#EXT-X-ENDLIST" in page.request.get(playlist).text()
    whole = float(studio.server.show("recording", "show", recording)["duration_s"])
    wait_for(lambda: video.evaluate("v => v.duration") > whole - 1, PATIENCE_S, "its end")
    page.context.close()
