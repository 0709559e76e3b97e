"""What a search found: best so far, which fields matter, and the best settings beside the present ones."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ..metrics import Interval
from .sampling import LEAST, importance
from .search import Trial, best
from .space import Params, Space, Value, to_json

UNSEEN = "chosen on these validation data, so expect less on new ones; test data were not read"


@dataclass(frozen=True)
class Gain:
    """present, best: values of both, learned again with one new chance; gain: how much better the best is, paired."""

    present: float
    best: float
    gain: Interval


@dataclass(frozen=True)
class Report:
    """
    trials:     in order; number 0 had the present settings
    importance: field -> share, highest first; {} where too little was tried
    gain:       None until the search is over, or where the present settings are the best
    names:      field -> what people call it; a field that it lacks is called by its path
    """

    study: str
    model: str
    search: str
    metric: str
    higher: bool
    protocol: str
    wanted: int
    space: Space
    trials: Sequence[Trial]
    importance: Mapping[str, float]
    gain: Gain | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def name(self, path: str) -> str:
        return self.names.get(path, path)

    @property
    def best(self) -> Trial | None:
        return best(self.trials, self.higher)

    @property
    def present(self) -> Trial | None:
        return next((trial for trial in self.trials if trial.number == 0), None)

    @property
    def sure(self) -> bool:
        """Are the best settings better than the present ones beyond what chance would explain?"""
        return self.gain is not None and self.gain.gain.low > 0

    def changes(self) -> dict[str, tuple[Value, Value]]:
        """field -> (present, best), where they differ."""
        if self.best is None or self.present is None:
            return {}
        before, after = self.present.params, self.best.params
        return {path: (before[path], after[path]) for path in before if before[path] != after[path]}

    def best_so_far(self) -> list[tuple[int, float]]:
        """(trial number, best value until then), from the first whole trial on."""
        found = []
        for upto, trial in enumerate(self.trials, 1):
            top = best(self.trials[:upto], self.higher)
            if top is not None and top.value is not None:
                found.append((trial.number, top.value))
        return found

    def slices(self) -> dict[str, list[tuple[Value, float]]]:
        """field -> (its value, the metric) of each whole trial: the most important fields first."""
        order = [*self.importance, *(path for path in self.space if path not in self.importance)]
        whole = [(t.params, t.value) for t in self.trials if t.state == "done" and t.value is not None]
        return {path: [(params[path], value) for params, value in whole] for path in order}

    @property
    def unranked(self) -> str:
        """Why nothing is said of which fields matter; "" = something is."""
        if self.importance:
            return ""
        if (whole := self.count("done")) < LEAST:
            trials = f"{whole} whole trial{'s' * (whole != 1)}"
            return f"Which settings matter cannot be told from {trials}; {LEAST} are the least."
        return "All trials came out alike, so nothing tells which settings matter."

    def count(self, state: str) -> int:
        return sum(trial.state == state for trial in self.trials)

    def settings(self) -> Params:
        return {} if self.best is None else dict(self.best.params)

    def best_hp(self) -> dict[str, Any]:
        """What best_hp.json holds."""
        found: dict[str, Any] = {"study": self.study, "model": self.model, "settings": self.settings()}
        found |= {"metric": self.metric, "higher_is_better": self.higher, "value": self.best and self.best.value}
        found |= {"present": self.present and {"settings": self.present.params, "value": self.present.value}}
        found |= {"names": {path: self.name(path) for path in self.space}}
        return found | {"gain": self.gain and asdict(self.gain), "protocol": self.protocol, "note": UNSEEN}

    def as_json(self) -> dict[str, Any]:
        found = {**self.best_hp(), "search": self.search, "wanted": self.wanted, "space": to_json(self.space)}
        found |= {"importance": dict(self.importance), "unranked": self.unranked, "best_so_far": self.best_so_far()}
        return found | {"trials": [asdict(trial) for trial in self.trials]}


def report(
    study: str, model: str, search: str, metric: str, higher: bool, protocol: str, wanted: int, space: Space,
    trials: Sequence[Trial], gain: Gain | None = None, names: Mapping[str, str] | None = None,
) -> Report:  # fmt: skip
    made = sorted(trials, key=lambda trial: trial.number)
    shares = importance(space, made, higher)
    return Report(study, model, search, metric, higher, protocol, wanted, space, made, shares, gain, names or {})
