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
INDENT = "\u00a0" * 3  # which no table takes for the beginning of code


def known(store: Store) -> list[ModelVersion]:
    """Newest first."""
    with store.read() as conn:
        return list_versions(conn)[::-1]


def version_rows(found: Sequence[ModelVersion]) -> list[Row]:
    """As a family tree: children stand under their parent, indented."""
    return [
        {words.COL_VERSION: f"{INDENT * depth}{'└ ' if depth else ''}{v.id} · {v.algorithm}", words.COL_STATE: v.state,
         words.COL_QUALITY: quality(v), words.COL_REAL: v.events_real, words.COL_INVENTED: v.events_synthetic,
         words.COL_MADE: moment_of(v.created_at), words.COL_WHY: v.reason}
        for v, depth in tree(found)
    ]  # fmt: skip


def tree(found: Sequence[ModelVersion]) -> list[tuple[ModelVersion, int]]:
    """(version, depth), children after their parent, older first."""
    ordered = sorted(found, key=lambda v: v.id)
    children: dict[int | None, list[ModelVersion]] = {}
    ids = {v.id for v in ordered}
    for v in ordered:
        children.setdefault(v.parent if v.parent in ids else None, []).append(v)
    told: list[tuple[ModelVersion, int]] = []
    waiting = [(v, 0) for v in reversed(children.get(None, []))]
    while waiting:
        v, depth = waiting.pop()
        told.append((v, depth))
        waiting += [(child, depth + 1) for child in reversed(children.get(v.id, []))]
    return told


def quality(v: ModelVersion) -> str:
    """In one cell."""
    judged = judged_before(v)
    if not judged:
        return words.UNTRAINED if v.id == 0 else "–"
    name, (value, low, high) = next(iter(judged.items()))
    interval = "" if low == high else f" [{low:.3f}, {high:.3f}]"
    return f"{value:.3f}{interval} {name.partition(',')[0]}"


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
    """The first judged figure that most versions share, with its interval."""
    judged = [(v, judged_before(v)) for v in sorted(found, key=lambda v: v.id)]
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
        name.partition(",")[0],
        x_kind="name",
        low="low",
        high="high",
        series="state",
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
        {words.COL_SETTING: name, f"{a.id}": str(mine.get(name, "–")), f"{b.id} ": str(other.get(name, "–"))}
        for name in dict.fromkeys([*mine, *other]) if mine.get(name) != other.get(name)
    ]  # fmt: skip


def metrics_beside(a: ModelVersion, b: ModelVersion) -> list[Row]:
    """Figures that both were judged by."""
    mine, other = ({(r[words.COL_JUDGED], r[words.COL_METRIC]): r for r in metric_rows(v)} for v in (a, b))
    return [
        {
            words.COL_JUDGED: case,
            words.COL_METRIC: name,
            f"{a.id}": _said(mine[case, name]),
            f"{b.id} ": _said(other[case, name]),
        }
        for case, name in mine
        if (case, name) in other
    ]


def _said(row: Row) -> str:
    value, low, high = row[words.COL_VALUE], row[words.COL_LOW], row[words.COL_HIGH]
    if value is None:
        return "–"
    return f"{value:.3f}" if low is None or high is None else f"{value:.3f} [{low:.3f}, {high:.3f}]"


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
