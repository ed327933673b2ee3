"""``hmpctl api`` and ``hmpctl device``."""

from __future__ import annotations

from .conftest import Hmpctl


def test_the_api_is_turned_on_and_off(ctl: Hmpctl) -> None:
    """Without a word; its status tells."""
    expected = {"enabled": False, "endpoint": "tcp:23233", "devices": 0}
    assert ctl.json("api", "status") == expected
    assert ctl("api", "enable") == ""
    assert ctl.json("api", "status") == {**expected, "enabled": True}
    assert "Enabled:   yes" in ctl("api", "status")
    assert ctl("api", "disable") == ""
    assert ctl.json("api", "status") == expected


def test_add_prints_the_name_alone(ctl: Hmpctl) -> None:
    """A name identifies a device."""
    assert ctl("device", "add", "Room 101", "10.0.0.7") == "Room 101\n"


def test_devices_are_listed_by_name(ctl: Hmpctl) -> None:
    """As JSON, and in aligned columns."""
    ctl("user", "add", "ada")
    ctl("device", "add", "Room 101", "10.0.0.7", "--user", "ADA")
    ctl("device", "add", "hall", "2001:db8::/32")
    found = ctl.json("device", "list")
    assert [(d["name"], d["address"], d["user"]) for d in found] == [
        ("hall", "2001:db8::/32", None),
        ("Room 101", "10.0.0.7", "ada"),
    ]
    assert ctl("device", "list").splitlines() == [
        "NAME      ADDRESS        USER",
        "hall      2001:db8::/32  (all rights)",
        "Room 101  10.0.0.7       ada",
    ]


def test_a_device_is_removed_by_name_or_id(ctl: Hmpctl) -> None:
    """Each without a word."""
    ctl("device", "add", "one", "10.0.0.1")
    ctl("device", "add", "two", "10.0.0.2")
    assert ctl("device", "remove", "ONE") == ""
    (two,) = ctl.json("device", "list")
    assert ctl("device", "remove", two["id"][:8]) == ""
    assert ctl.json("device", "list") == []


def test_refusals_say_what_would_do(ctl: Hmpctl) -> None:
    """One line each, and nothing changed."""
    ctl("device", "add", "one", "10.0.0.1")
    assert "the network is 10.0.0.0/24" in ctl.refused("device", "add", "two", "10.0.0.1/24")
    assert "as device 'one'" in ctl.refused("device", "add", "two", "10.0.0.1")
    assert "'one' already" in ctl.refused("device", "add", "One", "10.0.0.2")
    assert "no user 'eve'" in ctl.refused("device", "add", "two", "10.0.0.2", "--user", "eve")
    assert "did you mean 'one'" in ctl.refused("device", "remove", "on")
    assert len(ctl.json("device", "list")) == 1
