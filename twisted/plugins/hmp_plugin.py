"""Tells twistd of the server and of the media engine."""

from twisted.application.service import ServiceMaker

hmp = ServiceMaker(
    "hmp-twisted",
    "hmp_twisted.tap",
    "The Command Line API of a media platform: records MPEG-TS and plays it out.",
    "hmp",
)
hmp_engine = ServiceMaker(
    "hmp-twisted media engine",
    "hmp_twisted.engine_tap",
    "The media engine of hmp on its own.",
    "hmp-engine",
)
