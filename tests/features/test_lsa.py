import sys

import numpy as np
import pytest

from tastemaker.features.lsa import Lsa, idf_of

WORLD = [
    ["oak", "moss", "oak", "earth"],
    ["oak", "moss"],
    ["moss", "earth", "smoke"],
    ["mint", "lime", "the"],
    ["lime", "salt", "the"],
    ["mint", "salt", "lime"],
    ["the"],
    [],
]


def test_idf_is_its_formula():
    found = idf_of([["a", "a", "b"], ["a"], []])
    assert found["a"] == pytest.approx(np.log(4 / 3) + 1)
    assert found["b"] == pytest.approx(np.log(4 / 2) + 1)


def test_vectors_are_the_right_singular_vectors_of_tf_idf():
    """Against a dense SVD of a matrix built by hand: the same subspace, so the same projection V V'."""
    found, idf = Lsa(3).fit(WORLD, seed=1)
    dense = np.array([[row.count(word) * idf[word] for word in found.words] for row in WORLD], float)
    lengths = np.linalg.norm(dense, axis=1, keepdims=True)
    _, _, right = np.linalg.svd(dense / np.where(lengths > 0, lengths, 1))
    np.testing.assert_allclose(found.vectors @ found.vectors.T, right[:3].T @ right[:3], atol=1e-5)
    assert found.counts.tolist() == [sum(row.count(word) for row in WORLD) for word in found.words]


def test_documents_of_one_kind_are_nearer_than_of_another():
    found, idf = Lsa(2).fit(WORLD, seed=1)
    near = found.encode(WORLD, idf) @ found.encode(WORLD, idf).T
    assert near[:3, :3].min() > near[:3, 3:6].max()
    assert near[3:6, 3:6].min() > near[3:6, :3].max()


def test_the_same_seed_gives_the_same_bytes():
    one, again = (Lsa(3).fit(WORLD, seed=4)[0] for _ in range(2))
    assert one.vectors.tobytes() == again.vectors.tobytes()


def test_a_document_without_a_word_has_no_vector():
    found, idf = Lsa(3).fit(WORLD, seed=1)
    assert found.covers(WORLD, idf).tolist() == [True] * 7 + [False]
    assert not found.encode([["unheard"]], idf).any()


@pytest.mark.parametrize("documents", [[["only"]], [["a", "b"]], [["a"], ["a"]], [["a"], ["b"]]])
def test_a_tiny_catalog_has_vectors_of_fewer_dimensions(documents):
    found, idf = Lsa(64).fit(documents, seed=1)
    np.testing.assert_allclose(np.linalg.norm(found.encode(documents, idf), axis=1), 1, rtol=1e-5)


def test_no_word_at_all_gives_no_vector():
    found, idf = Lsa(64).fit([[], []], seed=1)
    assert (found.words, idf) == ((), {})
    assert not found.encode([["a"]], idf).any()


def test_gensim_is_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim", None)
    assert Lsa(2).fit(WORLD, seed=1)[0].words
