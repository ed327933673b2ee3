"""Settings: defaults, then ``hmp.toml``, then what the environment and the command line name.

Every key and its default is a field below; the file is checked against the fields, so that
an unknown key or a bad value stops the start with a line that says which, where, what is allowed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs

from . import allowed
from .errors import ConfigurationError
from .logs import LEVELS

DEFAULT_FILE = Path("/etc/hmp/hmp.toml")
DEFAULT_DATA_DIR = Path("/var/lib/hmp")

Check = Callable[[Any], bool]


def _key(default: Any, words: str, check: Check, *, secret: bool = False) -> Any:
    """A settings field: its default, what is allowed in words, the test of that, and whether a
    value may hold a password, so that it is not told."""
    metadata = {"words": words, "check": check, "secret": secret}
    return attrs.field(default=default, metadata=metadata)


def _or_empty(check: Check) -> Check:
    return lambda value: value == "" or check(value)


@attrs.frozen
class CommandApiSettings:
    """``[command_api]``: the port that control systems connect to."""

    endpoint: str = _key(
        "tcp:23233", 'a Twisted endpoint description such as "tcp:23233"', allowed.is_endpoint
    )
    max_line_bytes: int = _key(
        65536, "a whole number of at least 512", lambda v: allowed.is_whole(v) and v >= 512
    )
    max_connections: int = _key(
        1000, "a whole number of at least 1", lambda v: allowed.is_whole(v) and v >= 1
    )
    max_connections_per_device: int = _key(
        100, "a whole number of at least 1", lambda v: allowed.is_whole(v) and v >= 1
    )
    idle_timeout_s: float = _key(
        0, "seconds, 0 for never", lambda v: allowed.is_number(v) and v >= 0
    )


@attrs.frozen
class WebSettings:
    """``[web]``: the web interface."""

    endpoint: str = _key(
        "tcp:8080:interface=127.0.0.1",
        'a Twisted endpoint description, "" for no web interface',
        _or_empty(allowed.is_endpoint),
    )
    hosts: tuple[str, ...] = _key(
        (), 'a list of host names such as ["hmp.example.org"]', allowed.are_host_names
    )
    """Names, besides addresses and the machine's own, that browsers may ask this server for."""
    metrics_from: tuple[str, ...] = _key(
        ("127.0.0.0/8", "::1"),
        'a list of addresses or networks such as ["10.0.0.0/24"]',
        allowed.are_networks,
    )
    """Who may read ``/metrics`` without signing in."""


@attrs.frozen
class DatabaseSettings:
    """``[database]``: where the server remembers."""

    url: str = _key(
        "",
        f'{allowed.DATABASE_URL}, "" for SQLite in the data directory',
        _or_empty(allowed.is_database_url),
        secret=True,
    )


@attrs.frozen
class RecordingsSettings:
    """``[recordings]``: where and how recordings are written."""

    directory: str = _key(
        "", 'a folder, "" for "recordings" in the data directory', allowed.is_text
    )
    min_free_bytes: int = _key(
        1 << 30, "a whole number of bytes", lambda v: allowed.is_whole(v) and v >= 0
    )
    resume_within_s: float = _key(300, "seconds", lambda v: allowed.is_number(v) and v >= 0)
    sync_interval_s: float = _key(
        1.0, "seconds, more than 0 and at most 60", lambda v: allowed.is_number(v) and 0 < v <= 60
    )
    expire_after_days: float = _key(
        0, "days, 0 for never", lambda v: allowed.is_number(v) and 0 <= v <= 36_500
    )
    storage_policy: str = _key(
        "refuse", 'one of "refuse", "prune"', lambda v: v in ("refuse", "prune")
    )


@attrs.frozen
class RestreamSettings:
    """``[restream]``: how recordings are played out."""

    multicast_ttl: int = _key(
        8, "a whole number from 0 to 255", lambda v: allowed.is_whole(v) and 0 <= v <= 255
    )
    interface: str = _key(
        "", 'a local IPv4 address, "" for the system\'s choice', _or_empty(allowed.is_ipv4)
    )
    loop: bool = _key(False, "true or false", lambda v: isinstance(v, bool))
    ffmpeg: str = _key("", 'the path of an ffmpeg, "" for the one found', allowed.is_text)


