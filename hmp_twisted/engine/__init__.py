"""The media engine: records MPEG-TS from UDP and plays it out again.

It knows recordings, tracks and streams by ID, and no user, title or database. Its whole memory is
on disk beside the media, so it can be killed at any time.
"""
