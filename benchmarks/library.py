"""How the web interface's library keeps up with its size: 100,000 recordings against 1,000.

    python -m benchmarks.library [RECORDINGS]

For an administrator, for a user who owns everything, and for one with whom a hundred are shared:
the median time of one page, by what is asked for, and its ratio to that of the small library.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from uuid import uuid4

from sqlalchemy import Connection, insert

from hmp_twisted.services.library import Search, search
from hmp_twisted.services.rights import Actor, Kind
from hmp_twisted.store import schema
from hmp_twisted.store.pool import Store

SMALL, LARGE = 1_000, 100_000
REPETITIONS = 5
SHARED = 100
WORDS = [
    "Evening",
    "Morning",
    "Camera",
    "Theatre",
    "Übung",
    "Surgery",
    "Parade",
    "Court",
    "Session",
    "Lecture",
]

EVERYTHING, OWNER, GUEST = "administrator", "owner of all", f"guest of {SHARED}"
CATEGORY = str(uuid4())

SEARCHES = {
    "newest first": Search(),
    "by title": Search(order="title"),
    "longest first": Search(order="longest"),
    "a common word": Search(text="surgery"),
    "a word that nobody used": Search(text="zebra"),
    "a category's common value": Search(category_id=CATEGORY, value="Room 3"),
    "a category's rare value": Search(category_id=CATEGORY, value="rare"),
}


def fill(conn: Connection, count: int) -> dict[str, Actor]:
    """Make the recordings, and the users by what they see."""
    chance = random.Random(count)
    actors = {name: Actor(str(uuid4()), name) for name in (OWNER, GUEST)}
    people = [{"id": a.user_id, "name": a.name, "folded": a.name} for a in actors.values()]
    conn.execute(insert(schema.users), people)
    room = {"id": CATEGORY, "name": "Room", "folded": "room", "multiple": True, "custom": True}
    conn.execute(insert(schema.categories), [room])
    ids = [str(uuid4()) for _ in range(count)]
    conn.execute(insert(schema.recordings), [_recording(chance, n, i) for n, i in enumerate(ids)])
    owned = [_share(i, actors[OWNER], "OWN") for i in ids]
    guests = [_share(i, actors[GUEST], "WATCH") for i in chance.sample(ids, SHARED)]
    conn.execute(insert(schema.recording_shares), owned + guests)
    common = [_value(i, 0, f"Room {chance.randrange(10)}") for i in ids]
    rare = [_value(i, 1, "rare") for i in chance.sample(ids, 50)]
    conn.execute(insert(schema.recording_categories), common + rare)
    return {EVERYTHING: Actor(None, EVERYTHING), **actors}


def _recording(chance: random.Random, number: int, recording_id: str) -> dict[str, object]:
    return {
        "id": recording_id,
        "session_id": recording_id,
        "title": f"{' '.join(chance.choices(WORDS, k=3))} {number}",
        "description": "what somebody wrote about it " * 3,
        "created": 1.6e9 + 60.0 * number,
        "wanted": "STOPPED",
        "state": "FINISHED",
        "duration_s": chance.random() * 7200,
        "track_count": 1,
    }


def _share(recording_id: str, actor: Actor, permission: str) -> dict[str, object]:
    return {
        "id": str(uuid4()),
        "recording_id": recording_id,
        "user_id": actor.user_id,
        "permission": permission,
    }


def _value(recording_id: str, position: int, value: str) -> dict[str, object]:
    return {
        "recording_id": recording_id,
        "category_id": CATEGORY,
        "position": position,
        "value": value,
    }


def measure(count: int) -> dict[tuple[str, str], float]:
    """Seconds of a page, by who asks and what for."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store("", Path(folder))
        store.open()
        with store.begin() as conn:
            actors = fill(conn, count)
        with store.begin() as conn:
            taken = {
                (who, what): median(_once(conn, actor, wanted) for _ in range(REPETITIONS))
                for who, actor in actors.items()
                for what, wanted in SEARCHES.items()
            }
        store.close()
    return taken


def _once(conn: Connection, actor: Actor, wanted: Search) -> float:
    start = time.perf_counter()
    search.find(conn, actor, Kind.RECORDING, wanted)
    return time.perf_counter() - start


def main() -> None:
    """Measure both and print a table."""
    large = int(sys.argv[1]) if len(sys.argv) > 1 else LARGE
    few, many = measure(SMALL), measure(large)
    print(f"{'who':16} {'asks for':28} {SMALL:>9,} {large:>10,}   ratio")
    for (who, what), seconds in many.items():
        before = few[who, what]
        times = f"{before * 1e3:6.1f} ms {seconds * 1e3:7.1f} ms {seconds / before:7.1f}"
        print(f"{who:16} {what:28} {times}")


if __name__ == "__main__":
    main()
