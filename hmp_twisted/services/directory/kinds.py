"""The kinds of objects that are found by name or ID."""

from __future__ import annotations

from ... import errors
from ...store import schema
from .naming import Kind

DEVICE = Kind("device", schema.devices, errors.DeviceNotFoundError)
SOURCE = Kind("source", schema.sources, errors.SourceNotFoundError)
CATEGORY = Kind("category", schema.categories, errors.CategoryNotFoundError, plural="categories")
ROLE = Kind("role", schema.roles, errors.RoleNotFoundError)
USER = Kind("user", schema.users, errors.UserNotFoundError)
GROUP = Kind("group", schema.groups, errors.GroupNotFoundError)
PERMISSION = Kind("permission", schema.permissions, errors.PermissionNotFoundError)
SESSION = Kind("session", schema.sessions, errors.SessionNotFoundError, label="title")
RECORDING = Kind("recording", schema.recordings, errors.RecordingNotFoundError, label="title")
STREAM = Kind("stream", schema.streams, errors.StreamNotFoundError, label="address")
