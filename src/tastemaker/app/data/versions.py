"""Versions: their family tree, what each was judged by, and two of them side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...monitor import judged_before
from ...store import ModelVersion, Store, list_activations, list_versions
from ...store.answers import Answers
from .. import words
from .plot import Plot, Row, moment_of

PEOPLE = 12  # who are asked what two versions would show them
FIRST = 10
MOST = 25  # versions that are shown at once
DEEP = 6  # steps to the right, at most
SHARES = ("accuracy", "share")  # how figures begin that are shown in percent
LOWER = ("rmse", "log loss", "brier", "mae")  # and those of which less is better
INDENT = "\u00a0" * 3  # which no table takes for the beginning of code


def known(store: Store) -> list[ModelVersion]:
    """Newest first."""
    with store.read() as conn:
        return list_versions(conn)[::-1]


def version_rows(found: Sequence[ModelVersion]) -> list[Row]:
    """A family: each version above its parent, the newest first; side branches are indented."""
    return [
        {words.COL_VERSION: f"{INDENT * min(depth, DEEP)}{'┌ ' if depth else ''}{v.id} · {v.algorithm}",
         words.COL_STATE: v.state, words.COL_FROM: v.parent, **_quality(v), words.COL_REAL: v.events_real or None,
         words.COL_INVENTED: v.events_synthetic or None, words.COL_MADE: moment_of(v.created_at),
         words.COL_WHY: v.reason}
        for v, depth in tree(latest(found))
    ]  # fmt: skip


def latest(found: Sequence[ModelVersion], most: int = MOST) -> list[ModelVersion]:
    """The newest ones, the active one among them."""
    newest = sorted(found, key=lambda v: (v.state == "active", v.id))[-most:]
    return sorted(newest, key=lambda v: v.id)


def tree(found: Sequence[ModelVersion]) -> list[tuple[ModelVersion, int]]:
    """(version, depth), every version above its parent. What leads to the active one, else to the newest, is not
    indented; whatever else was learned from the same parent is."""
    known = {v.id: v for v in found}
    line, v = set[int](), next((v for v in found if v.state == "active"), None)
    while v is not None:
        line.add(v.id)
        v = known.get(v.parent) if v.parent is not None else None
    children: dict[int | None, list[ModelVersion]] = {}
    for v in sorted(found, key=lambda v: (v.id in line, v.id)):
        children.setdefault(v.parent if v.parent in known else None, []).append(v)
    told: list[tuple[ModelVersion, int]] = []
    waiting = [(v, 0) for v in reversed(children.get(None, []))]
    while waiting:
        v, depth = waiting.pop()
        told.append((v, depth))
        mine = children.get(v.id, [])
        waiting += [(child, depth) for child in mine[-1:]] + [(child, depth + 1) for child in reversed(mine[:-1])]
    return told[::-1]


def _quality(v: ModelVersion) -> Row:
    """The first figure that it was judged by, and which one that is; the picture has its interval."""
    judged = judged_before(v)
    if not judged:
        return {words.COL_QUALITY: words.UNTRAINED if v.id == 0 else "–", words.COL_BY: ""}
    name, (value, _, _) = next(iter(judged.items()))
    return {words.COL_QUALITY: f"{value:.3f}", words.COL_BY: _short(name)}


def _short(name: str) -> str:
    plain = name.partition(",")[0]
    return str(words.SHORT.get(plain, plain))


def metric_rows(v: ModelVersion) -> list[Row]:
    """Every figure that a version's row keeps, with interval, floor and ceiling where it has them."""
    rows: list[Row] = []
    for case, said in v.metrics.items():
        if isinstance(said, Mapping) and isinstance(said.get("metrics"), Mapping):
            rows += [_metric(case, name, one) for name, one in said["metrics"].items() if isinstance(one, Mapping)]
    return rows


def _metric(case: str, name: str, one: Mapping[str, Any]) -> Row:
    model = one.get("model", one)
    found: dict[str, Any] = {words.COL_JUDGED: words.CASES.get(case, case), words.COL_METRIC: name}
    found |= {words.COL_VALUE: model.get("mean"), words.COL_LOW: model.get("low"), words.COL_HIGH: model.get("high")}
    return found | {
        words.COL_FLOOR: one.get("floor"),
        words.COL_POPULAR: one.get("popular"),
        words.COL_CEILING: one.get("ceiling"),
    }


