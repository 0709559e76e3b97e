import numpy as np
import pytest

from tastemaker.data.dataset import Scale
from tastemaker.data.features import Features
from tastemaker.data.vocab import Vocab
from tastemaker.errors import DataError, RecipeError
from tastemaker.metrics import ndcg_ranked, spearman
from tastemaker.synth.preference import preferences, strongest
from tastemaker.synth.users import Population, as_dataset, draw_rankings, draw_tastes
from tastemaker.testing import lopsided_world

NAMES = ("floral", "fresh", "woody", "spicy", "citrus", "oriental", "sweet")
KINDS = {
    "floral_lover": {"floral": 0.8, "fresh": 0.6},
    "woody_enthusiast": {"woody": 0.9, "spicy": 0.7},
    "fresh_seeker": {"fresh": 0.8, "citrus": 0.7},
    "oriental_fan": {"oriental": 0.9, "sweet": 0.6},
    "versatile_user": {"*": 0.7},
}
POPULATION = Population(KINDS)


@pytest.fixture(scope="module")
def membership():
    """2,000 items; the first families are frequent, the last is rare."""
    return np.random.default_rng(0).dirichlet((0.9, 0.7, 0.5, 0.4, 0.3, 0.2, 0.1), 2000).astype(np.float32)


@pytest.fixture(scope="module")
def drawn(membership):
    """600 users: tastes, archetypes, rankings."""
    rng = np.random.default_rng(1)
    tastes, archetype = draw_tastes(POPULATION, NAMES, 600, rng)
    return tastes, archetype, draw_rankings(tastes, membership, 10, 0.2, rng)


def test_an_archetype_names_its_tastes_and_the_star_all_of_them():
    centers = Population({"a": {"woody": 0.9}, "b": {"*": 0.7, "sweet": 0.1}}).centers(NAMES)
    np.testing.assert_allclose(centers, [[0, 0, 0.9, 0, 0, 0, 0], [0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.1]])


def test_archetypes_are_balanced_and_their_order_is_mixed(rng):
    _, archetype = draw_tastes(POPULATION, NAMES, 502, rng)
    assert sorted(np.bincount(archetype)) == [100, 100, 100, 101, 101]
    assert (np.diff(archetype) != 0).mean() > 0.7


def test_tastes_scatter_around_their_archetype_and_stay_within_0_to_1(drawn):
    tastes, archetype, _ = drawn
    centers = POPULATION.centers(NAMES)[archetype]
    assert tastes.min() == 0.0
    assert tastes.max() == 1.0
    inner = (centers > 0.5) & (centers < 0.75)  # 2.5 deviations from a border
    errors = (tastes - centers)[inner]
    assert errors.std() == pytest.approx(0.1, abs=0.005)
    assert errors.mean() == pytest.approx(0.0, abs=0.005)
    zero = (centers == 0.0) & (archetype != 4)[:, None]
    assert (tastes[zero] == 0.0).mean() == pytest.approx(0.5, abs=0.03)  # the half that fell below 0


def test_every_list_is_a_permutation_of_ranks_over_different_items(drawn):
    _, _, found = drawn
    assert (np.sort(found.rank, axis=1) == np.arange(1, 11)).all()
    assert all(len(set(row)) == 10 for row in found.items.tolist())


def test_ranks_follow_a_preference_with_the_stated_noise(membership):
    rng = np.random.default_rng(2)
    tastes, _ = draw_tastes(POPULATION, NAMES, 50, rng)
    exact = draw_rankings(tastes, membership, 10, 0.0, rng)
    for preference, rank in zip(exact.preference, exact.rank, strict=True):
        assert (np.diff(preference[np.argsort(rank)]) <= 1e-6).all()  # rank 1 is the most preferred
    noisy = draw_rankings(np.repeat(tastes, 100, axis=0), membership, 2, 0.2, rng)
    gap = np.abs(noisy.preference[:, 0] - noisy.preference[:, 1])
    agrees = (noisy.preference[:, 0] > noisy.preference[:, 1]) == (noisy.rank[:, 0] < noisy.rank[:, 1])
    assert agrees[gap < 0.05].mean() < 0.65
    assert agrees[gap > 0.7].mean() > 0.97


def test_the_same_seed_draws_the_same_users(membership):
    first, again, other = (
        draw_rankings(draw_tastes(POPULATION, NAMES, 20, rng)[0], membership, 10, 0.2, rng)
        for rng in map(np.random.default_rng, (5, 5, 6))
    )
    assert first.items.tobytes() == again.items.tobytes() != other.items.tobytes()
    assert first.rank.tobytes() == again.rank.tobytes()


def test_the_oracle_reaches_what_can_be_known_and_no_more(drawn):
    _, _, found = drawn
    relevance = 11.0 - found.rank
    assert spearman(found.preference, relevance).mean() == pytest.approx(0.77, abs=0.02)
    assert ndcg_ranked(found.preference, relevance).mean() == pytest.approx(0.96, abs=0.01)
    random = np.random.default_rng(3).random(relevance.shape, np.float32)
    assert ndcg_ranked(random, relevance).mean() == pytest.approx(0.83, abs=0.01)


