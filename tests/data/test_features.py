from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.features import TASTES, Features
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError
from tastemaker.testing.worlds import SILENT


@pytest.fixture
def features(world):
    return world.features


def test_blocks_stand_side_by_side_and_missing_ones_have_no_column(features):
    assert features.block("numbers").shape == (40, 0)
    both = features.matrix(["text", "numbers", TASTES])
    assert both.dtype == np.float32
    np.testing.assert_array_equal(both, np.hstack([features.blocks["text"], features.blocks[TASTES]]))
    assert features.matrix([]).shape == (40, 0)


def test_a_row_of_zeros_is_not_known(features):
    assert np.flatnonzero(~features.known("text")).tolist() == [SILENT]
    assert not features.known("numbers").any()


def test_tastes_are_the_names_of_their_block(features):
    assert features.tastes == ("woody", "floral", "fresh", "sweet", "odd")
    assert replace(features, names={}).tastes == ()


@pytest.mark.parametrize("pick", [np.arange(40) % 7 == 0, np.arange(0, 40, 7)])
def test_a_cut_keeps_rows_together(features, pick):
    cut = features.where(pick)
    assert cut.items.ids == tuple(f"item {i}" for i in range(0, 40, 7))
    np.testing.assert_array_equal(cut.block("text"), features.block("text")[::7])
    assert cut.names == features.names


def test_a_block_of_another_shape_is_refused():
    with pytest.raises(DataError, match=r"'text' is \(2, 3\), not \(1, d\)"):
        Features(Vocab(("a",)), {"text": np.zeros((2, 3), np.float32)})
    with pytest.raises(DataError, match=r"\(1,\), not \(1, d\)"):
        Features(Vocab(("a",)), {"text": np.zeros(1, np.float32)})


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_number_that_is_none_names_block_and_item(bad):
    block = np.float32([[1, 2], [3, bad]])
    with pytest.raises(DataError, match="'text' has a number that is not finite for item 'b'"):
        Features(Vocab(("a", "b")), {"text": block})


def test_the_digest_sees_every_number_and_no_order_of_blocks(features):
    turned = replace(features, blocks=dict(reversed(features.blocks.items())))
    assert turned.digest == features.digest
    moved = features.blocks["text"].copy()
    moved[3, 1] += 1e-3
    assert replace(features, blocks={**features.blocks, "text": moved}).digest != features.digest
    assert features.where(np.arange(39)).digest != features.digest
