"""Titles of sessions, recordings and HotMarks."""

from __future__ import annotations

from ..errors import EmptyTitleError, TitleTooLongError

MAX_TITLE = 1024
"""Characters in a title, at most."""


def check_not_empty(title: str) -> None:
    """Let a title pass that has a character. Raises EmptyTitleError."""
    if not title:
        raise EmptyTitleError("a title must have at least 1 character")


def check_length(title: str) -> None:
    """Let a title pass that is not too long. Raises TitleTooLongError."""
    if len(title) > MAX_TITLE:
        raise TitleTooLongError(f"the title has {len(title)} characters, at most {MAX_TITLE} fit")
