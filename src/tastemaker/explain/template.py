"""Sentences from a template: what moved the score, and the evidence that a person can check."""

from collections.abc import Sequence

import numpy as np

from ..data.catalog import Catalog
from ..data.query import Reason, Slate

STRONGEST = 3  # reasons worth a word
WEAK = 0.05  # a part below this share of the strongest one is not worth a word
OF_ITEMS = ("item", "near", "with")  # kinds of part that speak of an item of the history
ALIKE = 0.1  # two numbers are alike where no more than this share of the items is as near
SAMPLE = 2000  # items that nearness is measured against
FACTS = 3  # of what two items share


def sentences(slate: Slate, catalog: Catalog, called: str = "users") -> list[str]:
    """One sentence an item: tastes it fits, items it is like and what they share, and what speaks against it.

    called: what somebody who has several items together is called
    """
    rows = catalog.items.rows(slate.items)
    return [_sentence(catalog, int(row), reasons, called) for row, reasons in zip(rows, slate.reasons, strict=True)]


def _sentence(catalog: Catalog, row: int, reasons: Sequence[Reason], called: str) -> str:
    met = {reason.part.partition(":")[2] for reason in reasons if reason.part.startswith("with:") and _for(reason)}
    near = {reason.part.partition(":")[2] for reason in reasons if reason.part.partition(":")[0] in ("near", "with")}
    told = _together([reason for reason in reasons if reason.part != "base"])
    floor = WEAK * max((abs(reason.weight) for reason in told), default=0.0)
    strong = [reason for reason in told if abs(reason.weight) > floor][:STRONGEST]
    phrases = []
    for reason in strong:
        key = reason.part.partition(":")[2]
        phrases.append(_phrase(catalog, row, reason, key in near, f"same {called}" if key in met else ""))
    return "; ".join(phrases) or "a good start when nothing is known"


def _for(reason: Reason) -> bool:
    return reason.weight >= 0.0


def _together(reasons: Sequence[Reason]) -> list[Reason]:
    """What an item of the history says by its tastes, by its nearness and by who has it is one reason; the strongest
    come first."""
    weights: dict[str, float] = {}
    for reason in reasons:
        kind, _, key = reason.part.partition(":")
        part = f"item:{key}" if kind in OF_ITEMS else reason.part
        weights[part] = weights.get(part, 0.0) + reason.weight
    return sorted((Reason(part, weight) for part, weight in weights.items()), key=lambda reason: -abs(reason.weight))


def _phrase(catalog: Catalog, row: int, reason: Reason, near: bool, met: str) -> str:
    kind, _, key = reason.part.partition(":")
    sign, good = f"({reason.weight:+.2f})", reason.weight > 0
    if kind == "taste":
        return f"{key} {'suits you' if good else 'fits less'} {sign}"
    if kind == "item":
        other = int(catalog.items.rows([key])[0])
        shared = _shared(catalog, row, other)
        if shared and not met:
            return f"shares {', '.join(shared)} with {catalog.titles[other]} {sign}"
        facts = [*_alike(catalog, row, other), *([met] if met else [])] if near and good else []
        if facts:
            return f"near {catalog.titles[other]}: {', '.join(facts)} {sign}"
        return f"what you said of {catalog.titles[other]} speaks {'for' if good else 'against'} it {sign}"
    if kind == "history":
        return f"what you rated speaks {'for' if good else 'against'} it {sign}"
    return f"{kind} {sign}"


def _shared(catalog: Catalog, a: int, b: int) -> list[str]:
    """Up to three tags that both items have, as the first one shows them."""
    found: list[str] = []
    for column in catalog.tags.values():
        theirs = {tag.lower() for tag in column[b]}
        found += [tag for tag in column[a] if tag.lower() in theirs]
    return found[:3]


def _alike(catalog: Catalog, a: int, b: int) -> list[str]:
    """What two items have in common, the rarest first: categories of one name, and numbers that are seldom so near."""
    same = [f"same {name}" for name, column in catalog.categories.items() if column[a] and column[a] == column[b]]
    step = max(1, len(catalog) // SAMPLE)
    rare: list[tuple[float, str]] = []
    for name, column in catalog.numbers.items():
        others = column[::step]
        others = others[~np.isnan(others)]
        if np.isnan(column[a]) or np.isnan(column[b]) or not len(others):
            continue
        share = float((np.abs(others - column[b]) <= abs(column[a] - column[b])).mean())
        if share <= ALIKE:
            rare.append((share, f"same {name}"))
    return [*same, *(said for _, said in sorted(rare))][:FACTS]
