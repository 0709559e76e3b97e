"""What the mapping of a recipe answers: which kind an item is of, and for which label that kind is wanted."""

from ..data.query import Query, Slate
from ..recommender import Recommender
from ..scorers import Choices, core
from ..scorers.choices import MAPPING
from .evidence import Suits


def suits(chain: Recommender, query: Query | None, slate: Slate) -> dict[str, Suits]:
    """By item id, the label and the kind that give most of the item's share; who is of no wanted kind is missing.

    {} unless the mapping chose: what a network makes of a moment has no such reason.
    """
    found = mapping_of(chain, slate)
    said = {} if query is None or found is None else query.context.get(found.block, {})
    if found is None or not said:
        return {}
    tastes, suited = chain.tastes, {}
    known = [item for item, source in zip(slate.items, slate.sources, strict=True) if source == slate.level]
    shares = [said.get(label, 0.0) for label in found.labels]
    for item, row in zip(known, chain.catalog.items.rows(known).tolist(), strict=True):
        wanted = found.wanted(shares, row)  # (n_labels, n_categories)
        label, kind = divmod(int(wanted.argmax()), wanted.shape[1])
        if wanted[label, kind] > 0.0:
            suited[item] = Suits(found.block, found.labels[label], shares[label], tastes[kind].replace("_", " "))
    return suited


def kinds_of(chain: Recommender, slate: Slate, label: str) -> list[str]:
    """The kinds that the mapping names for a label; [] unless the mapping chose."""
    found = mapping_of(chain, slate)
    if found is None or label not in found.labels:
        return []
    row = found.mapping[[*found.labels].index(label)]
    names = zip(chain.tastes, row.tolist(), strict=True)
    return [taste.replace("_", " ") for taste, share in names if share > 0.0]


def mapping_of(chain: Recommender, slate: Slate) -> Choices | None:
    """The scorer whose mapping chose; None where something else did."""
    levels = (level for level in chain.levels if (level.name, level.version) == (slate.level, slate.version))
    by = next(levels, None)
    scorer = None if by is None or slate.spoke != MAPPING else core(by.scorer)
    return scorer if isinstance(scorer, Choices) else None
