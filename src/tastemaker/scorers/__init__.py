"""Fitted models: arrays and how to score with them. All that serving needs."""

from typing import Any

from .base import Contributions, Part, Prediction, Scorer, Voice
from .bayes_factors import BayesFactors
from .blend import Blend
from .calibrated import Calibrated
from .choices import ChoiceNet, Choices
from .embeddings import Embeddings
from .event_graph import EventGraph
from .factors import Factors
from .foretelling import AsLikes, Foretelling
from .gated import Gated
from .item_weights import ItemWeights
from .low_rank import LowRank
from .mapping import Mapping
from .mlp import Mlp
from .nearby import Nearby
from .popularity import Popularity
from .ranked import Ranked
from .rating_neighbors import RatingNeighbors
from .state import Arrays, Json, unpack
from .stated import Stated
from .taste import TastePrior
from .taste_factors import TasteFactors
from .tower import Tower
from .weighted_sum import WeightedSum

SCORERS: dict[str, type[Scorer]] = {
    cls.__name__: cls
    for cls in (
        AsLikes,
        BayesFactors,
        Blend,
        Calibrated,
        Choices,
        Embeddings,
        EventGraph,
        Factors,
        Gated,
        Foretelling,
        ItemWeights,
        LowRank,
        Mapping,
        Mlp,
        Nearby,
        Popularity,
        Ranked,
        RatingNeighbors,
        Stated,
        TasteFactors,
        Tower,
        WeightedSum,
    )
}
PARTS: dict[str, type[Any]] = {**SCORERS, "ChoiceNet": ChoiceNet, "TastePrior": TastePrior}


def core(scorer: Scorer) -> Scorer:
    """What was learned, without what was put around it."""
    while isinstance(scorer, Calibrated | Nearby | Stated):
        scorer = scorer.inner
    return scorer


def load(settings: Json, arrays: Arrays) -> Scorer:
    """The scorer whose `state` this is; KeyError when a class or an array is not there."""
    scorer = unpack(settings, arrays, PARTS)
    if not isinstance(scorer, Scorer):
        raise KeyError(settings["class"])
    return scorer


__all__ = [
    "PARTS",
    "SCORERS",
    "AsLikes",
    "BayesFactors",
    "Blend",
    "Calibrated",
    "ChoiceNet",
    "Choices",
    "Contributions",
    "Embeddings",
    "EventGraph",
    "Factors",
    "Foretelling",
    "Gated",
    "ItemWeights",
    "LowRank",
    "Mapping",
    "Mlp",
    "Nearby",
    "Part",
    "Popularity",
    "Prediction",
    "Ranked",
    "RatingNeighbors",
    "Scorer",
    "Stated",
    "TasteFactors",
    "TastePrior",
    "Tower",
    "Voice",
    "WeightedSum",
    "core",
    "load",
]
