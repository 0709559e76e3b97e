"""Text and tags -> tokens: lower-cased words; a phrase of several words is one token more."""

import re
from collections.abc import Sequence

from ..data.catalog import Catalog

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def words(text: str) -> list[str]:
    """Lower-cased words, letters and digits of any script."""
    return _WORD.findall(text.lower())


def documents(
    catalog: Catalog, tags: Sequence[str], text: Sequence[str], categories: Sequence[str]
) -> list[list[str]]:
    """One list of tokens an item: the words of its tags, its tags of several words as one token, its texts, its names."""
    found: list[list[str]] = [[] for _ in range(len(catalog))]
    for name in tags:
        for row, phrases in zip(found, catalog.tags[name], strict=True):
            for phrase in phrases:
                parts = words(phrase)
                row.extend([*parts, "_".join(parts)] if len(parts) > 1 else parts)
    for columns, names in ((catalog.text, text), (catalog.categories, categories)):
        for name in names:
            for row, entry in zip(found, columns[name], strict=True):
                row.extend(words(entry))
    return found
