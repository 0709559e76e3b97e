"""A judged model as a row: what it foretells or finds, with intervals."""

from typing import TYPE_CHECKING

from . import tables

if TYPE_CHECKING:
    from ..evaluate import OutcomeReport, RankingReport
    from ..metrics import Interval


def judged_columns(report: "OutcomeReport | RankingReport") -> list[str]:
    from ..evaluate import OutcomeReport

    if isinstance(report, OutcomeReport):
        return ["accuracy of likes", "RMSE", "log loss", "calibration error"]
    return ["ndcg", "recall"]


def judged_row(name: str, report: "OutcomeReport | RankingReport", *more: str) -> list[str]:
    """A name, the report's metrics with their intervals, and further cells."""
    from ..evaluate import OutcomeReport

    if not isinstance(report, OutcomeReport):
        found = [report.metrics[m].model for m in ("ndcg", "recall")]
        return [name, *map(_interval, found), *more]
    found = [report.metrics[m] for m in ("accuracy", "rmse", "log loss")]
    return [name, *map(_interval, found), tables.number(report.calibration), *more]


def guess_row(report: "OutcomeReport | RankingReport", *more: str) -> list[list[str]]:
    """The floor as a row: one guess for everything; [] where lists are judged."""
    from ..evaluate import OutcomeReport

    if not isinstance(report, OutcomeReport):
        return []
    return [
        ["the same guess for all", *(f"{report.floor[m]:.4f}" for m in ("accuracy", "rmse", "log loss")), "", *more]
    ]


def before_named(version: int, report: "OutcomeReport | RankingReport") -> str:
    silent = getattr(report, "silent", 0.0)
    return f"version {version}, before" + (f" (foretells nothing in {silent:.0%})" if silent > 0 else "")


def beside_popularity(report: "RankingReport") -> str:
    """What has to be said where the interval reaches down to popularity; "" = it is surely better, or nobody asked."""
    ndcg = report.metrics["ndcg"]
    if not ndcg.model.low <= ndcg.popular:
        return ""
    return (
        f"It is not surely better than showing everybody what is popular (ndcg from {ndcg.model.low:.4f}, popular "
        f"{ndcg.popular:.4f}). Import more events, or see whether another model is: tastemaker compare"
    )


def _interval(m: "Interval") -> str:
    return f"{m.mean:.4f} [{m.low:.4f}, {m.high:.4f}]"
