"""Items that lie near one another in what a version learned, whoever likes them; also one that is only described."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ..data.arrays import Float32
from ..data.catalog import Catalog
from ..data.features import Features
from ..data.nearest import did_you_mean
from ..data.query import Reason, Slate
from ..data.vocab import Vocab
from ..errors import QueryError
from ..scorers import Blend, Calibrated, EventGraph, Gated, Nearby, Ranked, Scorer, Stated, Tower, WeightedSum
from .artifacts import Artifacts

DESCRIBED = "what you describe"


def tower_of(scorer: Scorer) -> Tower | None:
    """The network inside a model that makes a vector of an item's features; None where it has none."""
    if isinstance(scorer, Tower):
        return scorer
    return next((found for part in _inside(scorer) if (found := tower_of(part))), None)


def gated_of(scorer: Scorer) -> Gated | None:
    """The part of a model that balances content and who has what; None where it has none."""
    if isinstance(scorer, Gated):
        return scorer
    return next((found for part in _inside(scorer) if (found := gated_of(part))), None)


def _inside(scorer: Scorer) -> tuple[Scorer, ...]:
    match scorer:
        case Gated():
            return scorer.content, scorer.collaborative
        case Calibrated() | Nearby() | Stated():
            return (scorer.inner,)
        case Ranked():
            return (scorer.ranker, scorer.teller)
        case Blend() | WeightedSum():
            return scorer.scorers
    return ()


def met_together(scorer: Scorer, slate: Slate, likes: tuple[str, ...], items: Vocab) -> Slate:
    """The slate with "with:ID" among the reasons of what somebody had together with a like; it adds 0 to the score."""
    found = gated_of(scorer)
    if found is None or not isinstance(found.collaborative, EventGraph) or not slate.items:
        return slate
    asked, shown = (items.rows(ids) for ids in (likes, slate.items))
    met = found.collaborative.effects(asked, shown) * np.minimum(found.counts[asked][:, None], found.counts[shown])
    reasons = tuple(
        (*mine, *(Reason(f"with:{like}", 0.0) for like, one in zip(likes, column, strict=True) if one > 0))
        for mine, column in zip(slate.reasons, met.T, strict=True)
    )
    return replace(slate, reasons=reasons)


def own_numbers(artifacts: Artifacts, digest: str | None, catalog: Catalog) -> Float32 | None:
    """The block of numbers as the features under this digest standardized it, float32 (n_items, d); None = unknown.

    A later import takes other means and deviations, by which a version that learned from these would be misled.
    """
    from ..features.measures import measures_of

    kept = {} if digest is None else artifacts.get(digest)[0].get("fitted", {}).get("numbers", {})
    if "log" not in kept:
        return None
    nothing = np.full(len(catalog), np.nan, np.float32)
    measures = measures_of(kept)
    columns = {name: catalog.numbers.get(name, nothing) for name in (*measures.plain, *measures.circular)}
    return measures.encode({n: _log(c) if n in kept["log"] else c for n, c in columns.items()})


def _log(column: Float32) -> Float32:
    return np.asarray(np.sign(column) * np.log1p(np.abs(column)), np.float32)


def described(catalog: Catalog, facts: Mapping[str, str]) -> Catalog:
    """One item of which no more than this is known; QueryError for a column that the catalog does not have."""
    known = (*catalog.numbers, *catalog.categories)
    numbers = {name: np.full(1, np.nan, np.float32) for name in catalog.numbers}
    categories = dict.fromkeys(catalog.categories, ("",))
    for name, said in facts.items():
        if name in numbers:
            numbers[name][0] = _number(name, said)
        elif name in categories:
            categories[name] = (said,)
        else:
            hint = did_you_mean(name, known) or "."
            raise QueryError(f"An item cannot be described by its {name!r}{hint} It has: {', '.join(known)}.")
    return Catalog(
        Vocab((DESCRIBED,)), (DESCRIBED,), dict.fromkeys(catalog.text, ("",)),
        dict.fromkeys(catalog.tags, ((),)), categories, numbers,
    )  # fmt: skip


def _number(name: str, said: str) -> float:
    try:
        return float(said)
    except ValueError:
        raise QueryError(f"{name} is {said!r}; give a number, as in --has {name}=0.8") from None


def features_of(one: Catalog, tower: Tower, artifacts: Artifacts, digest: str | None) -> Features:
    """What the network asks of an item; blocks of which a description says nothing are 0."""
    from ..features.signatures import signatures

    nothing: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    manifest, kept = nothing if digest is None else artifacts.get(digest)
    blocks: dict[str, Float32] = {}
    for name in (*tower.blocks, *tower.beside):
        numbers = own_numbers(artifacts, digest, one) if name == "numbers" else None
        if numbers is not None:
            blocks[name] = numbers
        elif name.startswith("same "):
            column = name.removeprefix("same ")
            blocks[name] = signatures(one.categories.get(column, ("",)), salt=column)
        elif name in kept:
            blocks[name] = np.zeros((1, kept[name].shape[1]), np.float32)
    return Features(one.items, blocks, manifest.get("names", {}))


def beside(catalog: Catalog, one: Catalog) -> Catalog:
    """The catalog with this item behind all others, not to be shown itself."""
    columns = {
        group: {name: (*column, *getattr(one, group)[name]) for name, column in getattr(catalog, group).items()}
        for group in ("text", "tags", "categories")
    }
    numbers = {name: np.append(column, one.numbers[name]) for name, column in catalog.numbers.items()}
    ids, titles = Vocab((*catalog.items.ids, *one.items.ids)), (*catalog.titles, *one.titles)
    return Catalog(ids, titles, **columns, numbers=numbers, available=np.append(catalog.available, False))
