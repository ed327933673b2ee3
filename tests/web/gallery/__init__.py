"""A server as it is after some weeks of use, looked at by a browser: for pictures, and for axe.

:mod:`.library` fills it, :mod:`.tour` finds every page, :mod:`.__main__` takes the pictures.
"""
