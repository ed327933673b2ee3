"""What a video element really shows: its pixels, read through a canvas."""

from __future__ import annotations

from playwright.sync_api import Locator

from tests.harness import wait_for

_PIXELS = """(video) => {
  if (video.readyState < 2 || !video.videoWidth) return [];
  const canvas = document.createElement('canvas');
  canvas.width = 32; canvas.height = 18;
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0, 32, 18);
  return Array.from(context.getImageData(0, 0, 32, 18).data);
}"""

MANY_COLOURS = 40
"""A test picture has at least so many among its 576 pixels; a black or grey one has few."""


def frame(video: Locator) -> list[int]:
    """The pixels of a video element, made small; none while it shows no frame."""
    return list(video.evaluate(_PIXELS))


def colours(video: Locator) -> int:
    """How many different colours a video element shows; 0 while it shows no frame."""
    values = frame(video)
    pixels = zip(values[0::4], values[1::4], values[2::4], strict=True)
    return len({(r // 16, g // 16, b // 16) for r, g, b in pixels})


def current_time(video: Locator) -> float:
    """The second that it shows."""
    return float(video.evaluate("(video) => video.currentTime"))


def moves(video: Locator, deadline_s: float, name: str = "video") -> None:
    """Wait until it shows a picture of many colours, and then one of a later second.

    Raises:
        AssertionError: it did not within ``deadline_s``.
    """
    wait_for(lambda: colours(video) >= MANY_COLOURS, deadline_s, f"a picture of {name}")
    before = current_time(video)
    what = f"a picture of {name} that moves on"
    wait_for(lambda: current_time(video) > before + 1, deadline_s, what)
    assert colours(video) >= MANY_COLOURS
