"""What a better candidate may not break: coverage, speed, size, and the users it serves worst."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from time import perf_counter

import numpy as np

from ..data.arrays import Bool, Int32
from ..data.known import known_before
from ..evaluate import OutcomeReport
from ..metrics import mean_loss
from ..recipe import Guards
from ..scorers import Scorer
from ..store import ModelVersion
from .later import Judged, Later

SHOWN = 10  # items a list
ASKED = 300  # lists that coverage is measured on
TIMED = 20  # single queries that are timed
QUICK, SMALL = 0.025, 100e6  # seconds a query, and bytes, below which nobody minds a multiple
SEGMENTS = {"newcomers (under 5 known)": (0, 5), "some (5 to 49)": (5, 50), "many (50 and more)": (50, 1 << 31)}
ENOUGH = 30  # outcomes of a segment, below which it is not looked at


@dataclass(frozen=True)
class Health:
    """coverage: share of the catalog in the lists of ASKED moments; latency: median seconds a query; memory: bytes.

    segments: name -> share of likes rightly foretold, where outcomes are foretold
    spoke: who -> share of these moments in which they spoke, where parts of a model take turns
    """

    coverage: float
    latency: float
    memory: float
    segments: Mapping[str, float]
    spoke: Mapping[str, float] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def health(scorer: Scorer, later: Later, judged: Judged) -> Health:
    """Measured on moments spread over the judged part."""
    chosen = later.asked[np.linspace(0, len(later.asked) - 1, min(ASKED, len(later.asked))).astype(int)]
    _, batch = next(iter(known_before(later.data, chosen, repeats=later.kinds is not None)))
    rows, _ = scorer.top(batch, SHOWN, batch.ratings, later.data.catalog.available)
    coverage = len(np.unique(rows[rows >= 0])) / max(int(later.data.catalog.available.sum()), 1)
    took = []
    for q in range(min(TIMED, len(batch))):
        begun = perf_counter()
        scorer.top(batch.take(slice(q, q + 1)), SHOWN)
        took.append(perf_counter() - begun)
    _, arrays = scorer.state()
    memory = float(sum(np.asarray(array).nbytes for array in arrays.values()))
    spoke = Counter(voice.who for voice in scorer.spoke(batch))
    shares = {who: n / max(len(batch), 1) for who, n in spoke.items()}
    return Health(coverage, float(np.median(took)), memory, _segments(judged), shares)


def broken(tried: Health, base: Health, guards: Guards) -> list[str]:
    """A sentence for each guard that the candidate breaks."""
    found = []
    if tried.coverage < guards.coverage * base.coverage:
        found.append(f"coverage fell from {base.coverage:.1%} to {tried.coverage:.1%} of the catalog")
    if tried.latency > max(guards.latency * base.latency, QUICK):
        found.append(f"a query takes {1000 * tried.latency:.0f} ms instead of {1000 * base.latency:.0f}")
    if tried.memory > max(guards.memory * base.memory, SMALL):
        found.append(f"it holds {tried.memory / 1e6:.0f} MB instead of {base.memory / 1e6:.0f}")
    return found


def lost(tried: Judged, base: Judged, guards: Guards, rng: np.random.Generator) -> list[str]:
    """A sentence for each segment that surely loses, and more than the guard allows, on the same outcomes."""
    if not isinstance(tried, OutcomeReport) or not isinstance(base, OutcomeReport):
        return []
    a, b = (report.foretold.losses()["accuracy"] for report in (base, tried))
    found, user = [], base.foretold.user
    for name, mask in _masks(base.foretold.known).items():
        points = mean_loss(a[mask], user[mask], rng, b[mask])
        if points.low > 0 and 100.0 * points.mean > guards.worst_segment:
            found.append(f"users with {name} lost {100.0 * points.mean:.1f} points of accuracy")
    return found


def contradicted(base: Judged, parent: ModelVersion, guards: Guards) -> str:
    """Do new outcomes speak so much against the active version that they may be wrong themselves? "" = no."""
    judged = (parent.metrics.get("later") or {}).get("metrics", {}).get("accuracy")
    if not isinstance(base, OutcomeReport) or judged is None:
        return ""
    now = base.metrics["accuracy"]
    if 100.0 * (judged["mean"] - now.high) <= guards.sudden:
        return ""
    return (
        f"version {parent.id} was right in {now.mean:.1%} of these outcomes, after {judged['mean']:.1%} when it was "
        "judged: what came in may be wrong, and a candidate learns that, too. Look at it before you activate anything"
    )


def _segments(judged: Judged) -> dict[str, float]:
    if not isinstance(judged, OutcomeReport):
        return {}
    right = judged.foretold.losses()["accuracy"]
    return {name: float(right[mask].mean()) for name, mask in _masks(judged.foretold.known).items()}


def _masks(known: Int32) -> dict[str, Bool]:
    """Segment -> its outcomes, bool (n,), where there are enough."""
    masks = {name: (known >= low) & (known < high) for name, (low, high) in SEGMENTS.items()}
    return {name: mask for name, mask in masks.items() if mask.sum() >= ENOUGH}
