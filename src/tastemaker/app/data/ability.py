"""What a project can do, so that pages follow that and never a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...data.dataset import Scale
from ...store.answers import Answers


@dataclass(frozen=True)
class Ability:
    """
    tastes:  what a user can state
    stars:   the scale of ratings, None = nobody rates here
    numbers: columns that place items on a map; two at least, else ()
    context: block -> its labels; one is read off a text, or chosen
    filters: column -> its values, most frequent first
    """

    tastes: tuple[str, ...]
    stars: Scale | None
    numbers: tuple[str, ...]
    context: Mapping[str, tuple[str, ...]]
    filters: Mapping[str, tuple[str, ...]]


MOST_VALUES = 200  # of a filter


def ability(answers: Answers) -> Ability:
    numbers = tuple(answers.catalog.numbers)
    return Ability(
        tuple(answers.recommender.tastes),
        answers.scales.get("rating"),
        numbers if len(numbers) >= 2 else (),
        {block: tuple(labels) for block, labels in (answers.contexts.labels if answers.contexts else {}).items()},
        _filters(answers),
    )


def _filters(answers: Answers) -> dict[str, tuple[str, ...]]:
    """Columns with words that several items share."""
    catalog, found = answers.catalog, {}
    for name, column in catalog.categories.items():
        found[name] = _frequent(column)
    for name, tags in catalog.tags.items():
        found[name] = _frequent(tag for row in tags for tag in row)
    return {name: values for name, values in found.items() if values}


def _frequent(words: Any) -> tuple[str, ...]:
    counts: dict[str, int] = {}
    for word in words:
        if word:
            counts[word] = counts.get(word, 0) + 1
    shared = [word for word, n in counts.items() if n > 1]
    return tuple(sorted(shared, key=lambda word: (-counts[word], word))[:MOST_VALUES])
