"""``make demo``: the whole main job by itself, from outside, as a control system does it.

It uses nothing of the server but its command line, its port and its files.
"""
