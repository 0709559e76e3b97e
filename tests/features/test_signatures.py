"""Names as vectors."""

import numpy as np

from tastemaker.features.signatures import signatures


def test_equal_names_are_equal_others_nearly_orthogonal_and_empty_ones_silent():
    names = ["Chopin", " chopin", "Bach", "", "bach "]
    found = signatures(names, 256)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[2], found[4])
    np.testing.assert_array_equal(found[3], 0.0)
    np.testing.assert_allclose(np.linalg.norm(found[[0, 2]], axis=1), 1.0, rtol=1e-6)
    many = signatures([f"maker {i}" for i in range(500)], 128)
    apart = (many @ many.T)[~np.eye(500, dtype=bool)]
    assert abs(float(apart.mean())) < 0.005
    assert abs(float(apart.std()) * np.sqrt(128) - 1.0) < 0.05


def test_columns_do_not_mix_and_any_width_goes():
    one, other = signatures(["a"], 20, "maker"), signatures(["a"], 20, "place")
    assert one.shape == (1, 20)
    assert (one != other).any()


def test_it_is_the_same_everywhere():
    """The first bits of SHAKE-256 of "maker", a zero and "a", as any implementation has them."""
    signs = np.sign(signatures(["A"], 8, "maker"))[0]
    from hashlib import shake_256

    byte = shake_256(b"maker\x00a").digest(1)[0]
    np.testing.assert_array_equal(signs > 0, [bool(byte >> (7 - bit) & 1) for bit in range(8)])
