"""The faults: what is done to the show, one at a time, each in a line of the report."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable

import attrs

from tests.harness import Daemon

from .ledger import BACK_WITHIN_S, CRASH_LOSES_S, KILLED, Window
from .probe import Probe, cpu_wait_s
from .show import Show
from .stage import MIN_FREE_BYTES

HOUR_S = 3600.0


@attrs.define
class Faults:
    """Each method does one fault to the end, and gives what it did in words."""

    show: Show
    random: random.Random
    probe: Probe

    def kinds(self) -> dict[str, Callable[[], str]]:
        """All that can be done on this machine, by name."""
        always = {
            "sources vanish": self.sources_vanish,
            "recordings paused": self.pause,
            "recordings ended and begun": self.turn_over,
            "engine killed": self.kill_engine,
            "server killed": self.kill_server,
            "both killed": self.kill_both,
            "engine restarted in order": self.restart_engine,
            "server restarted in order": self.restart_server,
            "clock stepped": self.step_clock,
        }
        if self.show.stage.disk.why_not:
            return always
        return {**always, "disk stands still": self.freeze_disk, "disk full": self.fill_disk}

    def sources_vanish(self) -> str:
        """Some encoders send nothing for a while."""
        chosen = self.random.sample(self.show.encoders.all, 12)
        seconds = self.random.uniform(2.0, 4.0)
        for encoder in chosen:
            encoder.silent = True
        time.sleep(seconds)
        for encoder in chosen:
            encoder.silent = False
        return f"{len(chosen)} for {seconds:.1f} s"

    def pause(self) -> str:
        """Some recordings are paused for a while."""
        chosen = self.random.sample(self.show.sessions, 6)
        seconds = self.random.uniform(0.5, 3.0)
        self.show.pause(chosen, seconds)
        return f"{len(chosen)} for {seconds:.1f} s"

    def turn_over(self) -> str:
        """Some recordings end, and others begin."""
        chosen = self.random.sample(self.show.sessions, 4)
        for session in chosen:
            self.show.turn_over(session)
        return f"{len(chosen)}"

    def kill_engine(self) -> str:
        """SIGKILL; it is started again at once, as systemd would."""
        return self._end_engine(signal.SIGKILL, self._held_up_s())

    def restart_engine(self) -> str:
        """SIGTERM; nothing that came before may be missing."""
        return self._end_engine(signal.SIGTERM, None)

    def kill_server(self) -> str:
        """SIGKILL; its engine stands alone, so not a datagram may be missing."""
        return self._end_server(signal.SIGKILL)

    def restart_server(self) -> str:
        """SIGTERM; the same."""
        return self._end_server(signal.SIGTERM)

    def kill_both(self) -> str:
        """SIGKILL to both at once."""
        stage = self.show.stage
        held_up_s = self._held_up_s()
        moment = self._end(stage.engine, signal.SIGKILL)
        self._end(stage.server.daemon, signal.SIGKILL)
        stage.engine.start()
        stage.server.daemon.start()
        return self._gone(moment, held_up_s)

    def step_clock(self) -> str:
        """The wall clock of both is set, by seconds or by hours, back or forward."""
        offset_s = self.random.choice([-2 * HOUR_S, -30.0, 0.0, 30.0, 2 * HOUR_S])
        self.show.stage.step_clock(offset_s)
        time.sleep(2.0)
        return f"to {offset_s:+.0f} s"

    def freeze_disk(self) -> str:
        """The file system takes no writes for a while; the pool must hold what comes."""
        seconds = self.random.uniform(2.0, 5.0)
        with self.show.stage.disk.frozen():
            time.sleep(seconds)
        return f"for {seconds:.1f} s"

    def fill_disk(self) -> str:
        """Recordings end with what they have, none begins; then there is room again."""
        stage, sessions = self.show.stage, self.show.sessions
        moment = time.monotonic()
        filler = stage.disk.fill(MIN_FREE_BYTES // 2)
        self.show.await_full(moment)
        seconds = time.monotonic() - moment
        refused = stage.ask("startRecording", sessions[0].id)
        if not refused.startswith("ERROR|070027|"):
            raise AssertionError(f"startRecording with the disk full: {refused}")
        filler.unlink()
        for session in sessions:
            self.show.account(session)
            self.show.record(session)
        return f"all ended after {seconds:.1f} s"

    def _held_up_s(self) -> float:
        """Watch for a second how long the machine itself holds the engine up, at the most."""
        pid = self.show.stage.engine.pid
        before = cpu_wait_s(pid)
        time.sleep(1.0)
        return cpu_wait_s(pid) - before + self.probe.stall_s()

    def _end_engine(self, number: signal.Signals, held_up_s: float | None) -> str:
        engine = self.show.stage.engine
        moment = self._end(engine, number)
        engine.start()
        return self._gone(moment, held_up_s)

    def _end_server(self, number: signal.Signals) -> str:
        stage = self.show.stage
        self._end(stage.server.daemon, number)
        stage.server.daemon.start()
        return f"back after {self.show.await_back():.1f} s"

    def _end(self, daemon: Daemon, number: signal.Signals) -> float:
        """Send the signal and wait; gives when it was sent."""
        daemon.children()
        moment = time.monotonic()
        os.kill(daemon.pid, number)
        daemon.wait(30)
        return moment

    def _gone(self, moment: float, held_up_s: float | None) -> str:
        """The engine was gone; nothing before may be missing if that was in order (``None``)."""
        before_s = 0.0 if held_up_s is None else CRASH_LOSES_S + held_up_s
        self.show.excuse_all(Window(KILLED, moment, moment + BACK_WITHIN_S, before_s))
        back = f"back after {self.show.await_back():.1f} s"
        return back if not held_up_s else f"{back}; held up by the machine for {held_up_s:.2f} s"
