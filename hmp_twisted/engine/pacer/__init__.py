"""The pacer: a process of its own that gives every packet of every stream its time.

It reads recorded segments, finds out from their PCRs when each datagram of seven packets is due,
and writes it at that time into the pipe of the ffmpeg that sends it. It has its interpreter to
itself, because a busy thread beside it would show in every receiver's jitter.

From the inside out: :mod:`.packets` and :mod:`.scte35` (facts and changes of packets, pure),
:mod:`.pacing` (due times, pure), :mod:`.joints` (splicing segments, pure), :mod:`.segment` (files,
start positions), :mod:`.playlist` (a recording as one run of chunks), :mod:`.feed` (one stream's
pipe), :mod:`.control` (what is said to and by the engine), :mod:`.loop` (all streams).
"""