def test_a_score_of_the_item_alone_says_little(drawn, membership):
    """The best such score is the mean preference of all users."""
    tastes, _, found = drawn
    mean = preferences(tastes, membership).mean(axis=0)
    assert spearman(mean[found.items], 11.0 - found.rank).mean() < 0.2


def test_another_affinity_gives_another_order(drawn, membership):
    tastes, _, _ = drawn
    found = draw_rankings(tastes[:50], membership, 10, 0.0, np.random.default_rng(0), strongest)
    assert spearman(found.preference, 11.0 - found.rank).mean() > 0.99
    mine = preferences(tastes[:50], membership, found.items)
    assert spearman(mine, 11.0 - found.rank).mean() < 0.97


def test_only_the_items_among_are_ranked(membership, rng):
    tastes, _ = draw_tastes(POPULATION, NAMES, 30, rng)
    found = draw_rankings(tastes, membership, 10, 0.2, rng, among=np.array([3, 9, 27, 81], np.int32))
    assert found.items.shape == (30, 4)
    assert set(found.items.ravel().tolist()) == {3, 9, 27, 81}


def test_a_catalog_of_one_item_cannot_be_ranked(membership, rng):
    with pytest.raises(DataError, match="A ranking needs two items; the catalog has 1"):
        draw_rankings(np.ones((2, 7), np.float32), membership[:1], 10, 0.2, rng)


@pytest.mark.parametrize("bad", [{"users": 0}, {"rankings": 1}])
def test_a_population_that_can_rank_nothing_is_refused(bad):
    with pytest.raises(RecipeError, match="at least 1 and 2 are needed"):
        Population(KINDS, **bad)


def test_rankings_become_synthetic_events_that_fill_the_scale(rng):
    world = lopsided_world()
    membership, names = world.features.block("tastes"), world.features.tastes
    tastes, _ = draw_tastes(Population({"all": {"*": 0.5}}), names, 3, rng)
    found = draw_rankings(tastes, membership, 4, 0.2, rng)
    data = as_dataset(found, tastes, names, world.data.catalog, Scale(worst=10, best=1), time=7)
    assert data.events.synthetic.all()
    assert data.users.ids == ("synthetic-0", "synthetic-1", "synthetic-2")
    assert sorted(data.events.value[:4].tolist()) == [1.0, 4.0, 7.0, 10.0]
    np.testing.assert_array_equal(data.events.group, data.events.user)
    np.testing.assert_allclose(data.signed().reshape(3, 4), 1 - 2 * (found.rank - 1) / 3, atol=1e-6)
    np.testing.assert_array_equal(data.profiles, tastes)


def test_a_mixed_user_is_a_bit_of_each_archetype(rng):
    kinds = {"one": {"a": 1.0}, "two": {"b": 1.0}}
    pure, _ = draw_tastes(Population(kinds, taste_noise=0.0), ("a", "b"), 400, rng)
    mixed, main = draw_tastes(Population(kinds, taste_noise=0.0, mix=2.0), ("a", "b"), 400, rng)
    alike, _ = draw_tastes(Population(kinds, taste_noise=0.0, mix=500.0), ("a", "b"), 400, rng)
    assert set(map(tuple, pure.tolist())) == {(1.0, 0.0), (0.0, 1.0)}
    np.testing.assert_allclose(mixed.sum(axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(main, mixed.argmax(axis=1))
    assert mixed[:, 0].var() == pytest.approx(1 / 20, rel=0.25)  # Beta(2, 2)
    assert alike[:, 0].std() < 0.03


def test_everybody_has_what_an_archetype_does_not_speak_of():
    kinds = {"one": {"a": 0.9}, "all": {"*": 0.1, "b": 0.2}}
    centers = Population(kinds, everybody={"*": 0.5, "b": 0.7}).centers(("a", "b", "c"))
    np.testing.assert_allclose(centers, [[0.9, 0.7, 0.5], [0.1, 0.2, 0.1]], rtol=1e-6)


def test_what_pulls_is_weighed_and_what_the_catalog_lacks_pulls_nobody():
    numbers = np.array([[1, -1], [0, 2]], np.float32)
    features = Features(Vocab(("x", "y")), {"numbers": numbers}, {"numbers": ("known", "year")})
    np.testing.assert_allclose(Population(KINDS, pull={"known": 0.5, "price": 9.0}).pulls(features), [0.5, 0.0])
    assert Population(KINDS, pull={"price": 9.0}).pulls(features) is None


def test_pulled_users_rank_what_pulls_first(membership, rng):
    pull = np.linspace(0, 5000, len(membership)).astype(np.float32)
    tastes, _ = draw_tastes(POPULATION, NAMES, 20, rng)
    found = draw_rankings(tastes, membership, 10, 0.0, rng, pull=pull)
    for items, rank in zip(found.items, found.rank, strict=True):
        assert (np.diff(items[np.argsort(rank)]) < 0).all()
