"""decisions.md, "Access": who may connect, and as whom."""

from __future__ import annotations

import pytest

from hmp_twisted.services.access import Access, read_access

from .world import World


def read(world: World) -> Access:
    with world.store.begin() as connection:
        return read_access(connection)


def who(world: World, address: str) -> str | None:
    actor = read(world).actor_for(address)
    return None if actor is None else actor.name


def test_access_is_off_until_it_is_enabled(world: World) -> None:
    """The default."""
    assert not read(world).enabled
    world.add("settings", key="api_enabled", value="1")
    assert read(world).enabled


def test_nobody_is_admitted_by_an_empty_list(world: World) -> None:
    """The list says who may, not who may not."""
    assert read(world).entries == ()
    assert who(world, "127.0.0.1") is None


@pytest.mark.parametrize(
    ("peer", "device"),
    [
        ("10.0.0.7", "one"),
        ("10.0.0.8", "near"),
        ("10.9.9.9", "wide"),
        ("::ffff:10.0.0.7", "one"),
        ("192.0.2.1", None),
        ("2001:db8::5", "six"),
        ("2001:db8::5%eth0", "six"),
        ("2001:db9::5", None),
    ],
)
def test_the_longest_prefix_counts(world: World, peer: str, device: str | None) -> None:
    """IPv4 and IPv6, addresses and networks; an IPv4-mapped peer counts as IPv4."""
    networks = {
        "wide": "10.0.0.0/8",
        "one": "10.0.0.7",
        "near": "10.0.0.0/24",
        "six": "2001:db8::/32",
    }
    for name, address in networks.items():
        world.add("devices", name=name, address=address)
    assert who(world, peer) == device


def test_a_device_tied_to_a_user_acts_as_that_user(world: World) -> None:
    """The log shows both; of two entries for one network, the one with fewer rights counts."""
    user = world.user("ann")
    world.add("devices", name="panel", address="10.0.0.7", user_id=user.user_id)
    world.add("devices", name="alike", address="10.0.0.7/32")
    actor = read(world).actor_for("10.0.0.7")
    assert actor == user
    assert actor is not None
    assert actor.name == "panel (ann)"


def test_the_list_goes_with_its_user(world: World) -> None:
    """A device never gets all rights because its user was removed."""
    user = world.user("ann")
    world.add("devices", name="panel", address="10.0.0.7", user_id=user.user_id)
    with world.store.begin() as connection:
        connection.exec_driver_sql("DELETE FROM users")
    assert who(world, "10.0.0.7") is None
