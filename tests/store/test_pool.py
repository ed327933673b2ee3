"""Transactions from the reactor."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from sqlalchemy import Connection, insert, select, text
from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.logger import LogEvent, globalLogPublisher

from hmp_twisted.errors import NotReadyError, SessionNotFoundError, StoreError
from hmp_twisted.store.pool import Store
from hmp_twisted.store.schema import settings

from .conftest import OpenStore
from .postgres import Cluster


def put(connection: Connection, key: str, value: str = "") -> str:
    connection.execute(insert(settings).values(key=key, value=value))
    return key


def keys(connection: Connection) -> list[str]:
    return list(connection.execute(select(settings.c.key).order_by(settings.c.key)).scalars())


def put_and_refuse(connection: Connection, key: str) -> None:
    put(connection, key)
    raise SessionNotFoundError(key)


@pytest_twisted.ensureDeferred
async def test_a_transaction_fires_with_its_result_after_its_commit(store: Store) -> None:
    """What ``transact`` fired for, every ``read`` sees."""
    assert await store.transact("put", put, "a") == "a"
    assert await store.read("keys", keys) == ["a"]


@pytest_twisted.ensureDeferred
async def test_a_domain_error_undoes_the_transaction_and_passes_through(store: Store) -> None:
    """An error changes nothing, and comes out as itself."""
    with pytest.raises(SessionNotFoundError):
        await store.transact("refuse", put_and_refuse, "a")
    assert await store.read("keys", keys) == []


@pytest_twisted.ensureDeferred
async def test_of_writes_that_share_a_commit_only_the_failed_one_is_undone(store: Store) -> None:
    """Thirty writes at once, every third refused: the twenty others are kept, each told its own."""
    writes: list[Deferred[Any]] = [
        store.transact("write", put_and_refuse if n % 3 == 0 else put, f"{n:02}") for n in range(30)
    ]
    outcomes = await DeferredList(writes, consumeErrors=True)
    assert [succeeded for succeeded, _ in outcomes] == [n % 3 != 0 for n in range(30)]
    assert await store.read("keys", keys) == [f"{n:02}" for n in range(30) if n % 3]


@pytest_twisted.ensureDeferred
async def test_of_writes_that_share_a_commit_a_database_fault_fails_one(store: Store) -> None:
    """One that violates a constraint fails by itself, as a StoreError with its cause."""
    writes = [store.transact("write", put, key) for key in ("first", "a", "b", "a", "c")]
    outcomes = await DeferredList(writes, consumeErrors=True)
    assert [succeeded for succeeded, _ in outcomes] == [True, True, True, False, True]
    failure: Any = outcomes[3][1]
    assert failure.check(StoreError)
    assert failure.value.__cause__ is not None
    assert await store.read("keys", keys) == ["a", "b", "c", "first"]


@pytest_twisted.ensureDeferred
async def test_a_database_fault_is_logged_with_its_name_and_cause(store: Store) -> None:
    """The client is told no more than the guide says; the log tells the rest."""
    events: list[LogEvent] = []
    globalLogPublisher.addObserver(events.append)
    try:
        with pytest.raises(StoreError):
            await store.transact("read nothing", lambda c: c.execute(text("SELECT * FROM nothing")))
    finally:
        globalLogPublisher.removeObserver(events.append)
    told = [event for event in events if event.get("name") == "read nothing"]
    assert len(told) == 1
    assert "nothing" in told[0]["cause"]


@pytest_twisted.ensureDeferred
async def test_no_result_leaves_its_transaction(store: Store) -> None:
    """A SQLAlchemy row or result that would cross back is a mistake in the program."""
    for function in (
        lambda c: c.execute(select(settings)),
        lambda c: c.execute(select(text("1"))).all(),
        lambda c: {"row": c.execute(select(text("1"))).one()},
    ):
        with pytest.raises(AssertionError, match="leaves its transaction"):
            await store.read("rows", function)


@pytest_twisted.ensureDeferred
async def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    """A write that takes its time holds up no read, which sees the state before it."""
    written, may_end = threading.Event(), threading.Event()

    def write_slowly(connection: Connection) -> bool:
        put(connection, "slow")
        written.set()
        return may_end.wait(10)

    slow = store.transact("slow", write_slowly)
    await store.in_thread(written.wait, 10)
    assert await store.read("keys", keys) == []
    may_end.set()
    assert await slow
    assert await store.read("keys", keys) == ["slow"]


@pytest_twisted.ensureDeferred
async def test_what_a_write_has_read_still_holds_when_it_writes(
    url: str, new_store: OpenStore
) -> None:
    """Two processes that count and then write never both write the same number."""
    one, other = new_store(url), new_store(url)
    one.open()

    def count_on(connection: Connection) -> None:
        put(connection, f"{len(keys(connection)):03}")

    await gatherResults([s.transact("count", count_on) for _ in range(20) for s in (one, other)])
    assert await one.read("keys", keys) == [f"{n:03}" for n in range(40)]


@pytest_twisted.ensureDeferred
async def test_reading_transactions_cannot_write(store: Store) -> None:
    """``read`` is not a way around the order of writes."""
    with pytest.raises(StoreError, match=r"read-?only"):
        await store.read("put", put, "a")


@pytest_twisted.ensureDeferred
async def test_a_database_that_stays_locked_fails_after_a_few_tries(new_store: OpenStore) -> None:
    """Another process that never lets go costs an error, not a hang."""
    store, other = new_store(""), new_store("")
    store.open()
    with other.begin() as connection:
        put(connection, "other")
        with pytest.raises(StoreError, match="locked"):
            await store.transact("put", put, "a")
    assert await store.transact("put", put, "a") == "a"
    assert await store.read("keys", keys) == ["a", "other"]


@pytest_twisted.ensureDeferred
async def test_a_lost_connection_is_made_again(cluster: Cluster, new_store: OpenStore) -> None:
    """A PostgreSQL that was restarted is noticed by nobody."""
    store = new_store(cluster.new_url())
    store.open()
    await store.transact("put", put, "a")
    await store.read("keys", keys)
    assert cluster.end_connections() >= 2
    await store.transact("put", put, "b")
    cluster.end_connections()
    assert await store.read("keys", keys) == ["a", "b"]


@pytest_twisted.ensureDeferred
async def test_a_connection_lost_in_a_transaction_is_tried_again(
    cluster: Cluster, new_store: OpenStore
) -> None:
    """The function is repeatable, so what was undone with the connection is done once more."""
    store = new_store(cluster.new_url())
    store.open()
    tries = []

    def put_over_a_cut(connection: Connection) -> str:
        tries.append(1)
        put(connection, "a")
        if len(tries) == 1:
            cluster.end_connections()
        return put(connection, "b")

    assert await store.transact("put", put_over_a_cut) == "b"
    assert await store.read("keys", keys) == ["a", "b"]
    assert len(tries) == 2


@pytest_twisted.ensureDeferred
async def test_closing_finishes_what_was_given_and_takes_nothing_more(
    url: str, new_store: OpenStore
) -> None:
    """After ``close`` has fired every write is committed and no thread is left."""
    store = new_store(url)
    store.open()
    before = threading.active_count()
    writes = [store.transact("put", put, f"{n:02}") for n in range(10)]
    closed = store.close()
    for refused in (store.transact("put", put, "late"), store.read("keys", keys)):
        with pytest.raises(NotReadyError):
            await refused
    await closed
    assert all(write.called for write in writes)
    assert threading.active_count() == before
    await store.close()
    again = new_store(url)
    assert len(await again.read("keys", keys)) == 10


def test_begin_commits_at_the_end_of_its_block(store: Store) -> None:
    """hmpctl needs no reactor: a block is a transaction."""
    with store.begin() as connection:
        put(connection, "a")
    with store.begin() as connection:
        assert keys(connection) == ["a"]


def test_begin_undoes_a_block_that_raises(store: Store) -> None:
    """A refusal changes nothing; a database fault comes out as StoreError."""
    with pytest.raises(SessionNotFoundError), store.begin() as connection:
        put_and_refuse(connection, "a")
    with pytest.raises(StoreError, match="two keys"), store.begin("two keys") as connection:
        connection.execute(insert(settings), [{"key": "a", "value": ""}] * 2)
    with store.begin() as connection:
        assert keys(connection) == []


@pytest.mark.parametrize("is_replaced", [False, True])
@pytest_twisted.ensureDeferred
async def test_a_database_file_that_is_gone_is_not_written_to(
    new_store: OpenStore, tmp_path: Path, is_replaced: bool
) -> None:
    """SQLite would write on into a file without a name. Put back, it is used again, unharmed."""
    store = new_store()
    store.open()
    await store.transact("put", put, "a")
    path, aside = tmp_path / "hmp.db", tmp_path / "aside"
    path.rename(aside)
    if is_replaced:
        path.write_bytes(aside.read_bytes())
    for work in (store.transact("put", put, "b"), store.read("keys", keys)):
        with pytest.raises(StoreError, match="deleted or replaced"):
            await work
    assert path.exists() == is_replaced
    aside.replace(path)
    assert await store.transact("put", put, "c") == "c"
    assert await store.read("keys", keys) == ["a", "c"]


@pytest_twisted.ensureDeferred
async def test_what_fails_each_second_is_told_of_once(new_store: OpenStore, tmp_path: Path) -> None:
    """A night without a database is to be a line in the log; so is the next one."""
    store = new_store()
    store.open()
    path, aside = tmp_path / "hmp.db", tmp_path / "aside"
    told: list[LogEvent] = []

    async def fail_thrice() -> None:
        path.rename(aside)
        for _ in range(3):
            with pytest.raises(StoreError, match="look: the database file"):
                await store.read("look", keys)
        aside.rename(path)

    globalLogPublisher.addObserver(told.append)
    try:
        await store.read("look", keys)
        await fail_thrice()
        await store.read("look", keys)
        await fail_thrice()
    finally:
        globalLogPublisher.removeObserver(told.append)
    assert [event.get("name") for event in told if "cause" in event] == ["look", "look"]
