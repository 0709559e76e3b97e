"""Fitted models: arrays and how to score with them. All that serving needs."""

from typing import Any

from .base import Contributions, Part, Prediction, Scorer
from .blend import Blend
from .calibrated import Calibrated
from .embeddings import Embeddings
from .factors import Factors
from .mapping import Mapping
from .mlp import Mlp
from .nearby import Nearby
from .popularity import Popularity
from .state import Arrays, Json, unpack
from .stated import Stated
from .taste import TastePrior

SCORERS: dict[str, type[Scorer]] = {
    cls.__name__: cls for cls in (Blend, Calibrated, Embeddings, Factors, Mapping, Mlp, Nearby, Popularity, Stated)
}
PARTS: dict[str, type[Any]] = {**SCORERS, "TastePrior": TastePrior}


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
    "Blend",
    "Calibrated",
    "Contributions",
    "Embeddings",
    "Factors",
    "Mapping",
    "Mlp",
    "Nearby",
    "Part",
    "Popularity",
    "Prediction",
    "Scorer",
    "Stated",
    "TastePrior",
    "core",
    "load",
]
