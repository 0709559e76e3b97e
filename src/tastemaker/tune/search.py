"""Settings tried one after another: what is tried depends on the seed, the trial's number and the batches before it.

So 15 trials and then 15 more are the 30 that one go would have made, a killed search goes on as if nothing had been,
and several processes find what one would have found with the same batches.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from time import monotonic
from typing import Literal, Protocol, get_args

import numpy as np

from ..algorithms import Algorithm
from ..data.nearest import did_you_mean
from ..errors import DataError, QueryError, TrainingError
from ..metrics import Interval
from ..watch import Progress, Watch
from .sampling import drawn, hopeless
from .space import Params, Space, grid, narrowed, space_of, values_of, with_values

Search = Literal["bayesian", "grid", "random"]
SEARCHES: tuple[Search, ...] = get_args(Search)
TRIALS: dict[Search, int] = {"bayesian": 20, "grid": 81, "random": 50}
BATCH = 16  # trials of a grid or random search that do not see each other, so that as many can run at once
RUNGS = (0.25, 1.0)  # shares of the training users that a trial learns from in turn, unless it is hopeless
NEAR = 3.0  # factor within which `around` stays


class Objective(Protocol):
    """What a setting is worth on validation data.

    metric: its name; higher: is more of it better?
    """

    @property
    def metric(self) -> str: ...

    @property
    def higher(self) -> bool: ...

    def __call__(self, algorithm: Algorithm, rng: np.random.Generator, watch: Watch, share: float = 1.0) -> float:
        """Learn from a share of the training users, judge on validation data."""

    def gain(self, tried: Algorithm, present: Algorithm, seed: int, watch: Watch) -> tuple[float, float, Interval]:
        """The values of both, each learned again with the same new chance, and by how much the tried one is better."""


@dataclass(frozen=True)
class Trial:
    """steps: values on the way, one a rung, the last one is `value`; why: it failed."""

    number: int
    params: Params
    state: Literal["done", "failed", "pruned"]
    value: float | None = None
    steps: tuple[float, ...] = ()
    why: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """
    algorithm: with its present settings, which are trial 0
    batch:     trial k is chosen, and pruned, by trials below k - k mod batch; as many may run at once
    known:     earlier trials of the same space and digest, which a Bayesian search starts from
    """

    algorithm: Algorithm
    space: Space
    search: Search
    trials: int
    seed: int
    higher: bool = True
    batch: int = 1
    rungs: tuple[float, ...] = RUNGS
    known: tuple[Trial, ...] = ()

    @property
    def present(self) -> Params:
        return values_of(self.algorithm, self.space)

    def seen_by(self, number: int, trials: Iterable[Trial]) -> list[Trial]:
        """What trial `number` may know, in order."""
        before = [trial for trial in trials if trial.number < number - number % self.batch]
        return sorted(before, key=lambda trial: trial.number)


def plan(
    algorithm: Algorithm,
    search: str = "bayesian",
    trials: int | None = None,
    seed: int = 0,
    *,
    higher: bool = True,
    jobs: int = 1,
    known: Sequence[Trial] = (),
    space: Space | None = None,
    rungs: tuple[float, ...] = RUNGS,
) -> Plan:
    """Checked: a search that exists, at least one trial, and no more than a grid has."""
    if search not in SEARCHES:
        hint = did_you_mean(search, SEARCHES) or "."
        raise QueryError(f"No search is called {search!r}{hint} There are: {', '.join(SEARCHES)}.")
    kind: Search = search
    wanted = TRIALS[kind] if trials is None else trials
    if wanted < 1 or jobs < 1:
        raise QueryError(f"--trials is {wanted} and --jobs {jobs}; both must be at least 1.")
    chosen = space_of(algorithm) if space is None else space
    if kind == "grid":
        wanted = min(wanted, len(grid(chosen, values_of(algorithm, chosen), np.random.default_rng(0))))
    batch = jobs if kind == "bayesian" else max(BATCH, jobs)
    warm = tuple(known) if kind == "bayesian" else ()
    return Plan(algorithm, chosen, kind, wanted, seed, higher, batch, rungs, warm)


def suggest(plan: Plan, number: int, seen: Sequence[Trial]) -> Params:
    """The settings of this trial; seen: as `Plan.seen_by` says."""
    if number == 0:
        return plan.present
    if plan.search == "grid":
        return grid(plan.space, plan.present, np.random.default_rng([plan.seed, 0]))[number]
    bayesian = plan.search == "bayesian"
    seed = int(np.random.SeedSequence([plan.seed, number]).generate_state(1)[0])
    return drawn(plan.space, [*plan.known, *seen], plan.higher, seed, bayesian)


def attempt(plan: Plan, number: int, objective: Objective, seen: Sequence[Trial], watch: Watch) -> Trial:
    """One trial, on growing shares of the users while there is hope."""
    params, begun, steps = suggest(plan, number, seen), monotonic(), list[float]()
    algorithm = with_values(plan.algorithm, params)
    found = Trial(number, params, "done")
    try:
        for rung, share in enumerate(plan.rungs):
            steps.append(objective(algorithm, np.random.default_rng([plan.seed, number, rung]), watch, share))
            if not isfinite(steps[-1]):
                raise TrainingError(f"{objective.metric} is {steps.pop():g}.")
            if share < 1.0 and number and hopeless(plan.space, steps, seen, plan.higher):
                found = replace(found, state="pruned")
                break
        else:
            found = replace(found, value=steps[-1])
    except (TrainingError, DataError, np.linalg.LinAlgError) as error:
        found = replace(found, state="failed", why=str(error))
    return replace(found, steps=tuple(steps), seconds=monotonic() - begun)


def search(plan: Plan, objective: Objective, watch: Watch, trials: Sequence[Trial] = ()) -> list[Trial]:
    """All trials of the plan, in order; those given are not made again."""
    found = {trial.number: trial for trial in trials}
    for number in range(plan.trials):
        if number not in found:
            seen = plan.seen_by(number, found.values())
            found[number] = attempt(plan, number, objective, seen, quiet(watch))
        told(watch, plan, found.values(), objective.metric)
    return [found[number] for number in sorted(found)]


def quiet(watch: Watch) -> Watch:
    """One that can be cancelled, but neither reports what a trial does nor keeps its checkpoints."""
    return replace(watch, report=_nothing, folder=None, checkpoint=None)


def _nothing(progress: Progress) -> None:
    pass


def told(watch: Watch, plan: Plan, trials: Iterable[Trial], metric: str) -> None:
    made = list(trials)
    found = best(made, plan.higher)
    values = {} if found is None or found.value is None else {f"best_{metric.replace(' ', '_')}": found.value}
    watch.progress(len(made), plan.trials, **values)


def best(trials: Iterable[Trial], higher: bool) -> Trial | None:
    """The trial with the best value; of equals the first. None when none came to its end."""
    whole = [trial for trial in trials if trial.state == "done" and trial.value is not None]
    sign = 1.0 if higher else -1.0
    return max(whole, key=lambda trial: (sign * (trial.value or 0.0), -trial.number), default=None)


def around(algorithm: Algorithm, n: int, seed: int = 0, step: float = NEAR) -> list[Algorithm]:
    """n others like it, whose numbers lie within a factor of `step`: a little search after an alarm; [] = none can."""
    try:
        space = space_of(algorithm)
    except TrainingError:
        return []
    near = narrowed(space, values_of(algorithm, space), step)
    if not near or n < 1:
        return []
    made = plan(algorithm, "random", n + 1, seed, space=near)
    return [with_values(algorithm, suggest(made, number, ())) for number in range(1, n + 1)]
