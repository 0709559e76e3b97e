"""Blocks that a recipe asks for beside text and tastes: numbers that come round, and names compared as a whole."""

import json

import numpy as np

from tastemaker.data.catalog import Catalog
from tastemaker.data.vocab import Vocab
from tastemaker.features.build import FeatureSettings, build_features
from tastemaker.features.measures import measures_of
from tastemaker.features.tastes import Tastes
from tastemaker.watch import Watch

N = 12
HOURS = np.array([23.0, 0.0, 12.0, np.nan, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 50.0], np.float32)
SHOP = Catalog(
    Vocab(tuple(f"i{i}" for i in range(N))), tuple(f"T{i}" for i in range(N)),
    categories={"maker": (*("AB"[i % 2] for i in range(N - 1)), "")},
    numbers={"hour": HOURS, "price": np.arange(N, dtype=np.float32)},
)  # fmt: skip
SETTINGS = FeatureSettings(("numbers",), circular={"hour": 24.0}, same=("maker", "nobody"))


def built(seen=None):
    return build_features(SHOP, SETTINGS, Tastes({}), 0, Watch(), fitted_on=seen)


def test_hours_come_round_and_makers_are_compared():
    features = built()
    assert features.names["numbers"] == ("price", "hour sin", "hour cos", "hour missing")
    hours = features.block("numbers")[:, 1:3]
    assert np.linalg.norm(hours[0] - hours[1]) < 0.3 * np.linalg.norm(hours[0] - hours[2])
    makers = features.block("same maker")
    near = makers @ makers.T
    np.testing.assert_allclose(np.diag(near)[:-1], 1.0, rtol=1e-5)
    assert near[0, 2] > 0.99
    assert near[0, 1] < 0.5
    assert not makers[-1].any()
    assert "same nobody" not in features.blocks


def test_what_was_learned_from_the_items_fitted_on_goes_with_the_features():
    seen = np.arange(N) < N - 1
    features = built(seen)
    kept = json.loads(json.dumps(dict(features.fitted)))["numbers"]
    assert kept["mean"][0] == np.arange(N - 1).mean()
    again = measures_of(kept).encode({"hour": HOURS, "price": np.arange(N, dtype=np.float32)})
    np.testing.assert_array_equal(again, features.block("numbers"))
    assert features.where(seen).fitted == features.fitted
