"""A server with sources made as they are needed, and an engine beside it if a test wants one."""

from __future__ import annotations

from pathlib import Path

import attrs

from ..harness import Client, Daemon, Server, free_udp_port, packets, stand_alone_engine


@attrs.define(eq=False)
class Hall(Server):
    """A :class:`Server` for real media."""

    engine: Daemon | None = None

    def alone(self) -> Daemon:
        """Give the server an engine that stands alone; it is started here, the server is not."""
        self.engine = stand_alone_engine(self)
        self.engine.start()
        return self.engine

    def source(self, url: str = "", *options: str) -> tuple[str, int]:
        """A new source's ID and port; ``{port}`` in the URL is replaced by that free port."""
        port = free_udp_port()
        given = (url or "udp://@127.0.0.1:{port}").format(port=port)
        return self.hmpctl("source", "add", f"source at {port}", given, *options), port

    def record(self, client: Client, *sources: str) -> str:
        """A recording of these sources in a new session, started."""
        session = client.result("createSession", "a session")
        for source in sources:
            client.result("addSourceToSession", session, source)
        return client.result("startRecording", session)

    def segments(self, recording: str, track: int = 0) -> list[bytes]:
        """The bytes of each segment of a track, as ``hmpctl`` says where they are."""
        shown = self.show("recording", "show", recording)["tracks"][track]
        return [Path(segment["path"]).read_bytes() for segment in shown["segments"]]

    def media(self, recording: str, track: int = 0) -> bytes:
        """All bytes of a track."""
        return b"".join(self.segments(recording, track))

    def lost(self, recording: str) -> list[int]:
        """``lost_datagrams`` of each track."""
        return [t["lost_datagrams"] for t in self.show("recording", "show", recording)["tracks"]]

    def close(self) -> None:
        """End server and engine, and see that nothing is left of either."""
        super().close()
        if self.engine is not None:
            self.engine.close()

    def end_all(self) -> None:
        """Kill whatever a failed test has left."""
        for daemon in (self.daemon, self.engine):
            for process in daemon.survivors() if daemon and daemon.process else ():
                process.kill()


def last_number(data: bytes) -> int:
    """The number of the last datagram in ``data``."""
    return packets.numbers(data)[-1]
