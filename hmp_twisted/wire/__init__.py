"""Bytes to words and back: framing, order, limits and access of the Command Line API.

Nothing here knows a command, a session or a database.
"""
