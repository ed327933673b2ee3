"""What goes on during the soak: recordings and streams, and what each should hold."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import attrs

from .encoders import Encoder, Encoders
from .ledger import PAUSED, Ledger, Take, Window
from .players import Player, Players
from .stage import Stage

TRACKS = (1, 2, 3, 4)
"""Sessions have one to four sources, in turn."""
CLIP_S = 6.0
_ON_ITS_WAY = 8
"""Datagrams that an encoder may have sent beyond what it has noted."""
_PATIENCE_S = 15.0


@attrs.define(eq=False)
class Session:
    """A session and its sources; recorded all the time, in one recording after the other."""

    id: str
    encoders: list[Encoder]
    recording: str = ""
    takes: list[Take] = attrs.field(factory=list)


@attrs.define(eq=False)
class Show:
    """All recordings and streams."""

    stage: Stage
    encoders: Encoders
    players: Players
    ledger: Ledger
    sessions: list[Session] = attrs.field(factory=list)
    clips: list[str] = attrs.field(factory=list)
    streams: dict[Player, str] = attrs.field(factory=dict)

    def set_up(self) -> None:
        """Make sources and sessions, and a few clips to play."""
        rest = list(self.encoders.all)
        while rest:
            count = TRACKS[len(self.sessions) % len(TRACKS)]
            self.sessions.append(self._new_session(rest[:count]))
            rest = rest[count:]
        clips = [session for session in self.sessions if len(session.encoders) == 1][:3]
        for session in clips:
            self.record(session)
        time.sleep(CLIP_S)
        for session in clips:
            self.clips.append(session.recording)
            self._end(session, remove=False)

    def record(self, session: Session) -> None:
        """Begin a recording of a session."""
        session.recording = self.stage.do("startRecording", session.id)
        session.takes = [
            Take(session.recording, number, encoder, encoder.sent + _ON_ITS_WAY)
            for number, encoder in enumerate(session.encoders, 1)
        ]

    def turn_over(self, session: Session) -> None:
        """End a session's recording, account for it, and begin the next."""
        self._end(session)
        self.record(session)

    def pause(self, sessions: list[Session], seconds: float) -> None:
        """Pause recordings for so long."""
        paused_at = {}
        for session in sessions:
            paused_at[session.id] = time.monotonic()
            self.stage.do("pauseRecording", session.recording)
        time.sleep(seconds)
        for session in sessions:
            self.stage.do("resumeRecording", session.recording)
            self._excuse(session, Window(PAUSED, paused_at[session.id], time.monotonic()))

    def await_back(self) -> float:
        """Wait until commands reach a server that has an engine; gives how long that took."""
        recording = self.sessions[0].recording
        return self.stage.await_answer("OK", "addHotmark", recording, "back")

    def excuse_all(self, window: Window) -> None:
        """Something went on that all recordings may miss datagrams by."""
        for session in self.sessions:
            self._excuse(session, window)

    def await_full(self, since: float) -> None:
        """Wait until every recording has ended because of the disk, full ``since`` then."""
        deadline = time.monotonic() + _PATIENCE_S
        for session in self.sessions:
            while self.stage.ask("getRecordingStatus", session.recording) != "OK|ERROR":
                if time.monotonic() > deadline:
                    raise AssertionError(f"{session.recording} goes on with the disk full")
                time.sleep(0.05)
            for take in session.takes:
                take.last = take.encoder.sent
                take.ended_full_at = since

    def account(self, session: Session, *, remove: bool = True) -> None:
        """Enter a recording that has ended into the ledger; then it may go."""
        shown: dict[str, Any] = self.stage.server.show("recording", "show", session.recording)
        faults = len(self.ledger.faults)
        for take, track in zip(session.takes, shown["tracks"], strict=True):
            paths = [Path(segment["path"]) for segment in track["segments"]]
            self.ledger.enter(take, paths, track["lost_datagrams"])
        if len(self.ledger.faults) > faults:
            self.stage.keep(session.recording)
        if remove:
            self.stage.server.hmpctl("recording", "remove", session.recording)

    def end(self) -> None:
        """End all recordings, and account for them."""
        for session in self.sessions:
            self._end(session)

    def keep_playing(self) -> int:
        """Start the streams that are not running; how many those were."""
        running = {one["id"] for one in self.stage.server.show("stream", "list")}
        idle = [p for p in self.players.all if self.streams.get(p, "") not in running]
        for number, player in enumerate(idle):
            player.begin()
            clip = self.clips[number % len(self.clips)]
            self.streams[player] = self._start_stream(clip, player.port)
        return len(idle)

    def _start_stream(self, clip: str, port: int) -> str:
        """Until the server has learnt of an engine's end, the destination may still be in use."""
        deadline = time.monotonic() + _PATIENCE_S
        order = ("startRestreamRecording", clip, "127.0.0.1", str(port))
        while not (answer := self.stage.ask(*order)).startswith("OK"):
            if time.monotonic() > deadline:
                raise AssertionError(f"{' '.join(order)}: {answer}")
            time.sleep(0.1)
        return answer.partition("|")[2]

    def _new_session(self, encoders: list[Encoder]) -> Session:
        session = self.stage.do("createSession", f"session of encoder {encoders[0].seed}")
        for encoder in encoders:
            url = "udp://@{}:{}".format(*encoder.destination)
            source = self.stage.server.hmpctl("source", "add", f"encoder {encoder.seed}", url)
            self.stage.do("addSourceToSession", session, source)
        return Session(session, encoders)

    def _end(self, session: Session, *, remove: bool = True) -> None:
        for take in session.takes:
            take.last = take.encoder.sent
        self.stage.do("stopRecording", session.recording)
        self.account(session, remove=remove)

    def _excuse(self, session: Session, window: Window) -> None:
        for take in session.takes:
            take.windows.append(window)
