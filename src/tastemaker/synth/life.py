"""Invented days: people who feel something, choose what suits it seconds to minutes later, and come back to it.

Somebody has a home, a rhythm of the day, tastes of their own, and perhaps an hour at which they always choose one kind.
A session is a feeling that is told, then choices; `told` of them with what the mapping says, the others by taste.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..data.arrays import Float32, Float64, Int32, Int64
from ..errors import DataError, RecipeError

DAY, HOUR = 86_400, 3600


@dataclass(frozen=True)
class Life:
    """
    users:      people; 0 = this recipe's people live no days, they rank
    days:       how far back the first day lies
    texts, clicks, interactions: of each person: feelings told, items opened, items stayed with
    match:      share of the choices that are what the mapping says
    delay:      seconds from a feeling to the choice: the shortest and the longest
    after:      seconds from a choice to staying with it
    away:       chance that a session is somewhere else than at home
    move:       chance that the place changes within a session
    rhythm:     hours around a person's own time of the day, a standard deviation
    habit:      share of the choices in a person's hours of habit that are the one kind they choose there; 0 = none
    habit_hours: how long these hours are
    """

    users: int = 0
    days: float = 30.0
    texts: int = 50
    clicks: int = 20
    interactions: int = 30
    match: float = 0.8
    delay: tuple[float, float] = (10.0, 600.0)
    after: tuple[float, float] = (30.0, 900.0)
    away: float = 0.15
    move: float = 0.02
    rhythm: float = 3.0
    habit: float = 0.0
    habit_hours: float = 4.0
    places: tuple[str, ...] = ("Home",)

    def __post_init__(self) -> None:
        for name in ("match", "away", "move", "habit"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise RecipeError(f"[life] {name} is {getattr(self, name):g}; give a share from 0 to 1.")
        for name in ("delay", "after"):
            low, high = getattr(self, name)
            if not 0 < low <= high:
                raise RecipeError(f"[life] {name} is {[low, high]}; give the shortest, above 0, and the longest.")
        if min(self.users, self.texts, self.clicks, self.interactions) < 0 or self.days <= 0 or not self.places:
            raise RecipeError("[life] counts cannot be below 0; days is above 0, and places has at least one.")
        if self.users and self.clicks + self.interactions and not self.texts:
            raise RecipeError("[life] texts is 0, and every choice follows a feeling that was told. Give at least 1.")


@dataclass(frozen=True)
class Choosing:
    """A row a choice: who, what, which feeling it followed, when, where, and by: 0 mapping, 1 taste, 2 habit."""

    user: Int32
    item: Int32
    feeling: Int64
    time: Int64
    place: Int32
    by: np.ndarray


@dataclass(frozen=True)
class Days:
    """
    Feelings: user, label, text, time, place, a row each; clicks; interactions
    expected: float64 (n_clicks + n_interactions, n_kinds), the chances from which each choice was drawn: the oracle
    """

    user: Int32
    label: Int32
    text: Int32
    time: Int64
    place: Int32
    clicks: Choosing
    interactions: Choosing
    expected: Float64
    places: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class _People:
    """home: which place; peak: hour of the day; taste: (u, kinds); hour, kind: of the habit"""

    home: Int64
    peak: Float64
    taste: Float64
    hour: Float64
    kind: Int64
    moods: Float64


def live(
    life: Life, mapping: Float32, membership: Float32, n_texts: Mapping[int, int], now: int, rng: np.random.Generator
) -> Days:
    """mapping: float32 (n_labels, n_kinds), rows of sum 1; membership: float32 (n_items, n_kinds)

    n_texts: label -> how many texts there are to choose from; now: UTC seconds, when the last day ends
    """
    kinds = membership.argmax(axis=1)
    there = np.bincount(kinds, minlength=membership.shape[1]) > 0
    reachable = mapping * there
    if not there.any() or not (reachable.sum(axis=1) > 0).any():
        raise DataError("No item is of a kind that the mapping names, so nobody can choose. Look at: tastemaker check")
    silent = reachable.sum(axis=1) == 0
    reachable[silent] = there / there.sum()
    mapped = reachable / reachable.sum(axis=1, keepdims=True)
    people = _people(life, mapped, there, rng)
    user, time, place = _feelings(life, people, now, rng)
    label = np.array([rng.choice(len(mapping), p=people.moods[u]) for u in user], np.int32)
    text = np.array([rng.integers(max(n_texts.get(int(one), 1), 1)) for one in label], np.int32)
    order = np.lexsort((time, user))
    user, time, place, label, text = user[order], time[order], place[order], label[order], text[order]
    drawn = _Drawn(life, people, mapped, kinds, rng)
    clicks, expected = _clicks(drawn, user, label, time, place)
    interactions, more = _interactions(drawn, clicks, label)
    return Days(user, label, text, time, place, clicks, interactions, np.concatenate([expected, more]), life.places)


def _people(life: Life, mapped: Float32, there: np.ndarray, rng: np.random.Generator) -> _People:
    u, (n_labels, n_kinds) = life.users, mapped.shape
    taste = rng.dirichlet(np.full(n_kinds, 0.4), u) * there
    taste = taste / np.maximum(taste.sum(axis=1, keepdims=True), 1e-12)
    return _People(
        rng.integers(len(life.places), size=u), rng.uniform(8.0, 23.0, u), taste, rng.uniform(0.0, 24.0, u),
        rng.choice(np.flatnonzero(there), u), rng.dirichlet(np.full(n_labels, 3.0), u),
    )  # fmt: skip


def _feelings(life: Life, people: _People, now: int, rng: np.random.Generator) -> tuple[Int32, Int64, Int32]:
    """Who tells a feeling, when and where: around the person's own hour, or in the hours of habit."""
    user = np.repeat(np.arange(life.users), life.texts).astype(np.int32)
    n = len(user)
    midnight = (now // DAY) * DAY
    day = rng.integers(1, max(int(life.days), 1) + 1, n)
    hour = rng.normal(people.peak[user], life.rhythm)
    if life.habit > 0:
        at_habit = rng.random(n) < 0.5
        hour = np.where(at_habit, people.hour[user] + rng.uniform(-0.5, 0.5, n) * life.habit_hours, hour)
    time = midnight - day * DAY + (hour % 24.0) * HOUR
    away = rng.random(n) < life.away
    place = np.where(away, rng.integers(len(life.places), size=n), people.home[user])
    return user, np.minimum(time.astype(np.int64), now - int(life.delay[1] + life.after[1]) - 1), place.astype(np.int32)


@dataclass(frozen=True)
class _Drawn:
    life: Life
    people: _People
    mapped: Float32
    kinds: Int64
    rng: np.random.Generator

    def choose(self, user: Int32, label: Int32, time: Int64) -> tuple[Int32, np.ndarray, Float64]:
        """Items (n,), by what each was chosen, and the chances of each kind (n, kinds)."""
        life, people, n = self.life, self.people, len(user)
        apart = np.abs(time % DAY / HOUR - people.hour[user])
        usual = (np.minimum(apart, 24.0 - apart) < life.habit_hours / 2) & (life.habit > 0)
        at = np.where(usual, life.habit, 0.0)[:, None]
        taste = people.taste[user]
        plain = life.match * self.mapped[label] + (1.0 - life.match) * taste
        expected = at * np.eye(self.mapped.shape[1])[people.kind[user]] + (1.0 - at) * plain
        expected = expected / expected.sum(axis=1, keepdims=True)
        by = np.where(self.rng.random(n) < at[:, 0], 2, np.where(self.rng.random(n) < life.match, 0, 1))
        chances = np.stack([self.mapped[label], taste, np.eye(self.mapped.shape[1])[people.kind[user]]])[
            by, np.arange(n)
        ]
        kind = np.minimum((chances.cumsum(axis=1) < self.rng.random((n, 1))).sum(axis=1), chances.shape[1] - 1)
        return self._items(kind), by.astype(np.int8), expected

    def _items(self, kind: Int64) -> Int32:
        """An item of each kind, the k-th of it with a chance of about 1 / k."""
        found = np.zeros(len(kind), np.int32)
        for one in np.unique(kind):
            mine, rows = np.flatnonzero(self.kinds == one), np.flatnonzero(kind == one)
            if len(mine) == 0:
                mine = np.arange(len(self.kinds))
            weights = 1.0 / np.arange(1, len(mine) + 1)
            found[rows] = self.rng.choice(mine, len(rows), p=weights / weights.sum())
        return found

    def between(self, n: int, ends: tuple[float, float]) -> Int64:
        """Seconds, short ones more often: evenly on a scale of their logarithm."""
        low, high = np.log(ends)
        return np.asarray(np.exp(self.rng.uniform(low, high, n)), np.int64)


def _clicks(drawn: _Drawn, user: Int32, label: Int32, time: Int64, place: Int32) -> tuple[Choosing, Float64]:
    life = drawn.life
    feeling = np.concatenate(
        [np.zeros(0, np.int64), *(_some(drawn.rng, u * life.texts, life.texts, life.clicks) for u in range(life.users))]
    )
    when = time[feeling] + drawn.between(len(feeling), life.delay)
    item, by, expected = drawn.choose(user[feeling], label[feeling], when)
    where = _moved(drawn, place[feeling])
    return Choosing(user[feeling], item, feeling, when, where, by), expected


def _interactions(drawn: _Drawn, clicks: Choosing, label: Int32) -> tuple[Choosing, Float64]:
    """Each follows a click of the same person: the same item, a while later."""
    life = drawn.life
    rows = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(_some(drawn.rng, u * life.clicks, life.clicks, life.interactions) for u in range(life.users)),
        ]
    )
    when = clicks.time[rows] + drawn.between(len(rows), life.after)
    expected = np.zeros((len(rows), drawn.mapped.shape[1]))
    expected[np.arange(len(rows)), drawn.kinds[clicks.item[rows]]] = 1.0
    where = _moved(drawn, clicks.place[rows])
    return Choosing(clicks.user[rows], clicks.item[rows], clicks.feeling[rows], when, where, clicks.by[rows]), expected


