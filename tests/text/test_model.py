"""What a text model learns, foretells, and says nothing of."""

import json
from dataclasses import replace

import numpy as np
import pytest

from tastemaker.algorithms.text_lexicon import Lexicon, fit_lexicon
from tastemaker.algorithms.text_linear import TextLinear, calibrated, sharpness
from tastemaker.errors import TrainingError
from tastemaker.text import Corpus, Reading, TextModel, load
from tastemaker.text.grams import hash_of
from tastemaker.text.model import shares, weighed
from tastemaker.watch import Watch

LABELS = ("cold", "warm")
COLD = ["snow and ice", "ice wind", "frost tonight", "the snow falls", "cold wind", "a frozen lake", "ice ice", "snow"]
WARM = ["sun and sand", "hot sun", "summer heat", "the sun burns", "warm sand", "a hot stove", "heat heat", "summer"]


@pytest.fixture(scope="module")
def model():
    has = np.array([[True, False]] * len(COLD) + [[False, True]] * len(WARM))
    return TextLinear(Reading((1,), ()), least=1).fit(COLD + WARM, LABELS, has, Watch())


def test_it_learns_what_it_is_told(model):
    found = model.distribution(["snow", "hot sand"])
    assert found.argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-5)


def test_weights_are_a_minimum_of_their_loss(model):
    """A step along any coordinate makes the loss, written down once more, no smaller."""
    has = np.array([[1, -1]] * len(COLD) + [[-1, 1]] * len(WARM), float)
    x = weighed(Corpus.read(COLD + WARM, model.reading).counts(model.grams), model.idf, model.kind).toarray()

    def loss(w, b):
        return float(np.log1p(np.exp(-has * (x @ w + b))).sum() / len(x) + 1e-5 * (w**2).sum())

    how = TextLinear(Reading((1,), ()), least=1, steps=500)
    exact = how.fit(COLD + WARM, LABELS, has > 0, Watch())
    w, b = exact.weights.astype(float), exact.bias.astype(float)
    least = loss(w, b)
    rng = np.random.default_rng(0)
    for _ in range(30):
        step = rng.normal(size=w.shape)
        assert loss(w + 0.05 * step / np.linalg.norm(step), b) > least - 1e-5


def test_tf_idf_is_its_definition():
    texts = ["a a b", "b c"]
    corpus = Corpus.read(texts, Reading((1,), (), False))
    grams = np.array(sorted({hash_of(w) for w in "abc"}), np.uint32)
    idf = np.array([2.0, 3.0, 5.0], np.float32)
    found = weighed(corpus.counts(grams), idf, np.zeros(3, np.int8)).toarray()
    at = {w: int(np.searchsorted(grams, hash_of(w))) for w in "abc"}
    a, b = (1 + np.log(2)) * idf[at["a"]], idf[at["b"]]
    np.testing.assert_allclose(found[0, [at["a"], at["b"]]], np.array([a, b]) / np.hypot(a, b), rtol=1e-5)


def test_strange_words_and_nothing_at_all_are_not_labelled(model):
    assert np.isnan(model.distribution(["", "  ", "Straße Übermut", "日本語のテキスト", "?!"])).all()
    assert not np.isnan(model.distribution(["snow Straße"])).any()


def test_stops_do_not_make_strange_words_known():
    texts, has = (
        [f"{text}?" for text in COLD + WARM],
        np.array([[True, False]] * len(COLD) + [[False, True]] * len(WARM)),
    )
    model = TextLinear(Reading((1,), ()), least=1).fit(texts, LABELS, has, Watch())
    assert np.isnan(model.chances(["Почему? Зачем?", "?"])).all()
    assert np.isfinite(model.chances(["snow? Зачем?"])).all()


def test_a_text_of_100_kb_is_read(model):
    assert model.distribution(["hot sun " * 15_000]).argmax() == 1


def test_saved_is_loaded_bit_for_bit(model):
    settings, arrays = model.state()
    again = load(json.loads(json.dumps(settings)), arrays)
    assert isinstance(again, TextModel)
    np.testing.assert_array_equal(again.chances(COLD), model.chances(COLD))


def test_the_same_texts_make_the_same_model(model):
    has = np.array([[True, False]] * len(COLD) + [[False, True]] * len(WARM))
    again = TextLinear(Reading((1,), ()), least=1).fit(COLD + WARM, LABELS, has, Watch())
    np.testing.assert_array_equal(again.weights, model.weights)


def test_a_distribution_is_as_sharp_as_labels_are_sure(model):
    """One label in four is drawn at random: who says 3/4 + 1/8 is right, whatever the chances of each by itself say."""
    rng = np.random.default_rng(0)
    first = rng.random(4000) < 0.5
    truly = np.where(rng.random(4000) < 0.25, rng.random(4000) < 0.5, first)
    has = np.stack([truly, ~truly], axis=1)
    chances = np.where(np.stack([first, ~first], axis=1), 0.5, 0.2).astype(np.float32)
    found = shares(chances, sharpness(chances, has))
    np.testing.assert_allclose(found.max(axis=1), 0.875, atol=0.02)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-6)
    again = load(*replace(model, sharpness=1.7).state())
    assert again.distribution(COLD[:1]).max() > model.distribution(COLD[:1]).max()


def test_a_model_of_before_reads_letters_as_it_learned_them(model):
    settings, arrays = replace(model, reading=Reading(spelling=False)).state()
    del settings["reading"]["spelling"], settings["sharpness"]
    again = load(settings, arrays)
    assert (again.reading, again.sharpness) == (Reading(spelling=False), 1.0)


def test_calibration_makes_the_chances_of_kept_aside_texts_better(model):
    rng = np.random.default_rng(0)
    texts = [str(rng.choice(COLD + WARM)) for _ in range(200)]
    has = np.array([[t in COLD, t in WARM] for t in texts])
    has[rng.random(200) < 0.3] ^= True  # a third of what is said is wrong

    def loss(one):
        p = np.clip(one.chances(texts), 1e-6, 1 - 1e-6)
        return -np.where(has, np.log(p), np.log(1 - p)).mean()

    assert loss(calibrated(model, model.margins(texts), has)) < loss(model) - 0.1


def test_labels_that_are_nowhere_or_everywhere_are_refused():
    with pytest.raises(TrainingError, match="do not tell them apart"):
        TextLinear().fit(["a", "b"], LABELS, np.array([[True, True], [True, False]]), Watch())


def test_a_lexicon_is_enough_and_a_negation_turns_it_around():
    lexicon = Lexicon(
        {"glad": {"plain": ("happy", "cheerful", "merry", "joyful"), "said": ("what a day", "hooray")},
         "low": {"plain": ("sad", "gloomy", "blue", "down"), "said": ("i cried", "leave me")}},
        {"plain": ("i am {}", "so {}", "{}")}, {"glad": "low"},
    )  # fmt: skip
    found = fit_lexicon(lexicon, np.random.default_rng(0), Watch()).distribution(
        ["I am happy", "I am not happy", "hooray"]
    )
    assert found.argmax(axis=1).tolist() == [0, 1, 0]


def test_a_lexicon_that_speaks_of_no_label_is_refused():
    with pytest.raises(TrainingError, match="names no label"):
        Lexicon({"glad": {"plain": ("happy",)}}, {}, {"glad": "merry"})
    with pytest.raises(TrainingError, match="no kind of phrase"):
        Lexicon({"glad": {"shouted": ("happy",)}})
