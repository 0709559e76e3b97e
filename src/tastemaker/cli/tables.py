"""Results as tables."""

from collections.abc import Mapping, Sequence
from math import exp, isnan
from typing import TYPE_CHECKING, Any

from .output import Table, short

if TYPE_CHECKING:
    from ..data.catalog import Catalog
    from ..data.query import Slate
    from ..evaluate import Report
    from ..lifecycle.compare import Comparison
    from ..metrics import Interval
    from ..store import ModelVersion

DIGITS = (3, 4, 5)  # of scores: as few as tell different ones apart, or 3 where none of these do
CASES = {
    "stated": "tastes stated",
    "vague": "tastes vague",
    "ranked": "five rankings",
    "unlike": "another kind",
    "held-out items": "items never seen",
    "real": "real users",
}


def judgement(title: str, reports: Mapping[str, Sequence["Report"]], metric: str) -> Table:
    """model -> reports: one row a model and case."""
    rows = []
    for name, each in reports.items():
        for report in each:
            m, ndcg = report.metrics[metric], report.metrics["ndcg@10"]
            rows.append(
                [
                    name if report is each[0] else "",
                    CASES.get(report.case, report.case),
                    f"{m.model.mean:.3f} [{m.model.low:.3f}, {m.model.high:.3f}]",
                    number(m.floor),
                    number(m.popular),
                    number(m.ceiling),
                    percent(m.share.mean),
                    f"{ndcg.model.mean:.3f}",
                    number(ndcg.floor),
                ]
            )
    columns = [
        "model",
        "users",
        f"{metric}, 95 %",
        ">random",
        ">popular",
        ">oracle",
        ">of the way",
        ">ndcg@10",
        ">random",
    ]
    return Table(title, columns, rows)


def whole_catalog(reports: Mapping[str, "Report"]) -> Table:
    """Full-catalog ranking, where it was judged."""
    rows = []
    for name, report in reports.items():
        for metric, m in report.metrics.items():
            if metric.startswith("catalog"):
                interval = f"{m.model.mean:.3f} [{m.model.low:.3f}, {m.model.high:.3f}]"
                rows.append([name, metric, interval, number(m.floor), number(m.popular), number(m.ceiling)])
    title = "Full-catalog ranking: relevant = the user's best 1 % of all items"
    return Table(title, ["model", "metric", "value, 95 %", ">random", ">popular", ">oracle"], rows)


def slate(found: "Slate", catalog: "Catalog", sentences: Sequence[str]) -> Table:
    """Where parts of a model take turns, scores are logarithms: shown is each item's share of the first one's."""
    rows = []
    digits = next((d for d in DIGITS if len({f"{s:.{d}f}" for s in found.scores}) == len({*found.scores})), DIGITS[0])
    log, first = bool(found.spoke), next(iter(found.scores), 0.0)
    for rank, (id_, score, why) in enumerate(zip(found.items, found.scores, sentences, strict=True), 1):
        row = int(catalog.items.rows([id_])[0])
        alike = found.sources[rank - 1] == found.level  # what another level added is on another scale
        said = f"{score:.{digits}f}" if not log else f"{exp(score - first):.0%}" if alike else ""
        brand = " · ".join(filter(None, (column[row] for column in catalog.categories.values())))
        rows.append([str(rank), short(catalog.titles[row], 44), short(brand, 24), said, why])
    return Table("", [">#", "item", "", ">beside #1" if log else ">score", "why"], rows)


def tied(found: "Slate") -> bool:
    """Do two items of one level have the same score, not only the same digits?"""
    return len({*zip(found.sources, found.scores, strict=True)}) < len(found.scores)


def versions(found: Sequence["ModelVersion"]) -> Table:
    rows = [
        [
            str(v.id),
            v.algorithm,
            v.state,
            "" if v.parent is None else str(v.parent),
            quality(v),
            v.artifact[:12],
            when(v.created_at),
        ]
        for v in found
    ]
    return Table("", [">version", "model", "state", ">parent", ">quality", "artifact", "made"], rows)


def comparison(found: "Comparison") -> Table:
    """One row a model, the best first; then popularity, where no model is it, and a random order."""
    rows = []
    for model in found.models:
        recall, ndcg = (model.report.metrics[name] for name in ("recall", "ndcg"))
        best = model is found.models[0]
        rows.append(
            [
                model.name,
                f"{recall.model.mean:.4f} [{recall.model.low:.4f}, {recall.model.high:.4f}]",
                f"{ndcg.model.mean:.4f}",
                "best" if best else _difference(model.behind["recall"]),
                percent(model.report.beyond["coverage"]),
                f"{model.seconds:.1f} s",
                f"{model.peak_memory / 2**20:.0f} MB",
            ]
        )
    floors = [found.models[0].report.metrics[name] for name in ("recall", "ndcg")]
    if all(model.name != "popular" for model in found.models):
        rows.append(["(popular)", *(f"{floor.popular:.4f}" for floor in floors), "", "", "", ""])
    rows.append(["(random)", *(f"{floor.floor:.4f}" for floor in floors), "", "", "", ""])
    columns = [
        "model",
        f"recall@{found.k}, 95 %",
        f">ndcg@{found.k}",
        ">difference",
        ">coverage",
        ">fit",
        ">peak memory",
    ]
    return Table(found.source, columns, rows)


def _difference(interval: "Interval") -> str:
    return f"{interval.mean:+.4f} [{interval.low:+.4f}, {interval.high:+.4f}]"


def curve(lines: Mapping[str, Mapping[int, "Interval"]]) -> Table:
    known = list(next(iter(lines.values())))
    rows = [
        [name, *(f"{number(points[k].mean)} [{number(points[k].low)}, {number(points[k].high)}]" for k in known)]
        for name, points in lines.items()
    ]
    return Table("Cold start: Spearman by how many rankings are known", ["", *(str(k) for k in known)], rows)


def quality(version: "ModelVersion") -> str:
    """What a version was judged by: its share of the way, its Spearman on real users, or what came later."""
    if "quality" in version.metrics:
        return percent(version.metrics["quality"]["share"])
    if "real" in version.metrics:
        return f"spearman {version.metrics['real']['metrics']['spearman']['model']['mean']:.3f}"
    if "later" in version.metrics:
        metric = version.metrics.get("metric", "")
        found = version.metrics["later"].get("metrics", {})
        name = metric if metric in found else metric.partition("@")[0]
        one: dict[str, Any] = found.get(name) or next(iter(found.values()), {})
        mean = one.get("model", one).get("mean")
        return "–" if mean is None else f"{metric} {mean:.3f}"
    return "untrained" if version.id == 0 else "–"


def number(value: float) -> str:
    return "–" if isnan(value) else f"{value:.3f}"


def percent(value: float) -> str:
    return "–" if isnan(value) else f"{value:.1%}"


def when(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