def _some(rng: np.random.Generator, first: int, n: int, wanted: int) -> Int64:
    """`wanted` of the rows first … first + n - 1, each once before any comes twice; in order."""
    if not n or not wanted:
        return np.zeros(0, np.int64)
    rounds = [rng.permutation(n) for _ in range(-(-wanted // n))]
    return np.sort(first + np.concatenate(rounds)[:wanted]).astype(np.int64)


def _moved(drawn: _Drawn, place: Int32) -> Int32:
    moves = drawn.rng.random(len(place)) < drawn.life.move
    return np.where(moves, drawn.rng.integers(len(drawn.life.places), size=len(place)), place).astype(np.int32)


@dataclass(frozen=True)
class Patterns:
    """What the days show: shares of choices that match the mapping, seconds, shares of sessions at one place.

    match: of all choices; match_by_label: label row -> share; delays, after: median, 5 % and 95 % in seconds
    late: choices before their feeling (none should be); same_place: of a feeling and its choices; rhythm: the share of
    feelings within 6 hours of the person's busiest hour
    """

    match: float
    delays: tuple[float, float, float]
    after: tuple[float, float, float]
    late: int
    same_place: float
    rhythm: float


def patterns(days: Days, mapping: Float32, membership: Float32) -> Patterns:
    """Measured from the rows alone, not from how they were drawn."""
    kinds, clicks, stays = membership.argmax(axis=1), days.clicks, days.interactions
    item, feeling = (np.concatenate([getattr(c, name) for c in (clicks, stays)]) for name in ("item", "feeling"))
    match = mapping[days.label[feeling], kinds[item]] > 0
    delay = clicks.time - days.time[clicks.feeling]
    late = np.argsort(-clicks.time, kind="stable")  # so that of the same choice again the earliest counts
    rows = zip(clicks.feeling[late], clicks.item[late], clicks.time[late], strict=True)
    first = {(int(f), int(i)): int(t) for f, i, t in rows}
    pairs = zip(stays.feeling, stays.item, stays.time, strict=True)
    after = np.array([int(t) - first.get((int(f), int(i)), int(t)) for f, i, t in pairs], np.int64)
    place = np.concatenate([clicks.place, stays.place])
    return Patterns(
        float(match.mean()) if len(match) else float("nan"), _spread(delay), _spread(after),
        int((delay <= 0).sum() + (after <= 0).sum()),
        float((place == days.place[feeling]).mean()) if len(place) else float("nan"), _rhythm(days),
    )  # fmt: skip


def _spread(seconds: Int64) -> tuple[float, float, float]:
    if not len(seconds):
        return (float("nan"),) * 3
    median, low, high = np.percentile(seconds, [50, 5, 95])
    return float(median), float(low), float(high)


def _rhythm(days: Days) -> float:
    """Around each person's own mean hour (on the circle)."""
    angle = 2.0 * np.pi * (days.time % DAY) / DAY
    n = int(days.user.max(initial=-1)) + 1
    total = np.bincount(days.user, np.cos(angle), n) + 1j * np.bincount(days.user, np.sin(angle), n)
    apart = np.abs(np.angle(np.exp(1j * angle) / np.exp(1j * np.angle(total))[days.user]))
    return float((apart < np.pi / 2).mean()) if len(apart) else float("nan")
