"""What Prometheus is told: how long each stage takes, who answers, what waits, what was lost."""

import os
import re
from pathlib import Path
from typing import Any

from ..errors import MissingExtra
from ..watch import is_alive

try:
    import prometheus_client as prometheus
except ImportError as error:
    raise MissingExtra("prometheus-client", "serve", "The service") from error

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_PROJECT = re.compile(rb'[{,]project="((?:[^"\\]|\\.)*)"')
MULTIPLE = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """One worker's; where several share a folder, `text` tells of all of them."""

    def __init__(self) -> None:
        self.registry = registry = prometheus.CollectorRegistry()
        of: dict[str, Any] = {"registry": registry}
        self.latency = prometheus.Histogram(
            "tastemaker_request_seconds", "Time to answer", ["route", "status"], buckets=BUCKETS, **of
        )
        self.stages = prometheus.Histogram(
            "tastemaker_stage_seconds", "Time of a stage of an answer", ["stage"], buckets=BUCKETS, **of
        )
        self.batches = prometheus.Histogram(
            "tastemaker_batch_queries", "Queries scored together", buckets=(1, 2, 4, 8, 16, 32, 64, 128), **of
        )
        self.answers = prometheus.Counter(
            "tastemaker_answers", "Answers by level, version and arm", ["project", "level", "version", "arm"], **of
        )
        self.failures = prometheus.Counter(
            "tastemaker_failures", "What failed and was answered", ["project", "what"], **of
        )
        self.cache = prometheus.Counter("tastemaker_cache", "Looked up in memory", ["what", "outcome"], **of)
        self.events = prometheus.Counter("tastemaker_events", "Rows of events", ["project", "fate"], **of)
        self.slates = prometheus.Counter("tastemaker_slates", "Slates logged or lost", ["project", "fate"], **of)
        self.refused = prometheus.Counter("tastemaker_refused", "Requests refused", ["why"], **of)
        gauges = {"multiprocess_mode": "livesum", **of}
        self.queue = prometheus.Gauge("tastemaker_queue_depth", "Questions that wait", **gauges)
        self.waiting = prometheus.Gauge(
            "tastemaker_rows_waiting", "Rows not yet written", ["project", "what"], **gauges
        )
        latest = {"multiprocess_mode": "livemax", **of}
        self.spool = prometheus.Gauge("tastemaker_spool_bytes", "Events on disk, database away", ["project"], **latest)
        self.up = prometheus.Gauge("tastemaker_database_up", "1 = the database answers", ["project"], **latest)
        self.active = prometheus.Gauge("tastemaker_active_version", "What answers", ["project"], **latest)
        self.jobs = prometheus.Gauge("tastemaker_jobs", "Jobs by state", ["project", "state"], **latest)
        self._hit = self.cache.labels("answer", "hit")
        self._stages: dict[str, Any] = {}
        self._answers: dict[tuple[str, ...], Any] = {}
        self._latency: dict[tuple[str, int], Any] = {}

    def stage(self, name: str, seconds: float) -> None:
        found = self._stages.get(name)
        if found is None:
            found = self._stages[name] = self.stages.labels(name)
        found.observe(seconds)

    def batch(self, n: int, seconds: float) -> None:
        self.batches.observe(n)
        self.stage("batch", seconds)

    def request(self, route: str, status: int, seconds: float) -> None:
        found = self._latency.get((route, status))
        if found is None:
            found = self._latency[route, status] = self.latency.labels(route, str(status))
        found.observe(seconds)

    def answer(self, project: str, level: str, version: str, arm: str | None) -> None:
        key = (project, level, version, arm or "")
        found = self._answers.get(key)
        if found is None:
            found = self._answers[key] = self.answers.labels(*key)
        found.inc()

    def cache_hit(self) -> None:
        self._hit.inc()

    def text(self, project: str | None = None) -> bytes:
        """All workers' where they share a folder; without what is said of other projects than this one."""
        told = self._text()
        if project is None:
            return told
        mine = project.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").encode()
        found = ((line, _PROJECT.search(line)) for line in told.splitlines(keepends=True))
        return b"".join(line for line, of in found if of is None or of[1] == mine)

    def _text(self) -> bytes:
        if os.environ.get(MULTIPLE):
            from prometheus_client import multiprocess

            _bury(Path(os.environ[MULTIPLE]))
            registry = prometheus.CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
            return bytes(prometheus.generate_latest(registry))
        return bytes(prometheus.generate_latest(self.registry))


def _bury(folder: Path) -> None:
    """What a worker that is gone said of the present moment is true no more; what it counted is."""
    for path in folder.glob("gauge_live*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not is_alive(int(pid)):
            path.unlink(missing_ok=True)
