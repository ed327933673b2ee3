"""The list of authorised devices, and the switch of the Command Line API."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from hmp_twisted.errors import (
    DeviceNotFoundError,
    InvalidValueError,
    NameTakenError,
    UserNotFoundError,
)
from hmp_twisted.services.access import read_access
from hmp_twisted.services.directory import api, devices, users

from .conftest import version


@pytest.mark.parametrize(
    ("given", "shown", "admitted"),
    [
        ("10.0.0.7", "10.0.0.7", "10.0.0.7"),
        ("10.0.0.7/32", "10.0.0.7", "10.0.0.7"),
        (" 10.0.0.0/24 ", "10.0.0.0/24", "10.0.0.9"),
        ("10.0.0.0/255.255.255.0", "10.0.0.0/24", "10.0.0.9"),
        ("0.0.0.0/0", "0.0.0.0/0", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1", "2001:db8::1"),
        ("2001:db8::/32", "2001:db8::/32", "2001:db8:1::5"),
        ("::ffff:10.0.0.7", "10.0.0.7", "10.0.0.7"),
        ("::ffff:10.0.0.0/120", "10.0.0.0/24", "10.0.0.9"),
    ],
)
def test_addresses_and_networks_are_kept_in_their_plain_form(
    conn: Connection, given: str, shown: str, admitted: str
) -> None:
    """IPv4, IPv6 and CIDR; an IPv4-mapped one counts as IPv4; and the server admits by it."""
    devices.add_device(conn, "room", given)
    assert [device.address for device in devices.list_devices(conn)] == [shown]
    assert read_access(conn).actor_for(admitted) is not None


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.0.0.1/24", "host bits set; the network is 10.0.0.0/24"),
        ("2001:db8::1/32", "the network is 2001:db8::/32"),
        ("10.0.0.256", "must be an IPv4 or IPv6 address"),
        ("camera.example", "must be an IPv4 or IPv6 address"),
        ("10.0.0.0/33", "must be an IPv4 or IPv6 address"),
        ("", "must be an IPv4 or IPv6 address"),
        ("10.0.0.1:23233", "must be an IPv4 or IPv6 address"),
        ("fe80::1%eth0", "leave out the zone '%eth0'"),
    ],
)
def test_what_is_no_address_is_told_what_would_be(conn: Connection, address: str, why: str) -> None:
    """The refusal says what is wrong, and the network that was meant."""
    with pytest.raises(InvalidValueError, match=why):
        devices.add_device(conn, "room", address)
    assert devices.list_devices(conn) == ()


def test_the_same_network_twice_is_refused_with_the_other_device(conn: Connection) -> None:
    """Two entries for one network could name two users; nobody could tell which counts."""
    devices.add_device(conn, "room", "10.0.0.7")
    with pytest.raises(NameTakenError, match=r"10\.0\.0\.7 is on the list already.*'room'"):
        devices.add_device(conn, "hall", "::ffff:10.0.0.7")
    devices.add_device(conn, "hall", "10.0.0.0/24")
    assert [device.name for device in devices.list_devices(conn)] == ["hall", "room"]


def test_a_device_can_be_tied_to_a_user(conn: Connection) -> None:
    """It then acts as that user; an unknown user is refused."""
    user_id = users.add_user(conn, "Ada")
    devices.add_device(conn, "room", "10.0.0.7", "ADA")
    (device,) = devices.list_devices(conn)
    assert device.user == "Ada"
    actor = read_access(conn).actor_for("10.0.0.7")
    assert actor is not None
    assert actor.user_id == user_id
    with pytest.raises(UserNotFoundError, match="did you mean 'Ada'"):
        devices.add_device(conn, "hall", "10.0.0.8", "Adda")


def test_a_removed_device_is_admitted_no_more(conn: Connection) -> None:
    """By its name, in any case; one that is not there is told."""
    devices.add_device(conn, "room", "10.0.0.7")
    devices.remove_device(conn, "ROOM")
    assert read_access(conn).actor_for("10.0.0.7") is None
    with pytest.raises(DeviceNotFoundError, match="no device 'room'"):
        devices.remove_device(conn, "room")


def test_the_api_is_off_until_it_is_turned_on(conn: Connection) -> None:
    """The guide's default, and the switch."""
    assert not api.is_enabled(conn)
    api.set_enabled(conn, True)
    assert api.is_enabled(conn)
    assert read_access(conn).enabled
    api.set_enabled(conn, False)
    assert not api.is_enabled(conn)


def test_every_change_to_who_is_admitted_raises_the_version(conn: Connection) -> None:
    """This is how a running server sees it."""
    changes = [
        lambda: api.set_enabled(conn, True),
        lambda: users.add_user(conn, "Ada"),
        lambda: devices.add_device(conn, "room", "10.0.0.7", "Ada"),
        lambda: devices.remove_device(conn, "room"),
        lambda: users.remove_user(conn, "Ada"),
        lambda: api.set_enabled(conn, False),
    ]
    versions = [version(conn)]
    for change in changes:
        change()
        versions.append(version(conn))
    assert versions == sorted(set(versions))
