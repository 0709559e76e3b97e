import pytest

from tastemaker.data.catalog import Catalog
from tastemaker.data.vocab import Vocab
from tastemaker.features.words import documents, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Black Pepper, ROSE!", ["black", "pepper", "rose"]),
        ("l'eau d’été — No. 5", ["l'eau", "d", "été", "no", "5"]),
        ("under_score don't 'quoted'", ["under", "score", "don't", "quoted"]),
        ("Кедр 白檀 ylang-ylang", ["кедр", "白檀", "ylang", "ylang"]),
        ("", []),
        (" \t.,;", []),
    ],
)
def test_words_are_lower_cased_letters_and_digits_of_any_script(text, found):
    assert words(text) == found


def test_a_document_is_tags_with_their_phrases_then_texts_then_names():
    catalog = Catalog(
        items=Vocab(("a", "b")),
        titles=("A", "B"),
        text={"story": ("A pink pepper tale", "")},
        tags={"notes": (("Pink Pepper", "oud"), ())},
        categories={"brand": ("House of X", "Unknown")},
    )
    found = documents(catalog, ["notes"], ["story"], ["brand"])
    assert found == [
        ["pink", "pepper", "pink_pepper", "oud", "a", "pink", "pepper", "tale", "house", "of", "x"],
        ["unknown"],
    ]
    assert documents(catalog, [], [], []) == [[], []]
