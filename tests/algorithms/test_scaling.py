import numpy as np

from tastemaker.algorithms.scaling import gain, length, scaling_of
from tastemaker.data.features import TASTES

BLOCKS = (TASTES, "text")


def test_folded_weights_on_raw_inputs_are_weights_on_scaled_ones(world, rng):
    raw, scaling = world.features.matrix(BLOCKS), scaling_of(world.features, BLOCKS)
    weight = rng.normal(size=(raw.shape[1], 3)).astype(np.float32)
    folded, constant = scaling.fold(weight)
    np.testing.assert_allclose(raw @ folded + constant, scaling.apply(raw) @ weight, atol=1e-4)
    back, opposite = scaling.unfold(folded)
    np.testing.assert_allclose(back, weight, rtol=1e-5)
    np.testing.assert_allclose(opposite, -constant, rtol=1e-4, atol=1e-5)


def test_blocks_enter_centred_and_as_long_as_their_gain(world):
    scaled = scaling_of(world.features, BLOCKS).apply(world.features.matrix(BLOCKS))
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-5)
    for columns in (slice(0, 5), slice(5, 13)):
        rows = np.sqrt((scaled[:, columns] ** 2).sum(axis=1))
        np.testing.assert_allclose(np.sqrt((rows**2).mean()), gain(columns.stop - columns.start), rtol=1e-4)


def test_a_block_that_does_not_vary_has_length_1():
    assert length(np.ones((4, 3), np.float32)) == length(np.zeros((4, 0), np.float32)) == 1.0
