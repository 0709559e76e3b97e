"""When a model is trained again, on what, and what a candidate must show: a recipe's [retrain]."""

from dataclasses import dataclass, field
from typing import Literal

from ..errors import QueryError, RecipeError
from ..experiment import guard
from ..store.experiments import check_measure


@dataclass(frozen=True)
class Guards:
    """What a candidate may not break, compared with the version that answers now.

    coverage: share of its catalog coverage that must be left; latency, memory: at most so many times as much;
    worst_segment: points of accuracy that the users it serves worst may lose
    sudden: points of accuracy that the active version may have lost since it was judged; where it surely lost more
    what came in may be wrong, and whoever learned from it, too: a person has to look
    """

    coverage: float = 0.5
    latency: float = 3.0
    memory: float = 3.0
    worst_segment: float = 5.0
    sudden: float = 10.0


@dataclass(frozen=True)
class Retraining:
    """
    train_window_days: of events that a model learns from; 0 = all of them
    min_events:        fewer new outcomes since the last training start nothing, whatever else speaks for it
    new_events:        so many new outcomes start a training by themselves; 0 = they never do
    policy:            what becomes of a better candidate: activated, tried on half of the users, or only proposed
    min_lift, unit:    how much better it must be, beside an interval above zero; points (of percent) or percent
    experiment_days:   such a trial that has no verdict by then ends, and the candidate is only proposed
    experiment_guards: what may not get worse in it by more than this: a measure, "=", an amount or a percentage
    search:            settings tried around the present ones where accuracy alarms, since those are what failed
    """

    train_window_days: int = 30
    min_events: int = 10
    new_events: int = 0
    policy: Literal["activate", "experiment", "propose"] = "activate"
    min_lift: float = 5.0
    unit: Literal["points", "percent"] = "points"
    experiment_days: int = 60
    experiment_guards: tuple[str, ...] = ("like_rate=10%", "fallback=0.05")
    search: int = 10
    guards: Guards = field(default_factory=Guards)

    def __post_init__(self) -> None:
        for name in ("train_window_days", "min_events", "new_events", "min_lift", "search"):
            if getattr(self, name) < 0:
                raise RecipeError(f"[retrain] {name} is {getattr(self, name)}; it cannot be below 0.")
        if self.experiment_days < 1:
            raise RecipeError(f"[retrain] experiment_days is {self.experiment_days}; give 1 or more.")
        for text in self.experiment_guards:
            try:
                check_measure(guard(text).metric)
            except QueryError as error:
                raise RecipeError(f"[retrain] experiment_guards: {error}") from None
