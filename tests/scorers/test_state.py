import json

import numpy as np
import pytest

from tastemaker.scorers import Popularity, load
from tastemaker.scorers.state import pack

from .made import mlp


def test_names_of_nested_arrays_are_paths(world):
    _, arrays = mlp(world.features, squash=True).state()
    assert {"hidden", "prior/mean", "weights/0", "biases/1"} <= set(arrays)


def test_an_unknown_class_or_a_missing_array_is_a_key_error():
    settings, arrays = Popularity(np.ones(3, np.float32)).state()
    assert json.loads(json.dumps(settings)) == {"class": "Popularity", "values": {"array": "values"}}
    with pytest.raises(KeyError, match="Magic"):
        load(settings | {"class": "Magic"}, arrays)
    with pytest.raises(KeyError, match="values"):
        load(settings, {})


def test_a_part_that_is_no_scorer_cannot_be_loaded_as_one(world):
    with pytest.raises(KeyError, match="TastePrior"):
        load(*pack(mlp(world.features, squash=True).prior))
