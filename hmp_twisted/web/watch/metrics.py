"""The numbers for Prometheus: gathered when they are asked for, written in its text format.

Every name is declared in :data:`FAMILIES`; ``docs/grafana/hmp.json`` draws these and no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from ... import __version__
from ...commands.dispatch import LATENCY_BUCKETS_S, Count

Labels = tuple[str, ...]
Samples = list[tuple[Labels, float]]

_SOURCE = ("source", "address")

FAMILIES: Mapping[str, tuple[type[Metric], str, Labels]] = {
    "hmp_info": (GaugeMetricFamily, "Always 1; the version is its label.", ("version",)),
    "hmp_engine_up": (GaugeMetricFamily, "Whether the media engine answers.", ()),
    "hmp_engine_tick_seconds": (GaugeMetricFamily, "Time between two looks into the sockets.", ()),
    "hmp_engine_pool_used_bytes": (GaugeMetricFamily, "What waits to be written.", ()),
    "hmp_engine_pool_limit_bytes": (GaugeMetricFamily, "What may wait to be written.", ()),
    "hmp_source_bits_per_second": (GaugeMetricFamily, "Received in the last second.", _SOURCE),
    "hmp_source_datagrams": (CounterMetricFamily, "Datagrams with MPEG-TS.", _SOURCE),
    "hmp_source_bytes": (CounterMetricFamily, "Bytes received.", _SOURCE),
    "hmp_source_lost_datagrams": (
        CounterMetricFamily,
        "Datagrams lost: before this machine (network, known with RTP), in its socket buffer "
        "(kernel), or because the disk did not keep up (disk).",
        (*_SOURCE, "kind"),
    ),
    "hmp_source_continuity_errors": (CounterMetricFamily, "Gaps in continuity counters.", _SOURCE),
    "hmp_source_transport_errors": (CounterMetricFamily, "Packets marked as damaged.", _SOURCE),
    "hmp_source_foreign_datagrams": (
        CounterMetricFamily,
        "Datagrams that held no MPEG-TS.",
        _SOURCE,
    ),
    "hmp_recordings": (GaugeMetricFamily, "Recordings in the catalogue.", ("state",)),
    "hmp_streams": (GaugeMetricFamily, "Streams that run.", ()),
    "hmp_disk_free_bytes": (GaugeMetricFamily, "Free where recordings are written.", ()),
    "hmp_disk_total_bytes": (GaugeMetricFamily, "The size of that disk.", ()),
    "hmp_disk_hours_left": (GaugeMetricFamily, "Until it is full at the present rate.", ()),
    "hmp_command_connections": (GaugeMetricFamily, "Clients of the Command Line API.", ()),
    "hmp_commands": (CounterMetricFamily, "Commands answered.", ("command", "result")),
    "hmp_command_duration_seconds": (
        HistogramMetricFamily,
        "Between a command and its answer.",
        ("command",),
    ),
    "hmp_database_unfinished": (GaugeMetricFamily, "Transactions that run or wait.", ()),
    "hmp_reactor_lag_seconds": (GaugeMetricFamily, "How late the server's reactor was last.", ()),
    "hmp_reactor_lag_highest_seconds": (
        GaugeMetricFamily,
        "The most since this was last asked.",
        (),
    ),
    "hmp_http_responses": (CounterMetricFamily, "Responses of the web interface.", ("status",)),
}
"""Kind, help and labels of each, by name; a counter's samples end in ``_total``."""

Values = Mapping[str, Samples]


def written(values: Values, commands: Mapping[str, Count]) -> bytes:
    """The page that Prometheus reads.

    Args:
        values: by family; one that is missing, is not known at present.
        commands: what the dispatcher counted.
    """
    registry = CollectorRegistry()
    registry.register(_Collected(values, commands))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


@attrs.frozen(eq=False)
class _Collected(Collector):
    values: Values
    commands: Mapping[str, Count]

    def collect(self) -> Iterable[Metric]:
        """Every family that is known."""
        about: Samples = [((__version__,), 1.0)]
        for name, samples in (*self.values.items(), ("hmp_info", about)):
            family = _family(name)
            for labels, value in samples:
                family.add_metric(list(labels), value)
            yield family
        yield from _of_commands(self.commands)


def _family(name: str) -> Any:
    kind, help_text, labels = FAMILIES[name]
    return kind(name, help_text, labels=list(labels))  # type: ignore[call-arg]  # each kind has its own


def _of_commands(commands: Mapping[str, Count]) -> Iterator[Metric]:
    counted, durations = _family("hmp_commands"), _family("hmp_command_duration_seconds")
    for name, count in commands.items():
        counted.add_metric([name, "ok"], count.commands - count.errors)
        counted.add_metric([name, "error"], count.errors)
        durations.add_metric([name], buckets=_buckets(count), sum_value=count.seconds)
    yield counted
    yield durations


def _buckets(count: Count) -> list[tuple[str, float]]:
    """Cumulative, as the format wants them."""
    bounds = [*map(str, LATENCY_BUCKETS_S), "+Inf"]
    return [(bound, sum(count.buckets[: at + 1])) for at, bound in enumerate(bounds)]


def of_engine(report: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Samples]:
    """What the media engine's status tells.

    Args:
        names: of sources, by the place that the engine receives them at.
    """
    recorder = report.get("recorder", {})
    values: dict[str, Samples] = {"hmp_engine_up": [((), float(bool(report)))]}
    if not report:
        return values
    values["hmp_engine_tick_seconds"] = [((), recorder.get("tick_ms", 0) / 1000)]
    for what in ("used", "limit"):
        values[f"hmp_engine_pool_{what}_bytes"] = [((), recorder.get(f"pool_{what}_bytes", 0))]
    values["hmp_streams"] = [((), report.get("restreamer", {}).get("count", 0))]
    for source in recorder.get("sources", ()):
        address = source["address"]
        labels = (names.get(address.partition("://")[2], ""), address)
        for name, value in _of_source(source):
            values.setdefault(name, []).append((labels, value))
        for kind, value in _losses(source):
            lost = values.setdefault("hmp_source_lost_datagrams", [])
            lost.append(((*labels, kind), value))
    return values


_OF_SOURCE = (
    "bits_per_second",
    "datagrams",
    "bytes",
    "continuity_errors",
    "transport_errors",
    "foreign_datagrams",
)


def _of_source(source: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for key in _OF_SOURCE:
        yield f"hmp_source_{key}", source.get(key, 0)


def _losses(source: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    kernel, disk = source.get("kernel_drops", 0), source.get("thrown_away", 0)
    yield "kernel", kernel
    yield "disk", disk
    yield "network", max(0, source.get("lost_datagrams", 0) - kernel - disk)
