"""Contract suites and toy worlds, shipped for people who add scorers and algorithms. Needs pytest."""

import pytest

# Before they are imported: a broken promise then shows its values.
pytest.register_assert_rewrite(*(f"{__name__}.{room}" for room in ("contract", "algorithm_contract", "same")))

from .algorithm_contract import AlgorithmContract  # noqa: E402
from .contract import ScorerContract  # noqa: E402
from .worlds import World, grown, lopsided_world, one_item, one_user, without_tastes, without_text  # noqa: E402

__all__ = [
    "AlgorithmContract",
    "ScorerContract",
    "World",
    "grown",
    "lopsided_world",
    "one_item",
    "one_user",
    "without_tastes",
    "without_text",
]
