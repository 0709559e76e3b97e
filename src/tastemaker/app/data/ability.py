"""What a project can do, so that pages follow that and never a name."""

import inspect
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
    context: feelings are detected in text
    filters: column -> its values, most frequent first
    """

    tastes: tuple[str, ...]
    stars: Scale | None
    numbers: tuple[str, ...]
    context: bool
    filters: Mapping[str, tuple[str, ...]]


MOST_VALUES = 200  # of a filter


def ability(answers: Answers, recipe: Mapping[str, Any]) -> Ability:
    numbers = tuple(answers.catalog.numbers)
    return Ability(
        tuple(answers.recommender.tastes),
        answers.scales.get("rating"),
        numbers if len(numbers) >= 2 else (),
        has_context(recipe),
        _filters(answers),
    )


def has_context(recipe: Mapping[str, Any]) -> bool:
    """Does the recipe detect a context in text, and can a question carry text?"""
    return bool(recipe.get("context")) and "text" in inspect.signature(Answers.query).parameters


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
