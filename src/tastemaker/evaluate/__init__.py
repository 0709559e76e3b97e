"""Model × what is known × what came true -> a report: every number with its interval, random floor and popularity."""

from .cases import LIST, WHOLE, Measured, Report, judge, measure, quality
from .choices import judge_choices
from .full_ranking import Ranked, RankingReport, compared, judge_ranking, popularity_baseline
from .outcomes import BETTER, Foretold, Metric, OutcomeReport, better_by, foretell, judge_outcomes, unit_of

__all__ = [
    "BETTER",
    "LIST",
    "WHOLE",
    "Foretold",
    "Measured",
    "Metric",
    "OutcomeReport",
    "Ranked",
    "RankingReport",
    "Report",
    "better_by",
    "compared",
    "foretell",
    "judge",
    "judge_choices",
    "judge_outcomes",
    "judge_ranking",
    "measure",
    "popularity_baseline",
    "quality",
    "unit_of",
]
