"""The Grafana dashboard draws metrics that exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

from hmp_twisted.web.watch.metrics import FAMILIES

DASHBOARD = Path(__file__).parents[3] / "docs" / "grafana" / "hmp.json"


def test_every_metric_of_the_dashboard_exists() -> None:
    """By the name that Prometheus gives its samples."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    used = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"hmp_\w+", target["expr"])
    }
    known = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in used}
    assert len(used) > 10
    assert known <= set(FAMILIES), known - set(FAMILIES)
