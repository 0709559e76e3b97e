"""Sentences from a template: what moved the score, and the evidence that a person can check."""

from collections.abc import Sequence

from ..data.catalog import Catalog
from ..data.query import Reason, Slate

STRONGEST = 3  # reasons worth a word
WEAK = 0.05  # a part below this share of the strongest one is not worth a word
MOMENT = {
    "hour": "the hour",
    "weekday": "the day of the week",
    "place": "the place",
    "recent": "the moments before",
    "history": "earlier choices",
    "stated": "stated tastes",
}
PLURAL = ("recent", "history", "stated")


def sentences(slate: Slate, catalog: Catalog) -> list[str]:
    """One sentence an item: tastes it fits, items it is like and what they share, and what speaks against it."""
    rows = catalog.items.rows(slate.items)
    return [_sentence(catalog, int(row), reasons) for row, reasons in zip(rows, slate.reasons, strict=True)]


def _sentence(catalog: Catalog, row: int, reasons: Sequence[Reason]) -> str:
    told = _together([reason for reason in reasons if reason.part != "base"])
    floor = WEAK * max((abs(reason.weight) for reason in told), default=0.0)
    strong = [reason for reason in told if abs(reason.weight) > floor][:STRONGEST]
    return "; ".join(_phrase(catalog, row, reason) for reason in strong) or "a good start when nothing is known"


def _together(reasons: Sequence[Reason]) -> list[Reason]:
    """What an item of the history says by its tastes and by its nearness is one reason; the strongest come first."""
    weights: dict[str, float] = {}
    for reason in reasons:
        part = "item:" + reason.part.removeprefix("near:") if reason.part.startswith("near:") else reason.part
        weights[part] = weights.get(part, 0.0) + reason.weight
    return sorted((Reason(part, weight) for part, weight in weights.items()), key=lambda reason: -abs(reason.weight))


def _phrase(catalog: Catalog, row: int, reason: Reason) -> str:
    kind, _, key = reason.part.partition(":")
    sign, good = f"({reason.weight:+.2f})", reason.weight > 0
    if kind == "taste":
        return f"{key} {'suits you' if good else 'fits less'} {sign}"
    if kind == "item":
        other = int(catalog.items.rows([key])[0])
        shared = _shared(catalog, row, other)
        if shared:
            return f"shares {', '.join(shared)} with {catalog.titles[other]} {sign}"
        return f"what you said of {catalog.titles[other]} speaks {'for' if good else 'against'} it {sign}"
    if kind in ("history", "context"):
        return _phrase_of_moment(kind, key, sign, "for" if good else "against")
    if kind == "appeal":
        return f"{'others like it' if good else 'others of its kind are chosen more'} {sign}"
    return f"{kind} {sign}"


def _phrase_of_moment(kind: str, key: str, sign: str, way: str) -> str:
    if kind == "history":
        return f"what you rated speaks {way} it {sign}"
    return f"{MOMENT.get(key, f'the {key}')} {'speak' if key in PLURAL else 'speaks'} {way} it {sign}"


def _shared(catalog: Catalog, a: int, b: int) -> list[str]:
    """Up to three tags that both items have, as the first one shows them."""
    found: list[str] = []
    for column in catalog.tags.values():
        theirs = {tag.lower() for tag in column[b]}
        found += [tag for tag in column[a] if tag.lower() in theirs]
    return found[:3]
