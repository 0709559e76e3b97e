from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.events import KINDS, events_of
from tastemaker.errors import DataError


@pytest.fixture
def events():
    found = events_of(
        np.array([0, 1, 1]), np.array([2, 0, 2]), np.array([3, 1, 2]), "ranking", time=7, group=np.array([5, 6, 6])
    )
    return replace(found, context={"hour": np.float32([8, 20, 21])})


def test_kinds_are_codes_in_the_database_so_their_order_never_changes():
    assert KINDS[:6] == ("ranking", "rating", "like", "play", "click", "skip")


def test_scalars_are_spread_and_types_are_fixed(events):
    assert len(events) == 3
    assert events.time.tolist() == events.received_at.tolist() == [7, 7, 7]
    assert events.group.tolist() == [5, 6, 6]
    assert events.kind.tolist() == [KINDS.index("ranking")] * 3
    assert not events.synthetic.any()
    kinds = {
        name: getattr(events, name).dtype.name
        for name in ("user", "item", "value", "time", "kind", "synthetic", "group")
    }
    assert kinds == {
        "user": "int32", "item": "int32", "value": "float32", "time": "int64",
        "kind": "int8", "synthetic": "bool", "group": "int64",
    }  # fmt: skip


def test_cuts_by_mask_and_by_position_keep_rows_together(events):
    for cut in (events.where(np.array([False, True, True])), events.where(np.array([1, 2]))):
        assert (cut.user.tolist(), cut.item.tolist(), cut.value.tolist()) == ([1, 1], [0, 2], [1.0, 2.0])
        assert cut.context["hour"].tolist() == [20.0, 21.0]


def test_columns_of_different_length_are_refused_with_their_lengths(events):
    with pytest.raises(DataError, match=r"differ in length.*'item': 1"):
        replace(events, item=np.int32([1]))
    with pytest.raises(DataError, match="'hour': 2"):
        replace(events, context={"hour": np.float32([1, 2])})


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="index"):
        events_of(np.array([0]), np.array([0]), np.array([1]), "purchase")
