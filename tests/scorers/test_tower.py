"""A network's items: what is not known of one is left out of what it is compared by."""

import numpy as np

from tastemaker.data.features import Features
from tastemaker.data.vocab import Vocab
from tastemaker.features.measures import fit_measures
from tastemaker.scorers import Embeddings, Tower

NOT = np.float32(np.nan)


def tower(rng, width, beside=("same artist",)):
    layers = ((rng.normal(size=(width, 5)), rng.normal(size=5)), (rng.normal(size=(5, 3)), rng.normal(size=3)))
    weights, biases = (tuple(np.asarray(part, np.float32) for part in parts) for parts in zip(*layers, strict=True))
    nothing = Embeddings(np.zeros((0, 0), np.float32), "")
    return Tower(nothing, weights, biases, ("numbers",), beside, np.ones(1 + len(beside), np.float32))


def features_with_gaps(rng, artists):
    """Eight items, of whose two numbers item 2 lacks one, and items 5 to 7 both."""
    columns = {name: rng.normal(size=8).astype(np.float32) for name in ("tempo", "energy")}
    columns["tempo"][[2, 5, 6, 7]] = NOT
    columns["energy"][[5, 6, 7]] = NOT
    measures = fit_measures(columns, np.ones(8, bool))
    blocks = {"numbers": measures.encode(columns), "same artist": artists}
    return Features(Vocab(tuple("abcdefgh")), blocks, {"numbers": measures.names})


def test_items_are_not_alike_for_want_of_numbers(rng):
    artists = np.eye(8, dtype=np.float32)
    artists[6] = artists[0]
    artists[7] = 0.0
    features = features_with_gaps(rng, artists)
    vectors = tower(rng, features.block("numbers").shape[1]).embed(features)
    assert vectors[5] @ vectors[6] == 0.0  # two of whom no number is known, by different artists
    assert vectors[0] @ vectors[6] > 0.5  # what is known counts alone
    np.testing.assert_allclose(np.linalg.norm(vectors[:7], axis=1), 1.0, rtol=1e-6)
    assert vectors[2, :3].any()  # one number is enough
    assert not vectors[7].any()  # nothing is known at all


def test_content_is_not_alike_for_want_of_numbers_either(rng):
    features = features_with_gaps(rng, np.eye(8, dtype=np.float32))
    vectors = Embeddings(np.zeros((8, 4), np.float32), "numbers").with_items(features).vectors
    assert vectors.any(axis=1).tolist() == [True] * 5 + [False] * 3
