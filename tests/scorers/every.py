"""One scorer of every class that there is, with drawn arrays. A class without an entry here fails a test."""

from collections.abc import Callable

import numpy as np

from tastemaker.data.features import TASTES
from tastemaker.scorers import (
    AsLikes,
    Blend,
    Calibrated,
    Embeddings,
    Mapping,
    Nearby,
    Popularity,
    Ranked,
    Scorer,
    Stated,
    Tower,
)
from tastemaker.scorers.embeddings import unit_rows
from tastemaker.testing.worlds import World

from . import learned, made, test_bayes_factors, test_choices, test_foretelling, test_gated, test_rating_neighbors

Make = Callable[[World], Scorer]


def mapping(world):
    return Mapping(world.features.block(TASTES))


def near(world):
    return Embeddings(world.features.block("text"), "text")


def popular(world):
    return Popularity(np.random.default_rng(1).random(len(world.features)).astype(np.float32))


def blend(world):
    return Blend((mapping(world), near(world), popular(world)), (1.0, 0.5, 0.1))


def tower(world, seed=6):
    """A network of one hidden layer, and the text beside it."""
    rng, width = np.random.default_rng(seed), world.features.matrix(("text", TASTES)).shape[1]
    draw = lambda *shape: rng.normal(0.0, 0.5, shape).astype(np.float32)  # noqa: E731
    layers = (draw(width, 7), draw(7, 5)), (draw(7), draw(5))
    empty = Embeddings(np.zeros((len(world.features), 0), np.float32), "tower")
    bare = Tower(empty, *layers, ("text", TASTES), ("text",), np.float32([0.8, 0.6]))
    return bare.with_items(world.features)


def ranked(world):
    return Ranked(learned.event_graph(world.features), test_foretelling.made(world), popular(world))


EVERY: dict[str, Make] = {
    "AsLikes": lambda w: AsLikes(test_bayes_factors.drawn(w.features), 0.1),
    "BayesFactors": lambda w: test_bayes_factors.drawn(w.features),
    "Blend": blend,
    "Calibrated": lambda w: Calibrated(blend(w), 3.0, -1.0, 6.0, -2.0),
    "Embeddings": near,
    "Choices": lambda w: test_choices.made(w.features),
    "EventGraph": lambda w: learned.event_graph(w.features),
    "Factors": lambda w: learned.factors(w.features),
    "Foretelling": test_foretelling.made,
    "Gated": lambda w: test_gated.made(w.features),
    "ItemWeights": lambda w: learned.item_weights(w.features),
    "LowRank": lambda w: learned.low_rank(w.features),
    "Mapping": mapping,
    "Mlp": lambda w: made.mlp(w.features, squash=True),
    "Nearby": lambda w: Nearby(blend(w), unit(w), 0.4),
    "Popularity": popular,
    "Ranked": ranked,
    "RatingNeighbors": lambda w: test_rating_neighbors.drawn(w.features),
    "Stated": lambda w: Stated(mapping(w), w.features.block(TASTES), w.features.block(TASTES).mean(axis=0), 2.0),
    "TasteFactors": lambda w: made.taste_factors(w.features),
    "Tower": tower,
    "WeightedSum": lambda w: learned.weighted_sum(w.features),
}

# As projects deploy them: what was learned, with what is put around it.
DEPLOYED: dict[str, Make] = {
    "a network as pretrain leaves it": lambda w: Calibrated(around(made.mlp(w.features, squash=False), w), 1, 0, 2, 0),
    "grades as train leaves them": lambda w: Calibrated(learned.factors(w.features, graded=True), 1, 0, 2, 0),
    "who shows and who foretells, as train leaves them": lambda w: Stated.around(
        ranked(w), w.features, 1.2, True, True
    ),
    "a gate around a tower": lambda w: gate(tower(w), w),
    "a blend that cannot always say": lambda w: Blend((ranked(w), Nearby(mapping(w), near(w), 0.3)), (2.0, 1.0)),
}


def unit(world):
    return Embeddings(unit_rows(world.features.block("text")), "text")


def around(inner, world):
    membership = world.features.block(TASTES)
    return Nearby(Stated(inner, membership, membership.mean(axis=0), 3.0), unit(world), 0.5)


def gate(content, world):
    return test_gated.Gated(
        content,
        learned.low_rank(world.features),
        (np.arange(len(world.features)) % 7).astype(np.float32),
        np.array(((0.0, -0.2), (0.5, 0.8))),
    )
