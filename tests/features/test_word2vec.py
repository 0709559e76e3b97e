"""Documents -> word vectors -> document vectors: bookkeeping, determinism, errors; the maths is tested in kernels."""

import sys
from typing import Any

import numpy as np
import pytest

from tastemaker.errors import Cancelled, MissingExtra, RecipeError, TrainingError
from tastemaker.features.word2vec import Word2Vec, WordVectors

SMALL: dict[str, Any] = {"dim": 8, "window": 2, "negative": 5, "epochs": 3}
DOCUMENTS = [["rose", "musk", "rose"], [], ["oud"], ["amber", "musk", "iris", "rose"], ["iris", "amber"]]


def vectors() -> WordVectors:
    rows = np.array([[3, 0], [0, 4], [-1, 0]], np.float32)
    return WordVectors(("rose", "musk", "oud"), rows, np.array([5, 2, 1], np.int64))


def test_words_fall_by_count_then_rise_by_name() -> None:
    found = Word2Vec(**SMALL).fit(DOCUMENTS, seed=1)
    assert found.words == ("rose", "amber", "iris", "musk", "oud")
    assert found.counts.tolist() == [3, 2, 2, 2, 1]
    assert found.vectors.shape == (5, 8)
    assert found.vectors.dtype == np.float32


def test_rare_words_are_left_out() -> None:
    assert Word2Vec(**SMALL, min_count=3).fit(DOCUMENTS, seed=1).words == ("rose",)


def test_same_seed_same_bytes_and_another_seed_other_bytes() -> None:
    one, again = (Word2Vec(**SMALL, threads=threads).fit(DOCUMENTS, seed=1) for threads in (1, 2))
    other = Word2Vec(**SMALL).fit(DOCUMENTS, seed=2)
    assert one.vectors.tobytes() == again.vectors.tobytes()
    assert not np.array_equal(one.vectors, other.vectors)


def test_a_document_is_the_unit_mean_of_its_known_words() -> None:
    encoded = vectors().encode([["rose", "rose", "musk", "unknown"], ["oud"]])
    mean = np.array([3 + 3 + 0, 0 + 0 + 4]) / 3
    np.testing.assert_allclose(encoded, np.array([mean / np.linalg.norm(mean), [-1.0, 0.0]]), rtol=1e-6)
    assert encoded.dtype == np.float32


def test_idf_weighs_words_and_a_word_it_lacks_weighs_nothing() -> None:
    encoded = vectors().encode([["rose", "musk", "oud"]], idf={"rose": 0.5, "musk": 2.0})
    np.testing.assert_allclose(encoded, [np.array([1.5, 8.0]) / np.hypot(1.5, 8.0)], rtol=1e-6)


def test_a_document_without_a_known_word_has_no_vector_and_says_so() -> None:
    documents: list[list[str]] = [[], ["unknown"], ["oud"]]
    assert vectors().covers(documents).tolist() == [False, False, True]
    assert vectors().covers(documents, idf={"rose": 1.0}).tolist() == [False, False, False]
    assert not vectors().encode(documents)[:2].any()


def test_alone_is_in_a_batch() -> None:
    found = Word2Vec(**SMALL).fit(DOCUMENTS, seed=1)
    batch = found.encode(DOCUMENTS)
    assert all(np.array_equal(found.encode([document])[0], row) for document, row in zip(DOCUMENTS, batch, strict=True))


def test_no_documents() -> None:
    assert vectors().encode([]).shape == (0, 2)
    assert vectors().covers([]).shape == (0,)


def test_nothing_to_learn_from_says_what_to_do() -> None:
    with pytest.raises(TrainingError, match="no token reaches min_count 9 in 5 documents"):
        Word2Vec(min_count=9).fit(DOCUMENTS, seed=1)


def test_a_learning_rate_that_explodes_is_an_error() -> None:
    with pytest.raises(TrainingError, match="Lower learning_rate"):
        Word2Vec(**SMALL, learning_rate=1e30).fit(DOCUMENTS * 9, seed=1)


@pytest.mark.parametrize(
    "setting",
    [{"dim": 0}, {"epochs": -1}, {"learning_rate": float("nan")}, {"sample": -1.0}, {"backend": "word2vec.c"}],
)
def test_settings_out_of_range_are_named(setting: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=next(iter(setting))):
        Word2Vec(**setting)


def test_each_epoch_is_reported_and_may_cancel() -> None:
    seen: list[int] = []

    def stop(epoch: int, loss: float) -> None:
        seen.append(epoch)
        if epoch == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        Word2Vec(**SMALL).fit(DOCUMENTS, seed=1, on_epoch=stop)
    assert seen == [0, 1]


def test_without_gensim_the_install_line_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    with pytest.raises(MissingExtra, match=r"tastemaker\[gensim\]"):
        Word2Vec(**SMALL, backend="gensim").fit(DOCUMENTS, seed=1)


def test_gensim_fills_the_same_shape() -> None:
    pytest.importorskip("gensim")
    seen: list[int] = []
    settings = Word2Vec(**SMALL, backend="gensim", threads=1)
    one = settings.fit(DOCUMENTS, seed=1, on_epoch=lambda epoch, loss: seen.append(epoch))
    again = settings.fit(DOCUMENTS, seed=1)
    assert one.words == ("rose", "amber", "iris", "musk", "oud")
    assert one.vectors.tobytes() == again.vectors.tobytes()
    assert seen == [0, 1, 2]
