"""What is said beside a table of judgements."""

from types import SimpleNamespace

import pytest

from tastemaker.cli.judged import beside_popularity
from tastemaker.metrics import Interval


@pytest.mark.parametrize(("low", "popular", "said"), [(0.2, 0.1, False), (0.05, 0.1, True), (0.2, float("nan"), False)])
def test_no_better_than_what_is_popular_is_said(low: float, popular: float, said: bool) -> None:
    measured = SimpleNamespace(model=Interval(0.3, low, 0.4), popular=popular)
    found = beside_popularity(SimpleNamespace(metrics={"ndcg": measured}))  # type: ignore[arg-type]
    assert ("not surely better" in found) == said
    assert not said or "0.1000" in found