def quality_plot(found: Sequence[ModelVersion]) -> Plot | None:
    """The first judged figure that most of the latest versions share, with its interval; newest first."""
    judged = [(v, judged_before(v)) for v in reversed(latest(found))]
    names = [name for _, each in judged for name in each]
    if not names:
        return None
    name = max(dict.fromkeys(names), key=names.count)
    rows = [
        {
            "version": f"{v.id} {v.algorithm}",
            "value": each[name][0],
            "low": each[name][1],
            "high": each[name][2],
            "state": v.state,
        }
        for v, each in judged
        if name in each
    ]
    return Plot(
        "versions",
        words.VERSIONS_TITLE.format(metric=name),
        "point",
        rows,
        "version",
        "value",
        words.VERSION_AXIS,
        words.LOWER_IS_BETTER.format(name=_short(name)) if name.startswith(LOWER) else _short(name),
        x_kind="name",
        low="low",
        high="high",
        series="state",
        percent=name.startswith(SHARES),
    )


def activation_rows(store: Store) -> list[Row]:
    """Newest first."""
    with store.read() as conn:
        found = list_activations(conn)
    return [
        {words.COL_WHEN: moment_of(row["at"]), words.COL_VERSION: row["version"], words.COL_BEFORE: row["previous"],
         words.COL_WHAT: words.ROLLED_BACK if row["back"] else words.ACTIVATED, words.COL_WHY: row["reason"]}
        for row in reversed(found)
    ]  # fmt: skip


def differing(a: ModelVersion, b: ModelVersion) -> list[Row]:
    """Settings that are not the same, as text."""
    mine, other = ({"algorithm": v.algorithm, "seed": v.seed, **v.params} for v in (a, b))
    return [
        {words.COL_SETTING: name, _named(a): str(mine.get(name, "–")), _named(b): str(other.get(name, "–"))}
        for name in dict.fromkeys([*mine, *other]) if mine.get(name) != other.get(name)
    ]  # fmt: skip


def metrics_beside(a: ModelVersion, b: ModelVersion) -> list[Row]:
    """Figures that both were judged by."""
    mine, other = ({(r[words.COL_JUDGED], r[words.COL_METRIC]): r for r in metric_rows(v)} for v in (a, b))
    return [
        {
            words.COL_JUDGED: case,
            words.COL_METRIC: name,
            _named(a): _said(mine[case, name]),
            _named(b): _said(other[case, name]),
            words.COL_APART: words.YES if _apart(mine[case, name], other[case, name]) else "",
        }
        for case, name in mine
        if (case, name) in other
    ]


def _named(v: ModelVersion) -> str:
    return str(words.VERSION_N.format(n=v.id))


def _said(row: Row) -> str:
    value = row[words.COL_VALUE]
    return "–" if value is None else f"{value:.3f}"


def _apart(one: Row, other: Row) -> bool:
    """Do the intervals of both exclude each other?"""
    ends = [row[name] for row in (one, other) for name in (words.COL_LOW, words.COL_HIGH)]
    return None not in ends and (ends[1] < ends[2] or ends[3] < ends[0])


@dataclass(frozen=True)
class Lists:
    """What two versions show the same person; shared: of their first ten, both have"""

    person: str
    first: Sequence[str]
    second: Sequence[str]

    @property
    def shared(self) -> int:
        return len(set(self.first) & set(self.second))


def lists_beside(a: Answers, b: Answers, users: Sequence[str]) -> list[Lists]:
    """Known users, or one person a taste where there are none; where they differ most comes first."""
    asked: list[tuple[str, dict[str, Any]]] = [(user, {"user": user}) for user in users[:PEOPLE]]
    if not asked:
        shared = [taste for taste in a.recommender.tastes if taste in b.recommender.tastes]
        asked = [(words.LIKES_TASTE.format(taste=t.replace("_", " ")), {"taste": {t: 1.0}}) for t in shared[:PEOPLE]]
    asked = asked or [(words.ANYBODY, {})]
    found = [Lists(name, _titles(a, one), _titles(b, one)) for name, one in asked]
    return sorted(found, key=lambda lists: lists.shared)


def _titles(answers: Answers, asked: Mapping[str, Any]) -> list[str]:
    slate = answers.recommend(explain=False, n=FIRST, **asked)
    rows = answers.catalog.items.rows(slate.items)
    return [answers.catalog.titles[row] for row in rows]
