"""What people look through: the sessions and recordings that they may see, and nothing else."""

from .details import LiveSession, RecordingDetails, SessionDetails
from .library import Library
from .search import ORDERS, Found, Page, Search

__all__ = [
    "ORDERS",
    "Found",
    "Library",
    "LiveSession",
    "Page",
    "RecordingDetails",
    "Search",
    "SessionDetails",
]
