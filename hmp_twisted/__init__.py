"""A Haivision Media Platform's Command Line API as an open server on Twisted.

The way of the data, from the network inward: :mod:`~hmp_twisted.wire` turns bytes into
words, :mod:`~hmp_twisted.commands` words into calls, :mod:`~hmp_twisted.services` decide,
:mod:`~hmp_twisted.store` remembers, :mod:`~hmp_twisted.bus` carries orders to the media
:mod:`~hmp_twisted.engine`, which records and plays out MPEG-TS.
"""

__version__ = "0.1.0"
