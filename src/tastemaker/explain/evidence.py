"""What counted, item by item, as data that add up to the score; words are made from it and from nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from typing import Any

from ..data.catalog import Catalog
from ..data.query import Query, Reason, Slate
from .alike import Alike, Likeness

STRONGEST = 3  # things worth a word
COMPARED = 8  # of an item's parts, those whose likeness is looked up
OF_ITEMS = ("near", "with")  # kinds of part that speak of an item of the history, beside "item"
WEAK = 0.05  # a part below this share of the strongest one is not worth a word


@dataclass(frozen=True)
class Counted:
    """One thing that moved the score up or down by `weight`.

    kind:    taste, item, history, tastes, context, category …: what a scorer calls its part
    name:    the taste, the item's title, the label or the category; "" where the kind says it all
    share:   of everything that moved the score, in [0, 1]
    id:      of the item, for kind "item"
    opinion: what the query thinks of it: of an item in [-1, 1], of a taste in [0, 1]; None = not said
    chance:  of the label, for kind "context"; None = certain
    both:    for kind "item", how many users, or lists, have this item and that one; None = not looked up
    block:   the block of the context that the label stands in
    alike:   what both items have, for kind "item" among the strongest
    suits:   the kind that the item is of and that the label asks for, where the recipe's mapping chose
    """

    kind: str
    name: str
    weight: float
    share: float
    id: str = ""
    opinion: float | None = None
    chance: float | None = None
    block: str = ""
    both: int | None = None
    alike: Likeness = field(default_factory=Likeness)
    suits: str = ""


@dataclass(frozen=True)
class Suits:
    """kind: a taste, which the mapping names for the label of the block; chance: of the label"""

    block: str
    label: str
    chance: float
    kind: str


@dataclass(frozen=True)
class Foretold:
    """value: what the user would say, on the project's scale; best, worst: its ends; like: the chance of a like."""

    value: float
    worst: float
    best: float
    like: float | None = None


@dataclass(frozen=True)
class Evidence:
    """score = base + sum of counted weights + unexplained

    base:        what the item scores for anybody
    counted:     the strongest first
    unexplained: 0 but for rounding, unless the model could not take its score apart
    known:       did the query say anything at all?
    level:       who answered: active, parent, content, newest …
    """

    item: str
    title: str
    score: float
    base: float
    counted: tuple[Counted, ...]
    unexplained: float
    known: bool = True
    level: str = ""
    version: str = ""
    foretold: Foretold | None = None

    @property
    def told(self) -> tuple[Counted, ...]:
        """What is worth a word: the strongest few, none that is weak beside the first."""
        floor = WEAK * max((abs(c.weight) for c in self.counted), default=0.0)
        return tuple(c for c in self.counted if abs(c.weight) > floor)[:STRONGEST]

    def as_json(self) -> dict[str, Any]:
        """Plain values, all finite."""
        return asdict(self)


def evidence(
    slate: Slate, catalog: Catalog, query: Query | None = None, foretold: Mapping[str, Foretold] | None = None,
    called: str = "users", suits: Mapping[str, Suits] | None = None,
) -> list[Evidence]:  # fmt: skip
    """One Evidence an item of the slate.

    query: what was asked; without it nobody knows whether an item of the history was liked. foretold: by item id.
    called: what somebody who has several items together is called. suits: by item id, which kind is wanted, and why
    """
    alike, asked = Alike(catalog), query or Query()
    known = query is None or bool(asked.likes or asked.ratings or asked.profile or asked.context)
    rows = catalog.items.rows(slate.items).tolist()
    found = []
    for k, (item, row, score) in enumerate(zip(slate.items, rows, slate.scores, strict=True)):
        base, counted = _counted(slate.reasons[k], row, alike, asked, called)
        counted = tuple(_suited(c, (suits or {}).get(item)) for c in counted)
        value = score if isfinite(score) else 0.0
        rest = value - base - sum(c.weight for c in counted)
        said = (foretold or {}).get(item)
        found.append(
            Evidence(
                item, catalog.titles[row], value, base, counted, rest, known, slate.sources[k], slate.version, said
            )
        )
    return found


def _suited(counted: Counted, found: Suits | None) -> Counted:
    """What the moment adds to an item comes by the label that wants its kind, which need not be the likeliest one."""
    if found is None or (counted.kind, counted.block) != ("context", found.block) or counted.weight <= 0.0:
        return counted
    return replace(counted, name=found.label.replace("_", " "), chance=found.chance, suits=found.kind)


def _counted(
    reasons: Sequence[Reason], row: int, alike: Alike, asked: Query, called: str
) -> tuple[float, tuple[Counted, ...]]:
    """The base, and what moved the score, the strongest first; a part that is no number is left unexplained."""
    weights: dict[str, float] = {}
    for part, weight in ((r.part, float(r.weight)) for r in reasons):
        # What an item of the history says by its tastes, by its nearness and by who has it is one reason.
        kind, _, key = part.partition(":")
        name = f"item:{key}" if kind in OF_ITEMS else part
        if isfinite(weight):
            weights[name] = weights.get(name, 0.0) + weight
    base = weights.pop("base", 0.0)
    total = sum(map(abs, weights.values())) or 1.0
    parts = sorted(weights.items(), key=lambda part: -abs(part[1]))
    found = [
        _one(part, weight, abs(weight) / total, row, alike, asked, compared=k < COMPARED)
        for k, (part, weight) in enumerate(parts)
    ]
    met = {r.part.partition(":")[2] for r in reasons if r.part.startswith("with:") and r.weight >= 0.0}
    return base, tuple(replace(c, alike=replace(c.alike, had=called)) if c.id in met else c for c in found)


def _one(part: str, weight: float, share: float, row: int, alike: Alike, asked: Query, compared: bool) -> Counted:
    kind, _, key = part.partition(":")
    if kind == "item":
        other = int(alike.catalog.items.rows([key])[0])
        shared = alike.of(row, other) if other >= 0 and compared else Likeness()
        title = alike.catalog.titles[other] if other >= 0 else key
        return Counted(kind, title, weight, share, key, _opinion(asked, key), alike=shared)
    if kind == "taste":
        return Counted(kind, key.replace("_", " "), weight, share, opinion=_finite(asked.profile.get(key)))
    if kind == "context" or kind in asked.context:
        return _context(key if kind == "context" else ".".join((kind, key)[: 1 + bool(key)]), weight, share, asked)
    return Counted(kind, key.replace("_", " "), weight, share)


def _context(key: str, weight: float, share: float, asked: Query) -> Counted:
    """key: a block, whose most probable label is meant; "block.label"; or a label that some block has."""
    block, _, label = key.partition(".")
    if block not in asked.context and not label:
        owner = next((name for name, values in asked.context.items() if block in values), None)
        block, label = (block, "") if owner is None else (owner, block)
    said = {name: value for name, value in asked.context.get(block, {}).items() if _finite(value) is not None}
    shares = len(said) > 1 and min(said.values()) >= 0.0 and abs(sum(said.values()) - 1.0) < 0.05
    if shares and not label:
        label = max(sorted(said), key=lambda name: said[name])
    chance = float(said[label]) if shares and label in said else None
    return Counted("context", label.replace("_", " "), weight, share, chance=chance, block=block)


def _opinion(asked: Query, item: str) -> float | None:
    return _finite(asked.ratings.get(item, 1.0 if item in asked.likes else None))


def _finite(value: float | None) -> float | None:
    return None if value is None or not isfinite(value) else float(value)
