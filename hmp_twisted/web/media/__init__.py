"""Media for browsers: live bytes, recordings in ranges, previews, posters, files to take away.

What a visitor may have of it is checked in :mod:`hmp_twisted.web.pages.media`; here nobody is
known.
"""
