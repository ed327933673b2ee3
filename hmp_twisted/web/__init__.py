"""The web interface: pages for people, over the same services as the commands.

One visible pipeline (:mod:`.pipeline`): host, sign-in, right, CSRF, the page's coroutine,
rendering. A page is declared once, as a :class:`.route.Route` in a module of :mod:`.pages`.
"""
