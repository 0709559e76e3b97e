import numpy as np

from tastemaker.data.context import blocks_of, place_code, place_context, recent


def test_blocks_stand_in_the_order_of_their_names():
    context = {
        "mood:sad": np.array([1, 0], np.float32),
        "mood:glad": np.array([0, 1], np.float32),
        "place:code": np.ones(2, np.float32),
    }
    found = blocks_of(context, np.array([1]))
    assert found["mood"].tolist() == [[1.0, 0.0]]
    assert found["place"].shape == (1, 1)


def test_a_place_is_a_number_that_float32_holds():
    codes = [place_code(f"town {n}") for n in range(1000)]
    assert all(float(np.float32(code)) == code > 0 for code in codes)
    assert place_code(" Oslo ") == place_code("oslo")
    assert place_context("") == {}


def test_the_recent_mean_leaves_out_what_says_nothing():
    block = np.array([[1, 0], [np.nan, np.nan], [0, 1], [0, 1]], np.float32)
    found = recent(block, np.array([0, 1, 0]), np.array([3, 2, 0]))
    assert found[0].tolist() == [0.5, 0.5]
    assert np.isnan(found[1:]).all()
