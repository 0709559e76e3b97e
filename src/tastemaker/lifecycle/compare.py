"""Which model finds best what users like? The collaborative ones, each learned and judged on the same held-out part."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from ..algorithms import ALGORITHMS, Algorithm, BestOf, Blend
from ..algorithms.grids import GRIDS
from ..algorithms.liked import liked
from ..data.arrays import Csr
from ..data.dataset import Dataset
from ..data.events import KINDS
from ..data.features import Features
from ..data.formats import read_published
from ..data.holdout import HOWS, How, hold_out
from ..data.nearest import did_you_mean
from ..data.split import Split
from ..errors import DataError, MissingExtra, QueryError, TrainingError
from ..evaluate import RankingReport, compared, judge_ranking, popularity_baseline
from ..kernels.threads import one_blas_thread
from ..metrics import Interval
from ..watch import Watch
from .candidates import Candidate, learn, stream

PROTOCOL = "full ranking of what a user has not had, by whom something was known before"
MODELS = ("popular", "graph", "itemknn", "ials", "bprmf", "blend", "ease")  # those that learn from events alone
LARGE = 15_000  # users and items from which on EASE, cubic in the fewer of them, is learned only when it is named


@dataclass(frozen=True)
class Asked:
    """What to compare and how.

    models:    names of MODELS, () = all
    threshold: ratings from here on are likes; None = those above the middle of their scale
    split:     as in `hold_out`
    tune:      settings are chosen on the validation part, out of algorithms.GRIDS
    """

    models: Sequence[str] = ()
    k: int = 20
    seed: int = 0
    threshold: float | None = None
    split: How = "auto"
    tune: bool = False

    def check(self) -> None:
        """QueryError names what cannot be compared."""
        for name in self.models:
            if name not in MODELS:
                hint = did_you_mean(name, MODELS) or "."
                raise QueryError(f"{name!r} is not compared{hint} Learning from events alone: {', '.join(MODELS)}.")
        if self.k < 1:
            raise QueryError(f"k is {self.k}; judge lists of at least one item.")
        if self.split not in HOWS:
            raise QueryError(f"--split is {self.split!r}; give one of {', '.join(HOWS)}.")

    def settings(self) -> dict[str, Algorithm]:
        """name -> what is learned: every algorithm as it comes, or a choice of settings."""
        grids = GRIDS if self.tune else {}
        found = {name: ALGORITHMS[name]() for name in dict.fromkeys(self.models or MODELS)}
        if self.tune and "blend" in found:
            found["blend"] = Blend(tuple(BestOf(GRIDS[name]) for name in ("graph", "ials")))
        return {name: BestOf(grids[name]) if name in grids else model for name, model in found.items()}


@dataclass(frozen=True)
class Compared:
    """behind: metric -> this model less the best one, user by user; peak_memory: the most bytes held so far."""

    name: str
    algorithm: Algorithm
    report: RankingReport
    seconds: float
    peak_memory: int
    behind: Mapping[str, Interval] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        behind = {name: asdict(interval) for name, interval in self.behind.items()}
        found = {"name": self.name, "settings": asdict(self.algorithm), **self.report.as_json(), "behind": behind}
        return {**found, "fit_seconds": self.seconds, "peak_memory_bytes": self.peak_memory}


@dataclass(frozen=True)
class Comparison:
    """
    models:    the best first, by recall at k
    n_users, n_items, n_events: what was learned from
    newcomers: users who chose something in the test part and of whom nothing was known before; they are not judged
    left_out:  model -> why it could not be learned
    """

    source: str
    protocol: str
    k: int
    n_users: int
    n_items: int
    n_events: int
    newcomers: int
    models: tuple[Compared, ...]
    left_out: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        return {**asdict(replace(self, models=())), "models": [model.as_json() for model in self.models]}


def compare_published(
    source: str, format: str | None, asked: Asked, watch: Watch, skip_bad_rows: bool = False
) -> Comparison:
    """Models on a data set that is in no project."""
    asked.check()
    found = read_published(source, format, skip_bad_rows)
    return compare(found.source, found.events, found.test, asked, watch, found.note)


@one_blas_thread()
def compare(
    source: str, events: Dataset, test: Dataset | None, asked: Asked, watch: Watch, note: str = ""
) -> Comparison:
    """Learn each model from train and valid, judge it on test. note: what else the protocol has to say."""
    asked.check()
    if not len(events):
        raise DataError(f"{source} has no real events to compare models on. Run: tastemaker import FILE")
    held = hold_out(events, test, stream(asked.seed, "hold out"), asked.split, asked.threshold)
    past = held.split.past()
    history, relevant, newcomers = _asked(past, held.split.test)
    protocol = "; ".join(filter(None, (_grades(events, asked.threshold), note, held.protocol, PROTOCOL)))
    popular = popularity_baseline(history, relevant, k=asked.k)
    models, left_out = [], {}
    for name, algorithm in asked.settings().items():
        if name == "ease" and not asked.models and min(past.matrix("sum").shape) > LARGE:
            left_out[name] = f"it takes minutes from {LARGE:,} users and items on; name it with --models to have it"
            continue
        try:
            if isinstance(algorithm, BestOf):
                algorithm = _chosen(name, algorithm, held.split, asked.seed, watch)
            learned = _learned(name, algorithm, past, asked.seed, watch)
        except (MissingExtra, TrainingError) as reason:
            left_out[name] = str(reason)
            continue
        rng = stream(asked.seed, "judge")
        judging = watch.on(f"judge {name}")
        judging.progress(0, 1)
        report = judge_ranking(learned.scorer, history, relevant, rng, k=asked.k, popular=popular, protocol=protocol)
        judging.progress(1, 1, recall=report.metrics["recall"].model.mean)
        models.append(Compared(name, algorithm, report, learned.seconds, learned.peak_memory))
    if not models:
        raise TrainingError(" ".join(left_out.values()))
    n_users = int((np.diff(history.indptr) > 0).sum())
    n_items = len(np.unique(history.indices))
    ranked = _ranked(models, asked.seed)
    return Comparison(source, protocol, asked.k, n_users, n_items, history.nnz, newcomers, ranked, left_out)


def _chosen(name: str, choice: BestOf, split: Split, seed: int, watch: Watch) -> Algorithm:
    """The settings that do best on the validation part; where nobody can be asked there, on a part of train."""
    features, valid = Features(split.train.catalog.items, {}), split.valid if len(split.valid) else None
    return choice.choose(split.train, features, stream(seed, f"choose {name}"), watch.on(f"tune {name}"), valid)


def _learned(name: str, algorithm: Algorithm, past: Dataset, seed: int, watch: Watch) -> Candidate:
    features = Features(past.catalog.items, {})
    return learn(name, algorithm, watch, lambda stage: algorithm.fit(past, features, stream(seed, name), stage))


def _asked(past: Dataset, test: Dataset) -> tuple[Csr, Csr, int]:
    """Histories, and what is new to their users in the test part, csr (n_users, n_items); how many users are new."""
    history, later = liked(past), liked(test)
    known = np.diff(history.indptr) > 0
    newcomers = int(((np.diff(later.indptr) > 0) & ~known).sum())
    relevant = (later - later.multiply(history)).tocsr()
    relevant.data *= np.repeat(known, np.diff(relevant.indptr))
    relevant.eliminate_zeros()
    relevant.sort_indices()
    if relevant.nnz == 0:
        raise DataError(
            f"Nobody can be judged: the {newcomers} users of the test part are all new, or chose what they had before. "
            "Give more events, or compare with --split pairs."
        )
    return history, relevant, newcomers


def _grades(events: Dataset, threshold: float | None) -> str:
    """What counts as a like, "" where nothing is graded."""
    graded = [kind for kind in events.scales if (events.events.kind == KINDS.index(kind)).any()]
    words = [f"a {kind} above the middle of its scale is a like" for kind in graded]
    if threshold is not None:
        words = [f"a rating from {threshold:g} on is a like", *(w for w in words if not w.startswith("a rating"))]
    return ", ".join(words)


def _ranked(models: Sequence[Compared], seed: int) -> tuple[Compared, ...]:
    """Best first, each with how far it is behind the first one."""
    ordered = sorted(models, key=lambda model: -model.report.metrics["recall"].model.mean)
    return tuple(
        replace(model, behind=compared(model.report, ordered[0].report, stream(seed, "difference")))
        for model in ordered
    )
