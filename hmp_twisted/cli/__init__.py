"""``hmpctl``, the administrator's command line.

It works on the server's own database, with the server running or not; a running server takes
changes up within 2 seconds. Everything it does is done by
:mod:`hmp_twisted.services.directory`: here are words, tables and exit statuses only.
"""

from .main import main

__all__ = ["main"]
