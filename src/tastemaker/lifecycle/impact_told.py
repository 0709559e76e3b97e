"""What impact found, scenario by scenario, as a person would explain it."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from ..metrics import Interval
from ..monitor import Cluster
from .impact import Impact
from .impact_lessons import NAMES, Influence, Lessons, Scenario

STRONG = 1.5  # times as many of a family as expected make a taste
ALIKE = 0.05  # of mean cosine, more than expected, makes one too
LEAST = {"liked": "likes", "disliked": "dislikes"}


def told(found: Impact) -> list[tuple[str, list[str]]]:
    """(heading, sentences)."""
    return [
        ("What nobody expected", list(_which(found))),
        ("A new taste, or noise", list(_together(found))),
        ("What learning from them changes", list(_learning(found.lessons))),
    ]


def _which(found: Impact) -> Iterator[str]:
    n = found.liked + found.disliked
    if not found.n:
        yield f"No outcome has been compared with what version {found.version.id} foretold. {_elsewhere(found)}"
        yield "Import what users do from now on, then run: tastemaker tick"
        return
    yield (
        f"{n:,} of {found.n:,} outcomes of version {found.version.id} ({n / found.n:.1%}) were unexpected: "
        f"{found.liked:,} likes of what it gave a chance below 20 %, or no likes and a place in its lower half, and "
        f"{found.disliked:,} dislikes of what it gave a chance above 80 %, or likes and a place among its ten best."
    )
    if not n:
        return
    begins = next(begin for begin, k, _ in found.periods if k)
    yield f"They are of {found.users:,} users and {found.items:,} items, since {day(begins)}."
    half = len(found.periods) // 2
    first, last = (_rate(part) for part in (found.periods[:half], found.periods[half:]))
    move = "as many as" if abs(first - last) < 0.005 else "fewer than" if last < first else "more than"
    yield f"In the later half of that time {last:.1%} of the outcomes were unexpected, {move} before ({first:.1%})."
    strange, whole = found.new
    yield (
        f"{strange:.0%} of them are of items that the version had never met, and so are {whole:.0%} of all outcomes: "
        + ("they are mostly about new items." if strange > 0.5 else "they are mostly about items that it knew.")
    )
    if found.top_items:
        some = ", ".join(f"{title} ({k} of {n})" for title, (k, n) in list(found.top_items.items())[:5])
        yield f"Items with most of them: {some}."


def _elsewhere(found: Impact) -> str:
    """What came before the version is told of whoever answered then."""
    if not found.others:
        return "What happened before anything answered was foretold by nobody."
    most = max(found.others, key=lambda version: found.others[version])
    each = ", ".join(f"version {version} ({k:,})" for version, k in sorted(found.others.items()))
    before = "What happened before it became active is compared with what those that answered at the time say of it"
    return f"{before}: {each}. See: tastemaker impact --version {most}"


def _rate(periods: Sequence[tuple[int, int, int]]) -> float:
    return sum(k for _, k, _ in periods) / max(sum(n for _, _, n in periods), 1)


def _together(found: Impact) -> Iterator[str]:
    if not any(found.clusters.values()):
        yield "They are too few to tell whether they belong together."
    for kind, each in found.clusters.items():
        for cluster in each:
            yield _clustered(LEAST[kind], cluster)
        if each:
            yield _verdict(LEAST[kind], {cluster.by: cluster for cluster in each})


def _clustered(what: str, c: Cluster) -> str:
    sure = f"p = {c.p:.3f}" + ("" if c.sure else ", so it may be chance")
    some = ", ".join(f"{name} ({k:.0f} instead of {n:.0f})" for name, (k, n) in list(c.most.items())[:3])
    if c.by == "user":
        often = f"{c.found / c.chance:.1f} times as often" if c.chance else "more often"
        return f"Two unexpected {what} are of one user {often} as the version's chances say ({sure}): {some}."
    if c.by == "family":
        return f"By family they {'' if c.sure else 'hardly '}differ from what these chances say ({sure}): {some}."
    return f"In content they are alike by {c.found:.3f}; by these chances it would be {c.chance:.3f} ({sure})."


def _verdict(what: str, by: dict[str, Cluster]) -> str:
    family = by["family"] if "family" in by and by["family"].sure else None
    more = {} if family is None else {name: k / max(n, 1.0) for name, (k, n) in family.most.items()}
    near = "neighbors" in by and by["neighbors"].sure and by["neighbors"].found > by["neighbors"].chance + ALIKE
    if near or any(ratio >= STRONG for ratio in more.values()):
        about = f"for {max(more, key=lambda name: more[name])}" if more else "for items that are alike"
        return f"So the unexpected {what} belong together: it looks like a taste {about} that the version lacks."
    if more:
        return f"So the unexpected {what} lean towards {next(iter(more))}, but too little for a new taste."
    if "user" in by and by["user"].sure:
        return f"So the unexpected {what} come from users whom the version does not understand, not from a new taste."
    return f"So the unexpected {what} look like noise: nothing holds them together that the version did not know."


def _learning(found: Lessons) -> Iterator[str]:
    if found.why:
        yield found.why
        return
    yield (
        f"{found.n:,} unexpected outcomes of before {day(found.begins)} were learned from by {found.model}, and "
        f"{found.later:,} outcomes from then on judged the models, by {found.metric}."
    )
    for scenario in found.scenarios:
        yield _scenario(scenario, found)
    for one in found.influence:
        yield _influence(one, found)
    yield _advice(found)


def _scenario(s: Scenario, found: Lessons) -> str:
    said = f"{s.name[0].upper()}{s.name[1:]}: {found.metric} {s.value:.4f}"
    if s.lift is None:
        return f"{said}; the others are compared with this one."
    there = "" if s.there is None else f"; on the items concerned {_lift(s.there, found)}"
    return f"{said}, {_lift(s.lift, found)}{there}."


def _influence(one: Influence, found: Lessons) -> str:
    there = "" if one.there is None else f"; on its own {one.later} later outcomes {_lift(one.there, found)}"
    return f"The {one.n} unexpected outcomes of {one.title}, learned from: {_lift(one.lift, found)}{there}."


def _lift(lift: Interval, found: Lessons) -> str:
    """In words; shares in points."""
    factor, unit = (100.0, " points") if found.metric == "accuracy" or "ndcg" in found.metric else (1.0, "")
    mean, low, high = (f"{factor * x:+.{2 if unit else 4}f}" for x in (lift.mean, lift.low, lift.high))
    interval = f"by {mean}{unit} [{low}, {high}]"
    if lift.low > 0:
        return f"surely better, {interval}"
    return f"surely worse, {interval}" if lift.high < 0 else f"not surely different, {interval}"


def _advice(found: Lessons) -> str:
    by = {scenario.name: scenario.lift for scenario in found.scenarios}
    plain, weighted = by.get(NAMES[2]), by.get(NAMES[3])
    if plain is not None and plain.low > 0:
        return "So they are worth learning from: tastemaker retrain"
    if plain is not None and plain.high < 0:
        return "So learning from them does harm: look at where they came from before the next retraining."
    if weighted is not None and weighted.low > 0:
        return "So they are worth more than a retraining makes of them; more outcomes of their kind will tell."
    return "So it hardly matters whether a retraining learns from them."


def day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
