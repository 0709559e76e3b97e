"""Model × what is known × what came true -> a report: every number with its interval, random floor and popularity."""

from .cases import LIST, WHOLE, Measured, Report, judge, measure, quality
from .full_ranking import Ranked, RankingReport, compared, judge_ranking, popularity_baseline

__all__ = [
    "LIST",
    "WHOLE",
    "Measured",
    "Ranked",
    "RankingReport",
    "Report",
    "compared",
    "judge",
    "judge_ranking",
    "measure",
    "popularity_baseline",
    "quality",
]
