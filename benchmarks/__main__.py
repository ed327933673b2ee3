"""Every benchmark, one after the other."""

from . import commands

commands.main()
