"""Experiments: which of two versions is better for real users, said honestly however often one looks.

Pure statistics, one method a file, and the verbs of a running experiment (`running`). Nothing here trains.
"""

from ..metrics.ratio import Mean, mean_of
from .always_valid import always_valid, boundary
from .beta_binomial import Belief, belief, beta_binomial
from .cuped import Cuped, Sums, cuped
from .difference import Difference, Lift, difference
from .fixed_horizon import fixed_horizon
from .guards import Amount, Guard, Guarded, amount, guard, watch_guard
from .interleaving import Preference, credit, preference, team_draft
from .logged import Estimated, estimate
from .plan import Plan, detectable, plan_for
from .report import Report
from .running import check_options, look, start, stop
from .sample_ratio import SampleRatio, sample_ratio
from .simulate import Simulated, simulate
from .verdict import Verdict

__all__ = [
    "Amount",
    "Belief",
    "Cuped",
    "Difference",
    "Estimated",
    "Guard",
    "Guarded",
    "Lift",
    "Mean",
    "Plan",
    "Preference",
    "Report",
    "SampleRatio",
    "Simulated",
    "Sums",
    "Verdict",
    "always_valid",
    "amount",
    "belief",
    "beta_binomial",
    "boundary",
    "check_options",
    "credit",
    "cuped",
    "detectable",
    "difference",
    "estimate",
    "fixed_horizon",
    "guard",
    "look",
    "mean_of",
    "plan_for",
    "preference",
    "sample_ratio",
    "simulate",
    "start",
    "stop",
    "team_draft",
    "watch_guard",
]
