"""Better settings for an algorithm: grid, random and Bayesian search on validation data; test data are never seen."""

from .report import Report, report
from .sampling import importance
from .search import (
    SEARCHES,
    TRIALS,
    Objective,
    Plan,
    Trial,
    around,
    attempt,
    best,
    plan,
    quiet,
    search,
    suggest,
    told,
)
from .space import Choice, Params, Range, Space, from_json, space_of, to_json, value_of, values_of, with_values

__all__ = [
    "SEARCHES",
    "TRIALS",
    "Choice",
    "Objective",
    "Params",
    "Plan",
    "Range",
    "Report",
    "Space",
    "Trial",
    "around",
    "attempt",
    "best",
    "from_json",
    "importance",
    "plan",
    "quiet",
    "report",
    "search",
    "space_of",
    "suggest",
    "to_json",
    "told",
    "value_of",
    "values_of",
    "with_values",
]