@attrs.frozen
class EngineSettings:
    """``[engine]``: where a media engine of its own stands."""

    endpoint: str = _key(
        "",
        '"unix:/path/of/its.sock", "" to start one with the server',
        _or_empty(allowed.is_unix_endpoint),
    )


@attrs.frozen
class LogSettings:
    """``[log]``: how much is told."""

    level: str = _key("info", "one of " + ", ".join(LEVELS), lambda v: v in LEVELS)


@attrs.frozen
class Settings:
    """All settings of one server, checked."""

    data_dir: Path
    file: Path | None = None
    command_api: CommandApiSettings = attrs.field(factory=CommandApiSettings)
    web: WebSettings = attrs.field(factory=WebSettings)
    database: DatabaseSettings = attrs.field(factory=DatabaseSettings)
    recordings: RecordingsSettings = attrs.field(factory=RecordingsSettings)
    restream: RestreamSettings = attrs.field(factory=RestreamSettings)
    engine: EngineSettings = attrs.field(factory=EngineSettings)
    log: LogSettings = attrs.field(factory=LogSettings)

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database.url or f"sqlite:///{self.data_dir / 'hmp.db'}"

    @property
    def recordings_dir(self) -> Path:
        """The folder that holds one folder a recording, absolute."""
        return (self.data_dir / (self.recordings.directory or "recordings")).absolute()

    @property
    def engine_endpoint(self) -> str:
        """Where the media engine listens: ``unix:PATH``."""
        return self.engine.endpoint or f"unix:{self.data_dir / 'engine.sock'}"


def load(config: str | None, data_dir: str | None, environ: Mapping[str, str]) -> Settings:
    """The settings in force for these options and this environment.

    Args:
        config: the option ``--config``; else ``HMP_CONFIG``, else :data:`DEFAULT_FILE` if there.
        data_dir: the option ``--data-dir``; else ``HMP_DATA_DIR``, else :data:`DEFAULT_DATA_DIR`.
        environ: the process environment.

    Raises:
        ConfigurationError: in one line: the file, the key, and what is allowed.
    """
    named = config or environ.get("HMP_CONFIG")
    path = Path(named).absolute() if named else DEFAULT_FILE
    folder = Path(data_dir or environ.get("HMP_DATA_DIR") or DEFAULT_DATA_DIR).absolute()
    if not named and not path.exists():
        return Settings(data_dir=folder)
    return _from_table(_read(path), path, folder)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: is not valid TOML: {error}") from error


def _from_table(table: dict[str, Any], path: Path, data_dir: Path) -> Settings:
    sections = {f.name: f for f in attrs.fields(Settings) if f.name not in ("data_dir", "file")}
    for name, value in table.items():
        if name not in sections:
            raise ConfigurationError(f"{path}: unknown key {name!r}; known: {', '.join(sections)}")
        if not isinstance(value, dict):
            raise ConfigurationError(f"{path}: {name}: must be a table, written [{name}]")
    return Settings(
        data_dir=data_dir,
        file=path,
        **{
            name: _section(_class_of(f), table.get(name, {}), path, name)
            for name, f in sections.items()
        },
    )


def _class_of(field: attrs.Attribute[Any]) -> Any:
    return field.default.factory  # type: ignore[union-attr]  # attrs types no Factory default


def _section(cls: Any, values: dict[str, Any], path: Path, section: str) -> Any:
    known = {f.name: f for f in attrs.fields(cls)}
    for key, value in values.items():
        if key not in known:
            raise ConfigurationError(
                f"{path}: unknown key '{section}.{key}'; known: {', '.join(known)}"
            )
        rule = known[key].metadata
        if not rule["check"](value):
            told = "" if rule["secret"] else f" = {value!r}"
            raise ConfigurationError(f"{path}: {section}.{key}{told}: must be {rule['words']}")
    return cls(**values)
