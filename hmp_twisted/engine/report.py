"""What is told of one source to those who record it."""

from __future__ import annotations

import attrs

from .inspection.marks import Marks
from .inspection.references import Extremes
from .source_watch import Happening


@attrs.frozen(eq=False)
class Report:
    """What was found of a source since the last report."""

    marks: Marks
    """For the index, in the order of the packets."""
    extremes: Extremes
    happenings: list[Happening]
    wall_ahead: float
    """What to add to the receiver's clock to get Unix seconds."""
