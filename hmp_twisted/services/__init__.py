"""What people and machines may do to sessions, recordings and streams, and what follows from it.

Commands, the web interface and hmpctl share these. No module here knows an error code or a socket.
"""
