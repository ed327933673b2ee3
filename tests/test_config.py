"""``hmp.toml``: what each key lets pass, and the line that says what it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from hmp_twisted import config
from hmp_twisted.errors import ConfigurationError


def load(folder: Path, text: str) -> config.Settings:
    """The settings of a file that holds ``text``."""
    (folder / "hmp.toml").write_text(text)
    return config.load(str(folder / "hmp.toml"), str(folder), {})


@pytest.mark.parametrize(
    "line",
    [
        '[command_api]\nendpoint = "tcp:nonsense"',
        '[command_api]\nendpoint = "tcp:65536"',
        '[command_api]\nendpoint = "tcp:23233:bogus=1"',
        '[command_api]\nendpoint = "ssl:privateKey=key.pem"',
        '[command_api]\nendpoint = "pipe:1"',
        "[command_api]\nendpoint = 23233",
        "[command_api]\nidle_timeout_s = inf",
        "[command_api]\nmax_connections = true",
        '[web]\nendpoint = "tcp:x"',
        "[recordings]\nresume_within_s = inf",
        "[recordings]\nsync_interval_s = nan",
        "[restream]\ninterface = 2130706433",
        "[restream]\ninterface = true",
        '[restream]\ninterface = "::1"',
        "[restream]\nloop = 1",
        '[engine]\nendpoint = "unix:engine.sock"',
        '[database]\nurl = "sqlite://"',
        '[database]\nurl = "mysql://host/db"',
        "[database]\nurl = 5",
    ],
)
def test_a_bad_value_is_told_with_its_file_and_key(tmp_path: Path, line: str) -> None:
    """Before anything runs, whatever its type: file, key, and what is allowed."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, line)
    section, key = line.split("]")[0][1:], line.split("\n")[1].split(" ")[0]
    assert str(caught.value).startswith(f"{tmp_path / 'hmp.toml'}: {section}.{key}")
    assert ": must be " in str(caught.value)


@pytest.mark.parametrize(
    "description",
    [
        "tcp:0",
        "tcp:port=23233",
        "tcp:23233:interface=127.0.0.1:backlog=50",
        "tcp:interface=127.0.0.1:port=23233",
        "tcp6:23233",
        "unix:/run/hmp/api.sock",
        "ssl:443:privateKey=/etc/hmp/key.pem:certKey=/etc/hmp/cert.pem",
        "tls:443:privateKey=/etc/hmp/key.pem",
        "systemd:domain=INET6:index=0",
    ],
)
def test_an_endpoint_of_twisteds(tmp_path: Path, description: str) -> None:
    """Its files and sockets need not be there when the settings are read, or be readable."""
    settings = load(tmp_path, f'[command_api]\nendpoint = "{description}"')
    assert settings.command_api.endpoint == description


def test_a_password_is_not_told(tmp_path: Path) -> None:
    """A mistyped database URL goes to logs and screens."""
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, '[database]\nurl = "postgresq://hmp:geheim@host/hmp"')
    assert "geheim" not in str(caught.value)


def test_a_relative_recordings_directory_is_beneath_the_data_directory(tmp_path: Path) -> None:
    """Wherever the server was started."""
    settings = load(tmp_path, '[recordings]\ndirectory = "media"')
    assert settings.recordings_dir == tmp_path / "media"
