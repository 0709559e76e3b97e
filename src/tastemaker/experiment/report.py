"""All that an experiment says at one look, and its verdict in one sentence. Pure: sums of users in, a Report out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any

from ..data.arrays import Bool
from ..metrics.ratio import Mean, mean_of
from ..store.experiments import Experiment, Exposed
from ..store.outcomes import DAY, MEASURES, Measure, UserSums
from .always_valid import always_valid
from .beta_binomial import Belief, beta_binomial
from .cuped import Sums, cuped
from .difference import Lift, difference
from .fixed_horizon import fixed_horizon
from .guards import Amount, Guard, Guarded, watch_guard
from .plan import Plan, remaining
from .sample_ratio import SampleRatio, sample_ratio
from .verdict import Verdict, decide

PRICE = (
    "The always-valid interval may be looked at any day: over all looks together it is wrong with a chance of at most "
    "{alpha:.0%}. The fixed-horizon one is only for a single look at the end; looked at daily it finds differences "
    "that are not there. The price is power at small differences: {users} users were planned, where a single "
    "look would need {once}."
)


@dataclass(frozen=True)
class ArmReport:
    """users: who met it; figure: of those with something to measure."""

    version: int
    users: int
    figure: Mean


@dataclass(frozen=True)
class Report:
    """lift: always valid; once: for a single look; adjusted: always valid, by CUPED; saved: of its variance.

    belief: None of what is no share, and as long as it is too early to say anything
    more_users, more_days: until the planned precision, None = unknown
    """

    experiment: Experiment
    plan: Plan
    control: ArmReport
    treatment: ArmReport
    ratio: SampleRatio
    lift: Lift
    once: Lift
    adjusted: Lift | None
    saved: float
    belief: Belief | None
    guards: Sequence[Guarded]
    more_users: int | None
    more_days: float | None
    verdict: Verdict

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"price": self.price}

    @property
    def measure(self) -> Measure:
        return MEASURES[self.experiment.metric]

    @property
    def price(self) -> str:
        alpha = self.experiment.settings["alpha"]
        return PRICE.format(alpha=alpha, users=self.plan.users, once=self.plan.users_once)

    @property
    def broken(self) -> Guarded | None:
        return next((g for g in self.guards if g.broken), None)


def report(experiment: Experiment, sums: UserSums, met: Exposed) -> Report:
    alpha, plan = float(experiment.settings["alpha"]), Plan(**experiment.settings["plan"])
    control, treatment = (sums_of(sums, experiment.metric, arm) for arm in (~sums.treatment, sums.treatment))
    arms = mean_of(control.y, control.n), mean_of(treatment.y, treatment.n)
    found = difference(*arms)
    known = isfinite(found.points.se) and found.points.se > 0
    progress = (plan.se / found.points.se) ** 2 if known else 0.0
    smaller = cuped(*(sums_of(sums, experiment.metric, arm, idle=True) for arm in (~sums.treatment, sums.treatment)))
    treated = int(sums.treatment.sum())
    share = sample_ratio(len(sums.users) - treated, treated, experiment.share)
    guards = _guards(experiment, sums, plan, alpha)
    users = arms[0].n + arms[1].n
    more = remaining(plan, users, found.points.se) if known else None
    lift = always_valid(found, progress, alpha)
    days = _days(more, met, experiment, plan)
    measure = MEASURES[experiment.metric]
    broken = next((g for g in guards if g.broken), None)
    return Report(
        experiment, plan,
        ArmReport(experiment.control, share.control, arms[0]),
        ArmReport(experiment.treatment, treated, arms[1]),
        share, lift, fixed_horizon(found, alpha),
        None if smaller is None else _adjusted(smaller.control, smaller.treatment, plan, alpha),
        0.0 if smaller is None else smaller.saved,
        beta_binomial(*arms) if measure.share and not found.few else None,
        guards, more, days,
        decide(experiment, measure, plan, arms, found.few, lift, share, broken, more, days),
    )  # fmt: skip


def sums_of(sums: UserSums, metric: str, arm: Bool, idle: bool = False) -> Sums:
    """The users of one arm for whom there is something to measure; idle: those for whom there is not, too."""
    n = sums.n[metric]
    here = arm if n is None or idle else arm & (n > 0)
    before_n = sums.before_n[metric]
    return Sums(
        sums.y[metric][here], None if n is None else n[here], sums.before_y[metric][here],
        None if before_n is None else before_n[here],
    )  # fmt: skip


def measured(experiment: Experiment) -> tuple[str, ...]:
    """Names of the measures that its report looks at."""
    return tuple(dict.fromkeys([experiment.metric, *(guard.metric for guard in guards_of(experiment))]))


def guards_of(experiment: Experiment) -> list[Guard]:
    return [Guard(g["metric"], Amount(**g["limit"])) for g in experiment.settings["guards"]]


def _guards(experiment: Experiment, sums: UserSums, plan: Plan, alpha: float) -> list[Guarded]:
    guards = guards_of(experiment)
    found = []
    for one in guards:
        parts = [sums_of(sums, one.metric, arm) for arm in (~sums.treatment, sums.treatment)]
        arms = [mean_of(part.y, part.n) for part in parts]
        progress = (arms[0].n + arms[1].n) / max(plan.users, 1)
        higher = MEASURES[one.metric].higher
        found.append(watch_guard(one, higher, arms[0], arms[1], progress, alpha / len(guards)))
    return found


def _adjusted(control: Mean, treatment: Mean, plan: Plan, alpha: float) -> Lift:
    found = difference(control, treatment)
    progress = (plan.se / found.points.se) ** 2 if found.points.se > 0 else 0.0
    return always_valid(found, progress, alpha)


def _days(more: int | None, met: Exposed, experiment: Experiment, plan: Plan) -> float | None:
    """At the pace of new users since the start; in the first day at the pace that was planned with."""
    if more is None:
        return None
    days = (met.last - experiment.started_at) / DAY
    pace = (met.control + met.treatment) / days if days >= 1 else plan.daily
    return more / pace if pace > 0 else None


def settings_of(plan: Plan, guards: Sequence[Guard], alpha: float, power: float) -> dict[str, Any]:
    """What `report` needs to know later, as JSON."""
    return {"plan": asdict(plan), "guards": [asdict(g) for g in guards], "alpha": alpha, "power": power}
