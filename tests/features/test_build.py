import sys
from dataclasses import replace

import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.features import TASTES
from tastemaker.data.vocab import Vocab
from tastemaker.errors import Cancelled
from tastemaker.features import build
from tastemaker.features.build import QUICK, FeatureSettings, TextFeatures, build_features, described
from tastemaker.features.tastes import Tastes
from tastemaker.watch import Watch

N = 30
WOODS, AIRS = ("oak", "moss", "smoke", "Dry wood"), ("mint", "lime", "salt", "Sea air")
TASTES_ = Tastes({"woody": ["oak", "moss", "wood"], "fresh": ["mint", "lime"]}, "notes", "about")
TINY = {encoder: TextFeatures(encoder, dim=6, epochs=3, window=2, threads=1) for encoder in ("word2vec", "lsa")}
ALL = ("text", TASTES, "numbers")


def catalog(seed=0):
    """Two thirds woody, one third fresh; item 4 says nothing, item 7 has no tags."""
    rng = np.random.default_rng(seed)
    tags = [tuple(rng.choice(WOODS if i % 3 else AIRS, 3, replace=False).tolist()) for i in range(N)]
    tags[4] = tags[7] = ()
    about = [f"a scent of {' and '.join(row).lower()} for evening {i}" for i, row in enumerate(tags)]
    about[4] = ""
    return Catalog(
        Vocab(tuple(f"i{i}" for i in range(N))), tuple(f"T{i}" for i in range(N)),
        text={"about": tuple(about), "image": tuple(f"http://x/{i}.jpg" for i in range(N))},
        tags={"notes": tuple(tags)},
        numbers={"price": rng.random(N).astype(np.float32), "age": np.arange(N, dtype=np.float32)},
    )  # fmt: skip


class Kept(dict):
    """A cache in memory."""

    def put(self, key, arrays):
        self[key] = {name: np.array(array) for name, array in arrays.items()}


def built(encoder="lsa", of=None, blocks=ALL, cache=None, fitted_on=None, watch=Watch(), **text):  # noqa: B008
    settings = FeatureSettings(blocks, replace(TINY[encoder], **text))
    return build_features(of or catalog(), settings, TASTES_, 1, watch, cache, fitted_on)


@pytest.fixture
def no_learning(monkeypatch):
    """From here on, learning word vectors fails."""

    def forbid():
        def fail(*_):
            raise AssertionError("learned again")

        monkeypatch.setattr(build, "_learn", fail)

    return forbid


@pytest.mark.parametrize("encoder", ["word2vec", "lsa"])
def test_blocks_are_made_of_what_the_catalog_has(encoder):
    found = built(encoder)
    assert set(found.blocks) == set(ALL)
    assert found.tastes == ("woody", "fresh")
    assert found.names["numbers"] == ("age", "price")
    np.testing.assert_allclose(found.block("numbers").mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(found.block(TASTES).sum(axis=1), 1, rtol=1e-6)
    lengths = np.linalg.norm(found.block("text"), axis=1)
    np.testing.assert_allclose(np.delete(lengths, 4), 1, rtol=1e-5)
    assert not found.known("text")[4]


def test_text_tells_the_two_kinds_apart():
    text = built().block("text")
    near = text @ text.T
    assert np.delete(near[0, 3::3], 0).mean() > near[0, 1::3].mean() + 0.3


def test_what_is_not_asked_for_or_not_there_is_left_out():
    assert set(built(blocks=("numbers",)).blocks) == {"numbers"}
    assert set(built(blocks=(QUICK, "text")).blocks) == {QUICK, "text"}
    bare = Catalog(Vocab(("a", "b")), ("A", "B"))
    assert set(built(of=bare).blocks) == {TASTES}
    assert build_features(bare, FeatureSettings(), Tastes({}), 1, Watch()).blocks == {}


def test_addresses_are_no_text():
    assert described(catalog()) == ("about",)


@pytest.mark.parametrize("encoder", ["word2vec", "lsa"])
def test_the_same_seed_gives_the_same_features(encoder):
    assert built(encoder).digest == built(encoder).digest


@pytest.mark.parametrize("encoder", ["word2vec", "lsa"])
def test_a_cache_hit_does_not_learn_again_and_gives_the_same(encoder, no_learning):
    cache = Kept()
    first = built(encoder, cache=cache)
    no_learning()
    assert built(encoder, cache=cache).digest == first.digest


@pytest.mark.parametrize("change", [{"dim": 5}, {"epochs": 4}, {"min_count": 2}, {"window": 3}])
def test_another_setting_learns_again(change, no_learning):
    cache = Kept()
    built("word2vec", cache=cache)
    no_learning()
    with pytest.raises(AssertionError, match="learned again"):
        built("word2vec", cache=cache, **change)


def _told_otherwise(of, rows):
    """The same catalog where these items say wholly different things."""
    tags, about = list(of.tags["notes"]), list(of.text["about"])
    for i in rows:
        tags[i], about[i] = ("smoke", "evening", "lime"), "scent scent a quite different a story of oak and oak"
    numbers = {
        name: np.where(np.isin(np.arange(N), rows), 999, column).astype(np.float32)
        for name, column in of.numbers.items()
    }
    return replace(of, tags={"notes": tuple(tags)}, text={**of.text, "about": tuple(about)}, numbers=numbers)


@pytest.mark.parametrize("encoder", ["word2vec", "lsa"])
def test_held_out_items_change_nothing_of_what_is_learned(encoder, no_learning):
    seen = np.arange(N) % 5 != 0
    other = _told_otherwise(catalog(), np.flatnonzero(~seen))
    cache = Kept()
    mine = built(encoder, cache=cache, fitted_on=seen)
    no_learning()
    theirs = built(encoder, of=other, cache=cache, fitted_on=seen)
    for block in ("text", "numbers"):
        np.testing.assert_array_equal(mine.block(block)[seen], theirs.block(block)[seen])
    assert not np.array_equal(mine.block("text")[~seen], theirs.block("text")[~seen])
    assert mine.known("text")[~seen].all()  # they are encoded all the same


def test_learning_from_fewer_items_is_another_learning():
    cache = Kept()
    built("word2vec", cache=cache)
    built("word2vec", cache=cache, fitted_on=np.arange(N) > 9)
    assert len(cache) == 2


def test_progress_is_reported_and_learning_can_be_stopped():
    seen = []
    built("word2vec", watch=Watch(report=seen.append, stage="features"))
    assert [(p.stage, p.done, p.total) for p in seen] == [("features", done, 3) for done in (1, 2, 3)]
    assert all("loss" in p.metrics for p in seen)
    with pytest.raises(Cancelled):
        built("word2vec", watch=Watch(cancelled=lambda: True))


def test_gensim_is_not_needed(monkeypatch):
    monkeypatch.setitem(sys.modules, "gensim", None)
    assert built("word2vec").known("text").any()


def test_the_order_of_magnitude_of_a_number_is_taken_where_the_recipe_says_so():
    prices = np.array([0, 9, 99, 999, np.nan], np.float32)
    catalog = Catalog(Vocab(tuple("abcde")), tuple("abcde"), numbers={"price": prices, "size": prices})
    found = build_features(catalog, FeatureSettings(("numbers",), log=("price",)), Tastes({}), 0, Watch())
    price, size = found.block("numbers").T[:2]
    np.testing.assert_allclose(np.diff(price[:4]), np.diff(price[:2])[0], rtol=1e-5)  # steps of ten times are even
    assert size[3] - size[2] > 5 * (size[2] - size[1])
    assert price[4] == size[4] == 0
