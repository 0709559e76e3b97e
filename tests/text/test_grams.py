"""Texts as hashed n-grams: what is the same text, and what is not."""

from time import perf_counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.text import Corpus, Reading
from tastemaker.text.grams import LONGEST, hash_of, plain

WORDS = Reading((1,), (), False)


def grams(text, how=WORDS):
    found = Corpus.read([text], how)
    return found.gram.tolist()


@given(st.text(max_size=40), st.lists(st.text(max_size=20), max_size=3))
def test_a_text_alone_has_the_grams_it_has_among_others(text, others):
    how = Reading()
    corpus = Corpus.read([*others, text, *others], how)
    mine = sorted(corpus.gram[corpus.text == len(others)].tolist())
    assert mine == sorted(grams(text, how))


def test_a_word_is_the_same_wherever_it_stands_and_in_any_case():
    assert set(grams("Rain")) < set(grams("so much rain again"))
    assert grams("don’t") == grams("DON'T")
    assert hash_of("rain") == grams("rain")[0]


def test_letters_that_repeat_and_links_say_nothing_more():
    assert plain("Sooooo  goooood https://x.y/z") == "soo good"


def test_signs_and_emoji_stand_by_themselves():
    assert len(grams("good!!")) == 3
    assert grams("😡😡") == grams("😡") * 2


def test_what_is_negated_is_another_word_but_not_beyond_the_clause():
    how = Reading((1,), (), True)
    happy = hash_of("happy")
    assert happy not in grams("not happy", how)
    assert happy not in grams("I am not very happy", how)
    assert happy in grams("no. happy", how)
    assert happy in grams("not one two three happy", how)
    assert happy in grams("happy", how)


def test_the_letters_of_what_is_negated_are_others_too():
    how = Reading((), (5,))
    happy = set(grams("happy", how))
    assert not happy & set(grams("not very happy", how))
    assert happy & set(grams("I am happy, not sad", how))
    assert happy & set(grams("not very happy", Reading((), (5,), spelling=False)))


def test_pairs_of_words_do_not_join_two_texts():
    pair = Reading((2,), (), False)
    assert len(Corpus.read(["a", "b"], pair).gram) == 0
    assert len(grams("a b", pair)) == 1
    assert grams("a b", pair) != grams("b a", pair)


def test_letters_are_counted_with_the_blanks_around():
    found = Corpus.read(["ab"], Reading((), (2,), False))
    assert len(found.gram) == 3  # " a", "ab", "b "
    assert set(found.kind.tolist()) == {2}


def test_100_kb_are_read_in_no_time_and_only_their_beginning():
    long = "word " * 20_000
    begun = perf_counter()
    n = len(grams(long))
    assert n == LONGEST // 5
    assert perf_counter() - begun < 2.0


def test_nothing_is_no_gram():
    for nothing in ("", " ", "\n\t"):
        assert grams(nothing, Reading(chars=())) == []
    assert Corpus.read([], Reading()).n == 0


def test_counts_are_by_hand():
    corpus = Corpus.read(["a b a", "c"], WORDS)
    known = np.array(sorted(hash_of(w) for w in "abc"), np.uint32)
    counts = corpus.counts(known).toarray()
    order = [int(np.searchsorted(known, hash_of(w))) for w in "abc"]
    assert counts[:, order].tolist() == [[2, 1, 0], [0, 0, 1]]
