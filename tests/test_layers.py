"""The order of ``docs/architecture.md``, and the limits of style, held by reading the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hmp_twisted"

ORDER = ["web", "wire", "commands", "services", "store", "bus", "engine", "ground"]
"""A module imports from its own package or from those behind it."""

TOP = {"tap", "engine_tap", "server", "options", "demo"}
"""What starts and wires the programs: they may import everything, and nothing imports them."""

GROUND = {
    "__init__",
    "allowed",
    "clocks",
    "config",
    "descriptors",
    "endpoints",
    "errors",
    "listening",
    "locks",
    "logs",
    "notify",
    "peers",
    "ring",
    "threads",
}
"""What stands below everything and imports only its like."""

FORBIDDEN = {
    "web": {"wire", "cli"},
    "wire": {"cli"},
    "commands": {"wire", "cli"},
    "engine": {"store", "services", "commands", "wire", "bus"},
}
"""Said in so many words by the page, whatever the order."""

LONGEST = 300
REACTOR_IN = {"tap.py", "engine_tap.py"}


def _modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _layer(parts: tuple[str, ...]) -> str:
    """The layer of a module, from its path within the package."""
    first = parts[0].removesuffix(".py") if parts else "__init__"
    if first in TOP or first == "cli":
        return first
    return "ground" if first in GROUND else first


def _imports(path: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The line and the path within the package of everything of ours that a module imports."""
    package = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for name in node.names:
                if name.name.split(".")[0] == "hmp_twisted":
                    yield node.lineno, tuple(name.name.split(".")[1:])
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, target) for target in _from(node, package))


def _from(node: ast.ImportFrom, package: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    named = tuple(node.module.split(".")) if node.module else ()
    if node.level:
        base = package[: len(package) - node.level + 1] + named
    elif named and named[0] == "hmp_twisted":
        base = named[1:]
    else:
        return
    for name in node.names:
        yield base or ((name.name,) if _is_module(name.name) else ())


def _is_module(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").exists()


def _may_import(layer: str, target: str) -> bool:
    if target in FORBIDDEN.get(layer, ()):
        return False
    if layer in TOP or layer == target or target == "ground":
        return True
    if layer == "cli":
        return target not in TOP and target not in ("wire", "web")
    return layer in ORDER and target in ORDER[ORDER.index(layer) :]


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downward(path: Path) -> None:
    """A module imports from its own package or downward only."""
    parts = path.relative_to(PACKAGE).parts
    layer = _layer(parts)
    wrong = [
        f"{path.relative_to(ROOT)}:{number}: {layer} imports {'.'.join(target)}"
        for number, target in _imports(path)
        if not _may_import(layer, _layer(target))
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", _modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_module_has_a_layer(path: Path) -> None:
    """A new package is given its place in the order before it is used."""
    layer = _layer(path.relative_to(PACKAGE).parts)
    assert layer in {*ORDER, *TOP, "cli"}, f"{layer} has no place in docs/architecture.md"


def test_no_module_is_too_long() -> None:
    """One duty each: no module of the product has more than 300 lines."""
    counts = {str(p.relative_to(ROOT)): p.read_text().count("\n") for p in _modules()}
    assert not {name: count for name, count in counts.items() if count > LONGEST}


def test_reactor_is_an_argument() -> None:
    """Only what wires the programs imports the reactor, inside functions or not."""
    wrong = []
    for path in _modules():
        imported = re.search(
            r"from twisted\.internet import .*\breactor\b|import twisted\.internet\.reactor",
            path.read_text(encoding="utf-8"),
        )
        relative = path.relative_to(PACKAGE)
        if imported and relative.parts[0] not in {*REACTOR_IN, "cli", "demo"}:
            wrong.append(f"{relative}: {imported.group(0)}")
    assert not wrong, "\n".join(wrong)


def test_plugin_folder_is_no_package() -> None:
    """An ``__init__.py`` there would hide Twisted's own plugins."""
    assert not (ROOT / "twisted" / "plugins" / "__init__.py").exists()
    assert not (ROOT / "twisted" / "__init__.py").exists()
