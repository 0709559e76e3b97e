"""Text and tags -> tokens: lower-cased words; a phrase of several words is one token more."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..data.arrays import Bool
from ..data.catalog import Catalog

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def words(text: str) -> list[str]:
    """Lower-cased words, letters and digits of any script."""
    return _WORD.findall(text.lower())


def documents(
    catalog: Catalog, tags: Sequence[str], text: Sequence[str], categories: Sequence[str], common: float = 1.0,
    counted: Bool | None = None,
) -> list[list[str]]:  # fmt: skip
    """One list of tokens an item: words of its tags, tags of several words as one token, words of texts and names.

    common: words of the texts that more than this share of the items have, and that are no tag, are left out: like
    "the" and "and" they tell no item from another. Words that ten items or fewer have always stay.
    counted: bool (n_items,), the items that decide what is common; None = all
    """
    counts = range(len(catalog)) if counted is None else np.flatnonzero(counted).tolist()
    found = [_tag_tokens(catalog, tags, i) for i in range(len(catalog))]
    prose = [[word for name in text for word in words(catalog.text[name][i])] for i in range(len(catalog))]
    often = Counter(word for i in counts for word in set(prose[i]))
    tagged = {tag.strip().lower() for name in tags for i in counts for tag in catalog.tags[name][i]}
    limit = max(common * len(counts), 10.0)
    dropped = {word for word, n in often.items() if n > limit} - tagged
    for i, row in enumerate(found):
        row.extend(word for word in prose[i] if word not in dropped)
        row.extend(word for name in categories for word in words(catalog.categories[name][i]))
    return found


def _tag_tokens(catalog: Catalog, tags: Sequence[str], item: int) -> list[str]:
    tokens: list[str] = []
    for name in tags:
        for phrase in catalog.tags[name][item]:
            parts = words(phrase)
            tokens.extend([*parts, "_".join(parts)] if len(parts) > 1 else parts)
    return tokens
