"""What quality is measured by, and where an alarm begins: a recipe's [quality]."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, Self

from ..errors import RecipeError

DAY = 86_400  # seconds


@dataclass(frozen=True)
class Limits:
    """
    metric:       what versions are compared by on what really happened
    window_days:  of outcomes that quality is judged by
    min_accuracy: alarm when the predicted likes are right less often, by the upper end of a Wilson interval
    min_outcomes: fewer outcomes in the window cannot ring an alarm
    min_samples:  outcomes of an item, before its own quality counts
    drop:         alarm when accuracy is so many points below the version's own first `first_days`, surely
    drift:        alarm when the population stability index of items or users passes this
    max_age_days: alarm when a version is older; 0 = versions do not age
    shown_days:   an outcome belongs to the latest list that showed its item to its user so many days before it
    """

    metric: Literal["accuracy", "rmse", "log loss"] = "accuracy"
    window_days: int = 30
    min_accuracy: float = 0.5
    min_outcomes: int = 30
    min_samples: int = 5
    drop: float = 5.0
    first_days: int = 14
    drift: float = 0.25
    max_age_days: int = 90
    shown_days: int = 7

    def __post_init__(self) -> None:
        for name in ("window_days", "min_outcomes", "min_samples", "first_days", "shown_days"):
            if getattr(self, name) < 1:
                raise RecipeError(f"[quality] {name} is {getattr(self, name)}; give 1 or more.")
        if not 0.0 <= self.min_accuracy <= 1.0:
            raise RecipeError(f"[quality] min_accuracy is {self.min_accuracy:g}; give a share from 0 to 1.")
        if self.max_age_days < 0 or self.drop < 0:
            raise RecipeError("[quality] max_age_days and drop cannot be below 0; 0 days = versions do not age.")

    @classmethod
    def of(cls, recipe: Mapping[str, Any]) -> Self:
        """Those of a resolved recipe, as the database keeps it; what an older one does not say is as by default."""
        said = recipe.get("quality") or {}
        return cls(**{f.name: said[f.name] for f in fields(cls) if f.name in said})
