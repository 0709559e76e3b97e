import numpy as np
import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.vocab import Vocab
from tastemaker.features.tastes import Tastes, shares

FAMILIES = {
    "floral": ["rose", "orange blossom", "violet"],
    "fresh": ["violet leaf", "mint"],
    "citrus": ["orange", "lemon"],
    "woody": ["oud", "rose"],  # a word may speak of two families
}


def catalog(tags, text=None):
    n = len(tags)
    texts = text or ("",) * n
    return Catalog(Vocab(tuple(f"i{k}" for k in range(n))), ("T",) * n, {"story": tuple(texts)}, {"notes": tuple(tags)})


@pytest.fixture
def lexicon():
    return Tastes(FAMILIES, tags="notes", text="story", text_weight=0.25)


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        ("orange", [0, 0, 1, 0]),
        ("orange blossom", [1, 0, 0, 0]),  # the longest phrase, and not the orange inside it
        ("violet leaf violet", [1, 1, 0, 0]),
        ("rose", [1, 0, 0, 1]),
        ("old rose with orange orange blossom", [2, 0, 1, 1]),
        ("leaf violets", [0, 0, 0, 0]),
        ("", [0, 0, 0, 0]),
    ],
)
def test_counts_take_the_longest_phrase_first(lexicon, tokens, expected):
    assert lexicon.counts(tokens.split()).tolist() == expected


def test_membership_is_the_formula_of_the_docstring(lexicon):
    """Two tags of citrus, one of floral; four mentions of mint, of which three count: 1 : .75 : 2."""
    found = lexicon.encode(catalog([("Lemon", "orange", "Orange Blossom")], ["mint mint mint mint"]))
    np.testing.assert_allclose(found, [[1 / 3.75, 0.75 / 3.75, 2 / 3.75, 0]], rtol=1e-6)


def test_a_tag_counts_once_a_family(lexicon):
    np.testing.assert_allclose(lexicon.encode(catalog([("lemon orange lemon", "mint")])), [[0, 0.5, 0.5, 0]])


def test_an_item_of_which_nothing_is_known_is_average(lexicon):
    found = lexicon.encode(catalog([("lemon",), ("mint",), ("plastic",), ()]))
    np.testing.assert_allclose(found[2:], np.tile([0, 0.5, 0.5, 0], (2, 1)))
    np.testing.assert_allclose(lexicon.encode(catalog([(), ()])), np.full((2, 4), 0.25))


def test_rows_are_shares_that_sum_to_1(lexicon):
    rng = np.random.default_rng(0)
    notes = ["rose", "mint", "lemon", "orange", "plastic", "oud"]
    tags = [tuple(rng.choice(notes, int(rng.integers(0, 5)))) for _ in range(30)]
    found = lexicon.encode(catalog(tags, [" ".join(rng.choice(notes, 3)) for _ in range(30)]))
    assert found.dtype == np.float32
    assert (found >= 0).all()
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-5)


def test_columns_that_the_catalog_does_not_have_say_nothing():
    lexicon = Tastes(FAMILIES, tags=None, text="no such column")
    np.testing.assert_allclose(lexicon.encode(catalog([("rose",)])), np.full((1, 4), 0.25))
    assert lexicon.names == tuple(FAMILIES)


def test_no_families_no_columns():
    nothing = Tastes({}, tags="notes")
    assert nothing.encode(catalog([("rose",), ()])).shape == (2, 0)


def test_coverage_counts_tags_and_names_the_unknown_by_frequency(lexicon):
    found = lexicon.coverage(catalog([("Plastic", "rose"), ("plastic", "tar"), ("zinc",), ()], ["", "", "", "a rose"]))
    assert (found.tags, found.known_tags) == (5, 1)
    assert found.unknown == ("plastic", "tar", "zinc")
    assert found.silent.tolist() == [False, True, True, False]


def test_shares_leave_a_row_of_zeros():
    assert shares(np.float32([[1, 3], [0, 0]])).tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_more_columns_count_like_the_tags_and_tags_can_be_read_as_prose():
    catalog = Catalog(
        Vocab(("a", "b")), ("a", "b"), categories={"era": ("mint", "")},
        tags={"notes": (("oak",), ()), "said": ((), ("so much mint", "mint", "fresh oak"))},
    )  # fmt: skip
    families = {"woody": ["oak"], "fresh": ["mint"]}
    np.testing.assert_allclose(Tastes(families, "notes", also=("era",)).encode(catalog)[0], [0.5, 0.5])
    found = Tastes(families, "notes", "said", also=("era", "no such column")).encode(catalog)
    np.testing.assert_allclose(found, [[0.5, 0.5], [1 / 3, 2 / 3]], rtol=1e-6)
