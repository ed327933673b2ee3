"""The argument that says after how many days a recording goes."""

from __future__ import annotations

import attrs
import click

from ..services.directory.retention import NEVER


@attrs.frozen
class Expiry:
    """What was asked for. An object, because click takes ``None`` for an argument left out."""

    days: float | None
    """``None`` for the configured default."""


_WORDS = {"never": Expiry(NEVER), "default": Expiry(None)}


def expiry(text: str) -> Expiry:
    """What a number of days greater than 0, ``never``, or ``default`` means.

    Raises:
        click.BadParameter: it is none of these.
    """
    try:
        found = _WORDS.get(text) or Expiry(float(text))
    except ValueError:
        found = Expiry(NEVER)
    if text not in _WORDS and not (found.days or NEVER) > NEVER:
        raise click.BadParameter(
            f"{text!r}: must be a number of days greater than 0, never, or default"
        )
    return found
