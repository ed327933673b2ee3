"""Every benchmark, one after the other."""

from . import commands, ingest

commands.main()
ingest.main()
