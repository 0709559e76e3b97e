"""The verdict of an experiment, in one sentence that says what to do next."""

from dataclasses import dataclass
from typing import Literal

from ..metrics import Interval
from ..metrics.ratio import Mean
from ..store.experiments import Experiment
from ..store.outcomes import MEASURES, Measure
from .difference import FEWEST, Lift
from .guards import Guarded
from .plan import Plan
from .sample_ratio import SampleRatio

Kind = Literal["blocked", "stopped", "early", "treatment", "control", "even", "open", "overtaken"]


@dataclass(frozen=True)
class Verdict:
    """kind: blocked (sample ratio), stopped (a guard), early (too few users), who won, even (done, no such difference),
    open (go on), or overtaken: another version was activated, so that nobody is dealt any more."""

    kind: Kind
    sentence: str


def decide(
    experiment: Experiment, measure: Measure, plan: Plan, arms: tuple[Mean, Mean], few: bool, lift: Lift,
    ratio: SampleRatio, broken: Guarded | None, more: int | None, days: float | None,
) -> Verdict:  # fmt: skip
    said = f"{measure.says} {shown(lift.points, measure.share)}"
    if ratio.broken:
        return Verdict("blocked", _blocked(ratio))
    if broken is not None:
        return Verdict("stopped", _stopped(broken))
    if few:  # or everybody is alike
        return Verdict("early", _early(arms, measure))
    if lift.points.low > 0 or lift.points.high < 0:
        return _won(experiment, (lift.points.mean > 0) == measure.higher, said)
    return _open(plan, lift, said, _size(plan.effect, measure.share), more, days)


def _early(arms: tuple[Mean, Mean], measure: Measure) -> str:
    seen = f"{arms[0].n} and {arms[1].n} users so far whose outcomes tell “{measure.says}”"
    least = min(arms, key=lambda arm: arm.effective)
    if min(arms[0].n, arms[1].n) >= FEWEST > least.effective:
        seen += f"; a few have most of the outcomes, so {least.n} of them count as {least.effective:.0f}"
    return f"Too early: {seen}; nothing is said before each arm has {FEWEST}."


def _won(experiment: Experiment, better: bool, said: str) -> Verdict:
    kind: Kind = "treatment" if better else "control"
    version = experiment.treatment if better else experiment.control
    if version == experiment.settings["active"]:
        then = "It answers already. End it: tastemaker experiment stop"
    else:
        then = f"To let it answer everybody: tastemaker experiment stop, then tastemaker activate {version}"
    return Verdict(kind, f"Version {version} ({kind}) wins: {said}. {then}")


def _open(plan: Plan, lift: Lift, said: str, size: str, more: int | None, days: float | None) -> Verdict:
    end = "End it: tastemaker experiment stop"
    if -plan.effect < lift.points.low and lift.points.high < plan.effect:
        return Verdict("even", f"Neither is better by {size}: {said}. {end}")
    if more == 0:
        over = f"the planned precision is reached, and a difference of {size} would most likely have shown"
        return Verdict("even", f"No difference shown: {said}; {over}. {end}")
    return Verdict("open", f"No difference shown yet: {said}; {_wait(more, days)} for {size}.")


def shown(interval: Interval, share: bool) -> str:
    """ "+3.2 points [+0.1, +6.3]"; shares in points, the rest in their own units."""
    unit, by = (" points", 100.0) if share else ("", 1.0)
    digits = 1 if share else 3
    mean, low, high = (f"{by * x:+.{digits}f}" for x in (interval.mean, interval.low, interval.high))
    return f"{mean}{unit} [{low}, {high}]"


def _blocked(ratio: SampleRatio) -> str:
    return (
        f"Blocked: {ratio.control} users in control and {ratio.treatment} in treatment, which should have "
        f"{ratio.share:.0%} of them (p = {ratio.p:.1g}). Something loses users of one arm, so no figure here can be "
        "trusted: find it, then start again."
    )


def _stopped(broken: Guarded) -> str:
    limit, i = broken.guard.limit, broken.interval
    by = 100.0 if limit.relative else 1.0
    unit = " %" if limit.relative else ""
    seen = f"{by * i.mean:+.3g}{unit} [{by * i.low:+.3g}, {by * i.high:+.3g}]"
    says = MEASURES[broken.guard.metric].says
    return f"Stopped since the guard “{says}” broke: {seen}, where it may get worse by {limit} at most."


def _wait(more: int | None, days: float | None) -> str:
    if more is None:
        return "it needs more users"
    if days is None:
        return f"it needs about {more} more users"
    return f"it needs about {max(1, round(days))} more days ({more} users)"


def _size(effect: float, share: bool) -> str:
    return f"{100 * effect:.1f} points" if share else f"{effect:.3g}"
