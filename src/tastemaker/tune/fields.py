"""What can be searched of each algorithm, most telling field first: the one place where ranges are declared.

An algorithm of your own: FIELDS[Mine] = {"l2": Range(0.01, 1.0, log=True)}.
"""

from ..algorithms import (
    BPR,
    BPRMF,
    DPL,
    EASE,
    IALS,
    Algorithm,
    BayesMF,
    BiasedMF,
    Biases,
    ChoiceLearner,
    Content,
    GraphFilter,
    ItemKNN,
    Popular,
    RankNet,
    RatingContent,
    RatingKNN,
    Together,
)
from .space import Choice, Range


def _log(low: float, high: float) -> Range:
    return Range(low, high, log=True)


def _whole(low: int, high: int) -> Range:
    return Range(low, high, log=True, whole=True)


_NETWORK: dict[str, Range | Choice] = {
    "learning_rate": _log(1e-4, 1e-2),
    "dropout": Range(0.0, 0.6),
    "epochs": _whole(5, 100),
    "batch_size": _whole(8, 128),
}
FIELDS: dict[type[Algorithm], dict[str, Range | Choice]] = {
    BPR: {
        "learning_rate": _log(1e-3, 0.2),
        "l2": _log(1e-4, 0.3),
        "dim": _whole(8, 256),
        "epochs": _whole(20, 400),
        "shrink": _log(5.0, 500.0),
    },
    BPRMF: {
        "learning_rate": _log(0.02, 1.0),
        "l2": _log(3e-4, 0.1),
        "dim": _whole(16, 512),
        "epochs": _whole(25, 400),
        "negatives": Choice(("uniform", "popularity")),
    },
    BayesMF: {
        "dim": _whole(2, 64),
        "l2": _log(0.1, 100.0),
        "drift": Range(0.0, 0.6),
        "keep": Range(0.5, 1.0),
        "epochs": _whole(8, 80),
    },
    BiasedMF: {
        "l2": _log(0.01, 1.0),
        "damping": _log(0.5, 50.0),
        "dim": _whole(2, 128),
        "epochs": _whole(3, 60),
        "nu": Range(0.0, 1.5),
    },
    Biases: {
        "damping_user": _log(0.5, 50.0),
        "damping_item": _log(0.5, 50.0),
        "drift": Range(0.0, 0.6),
        "keep": Range(0.5, 1.0),
    },
    ChoiceLearner: {
        "learning_rate": _log(1e-3, 0.05),
        "hidden": _whole(8, 128),
        "hide": Range(0.0, 0.5),
        "l2": _log(1e-6, 1e-2),
        "balance": Range(0.0, 1.0),
    },
    Content: {"likes": Range(0.0, 2.0)},
    EASE: {"l2": _log(5.0, 5000.0)},
    GraphFilter: {
        "into": Range(0.0, 1.2),
        "through": Range(0.0, 1.2),
        "out": Range(0.0, 1.2),
        "smooth": Range(0.0, 1.0),
    },
    IALS: {
        "alpha0": _log(1e-3, 1.0),
        "l2": _log(3e-4, 0.3),
        "dim": _whole(8, 512),
        "epochs": _whole(3, 30),
        "nu": Range(0.0, 1.5),
    },
    ItemKNN: {
        "k": _whole(10, 1000),
        "shrink": Range(0.0, 200.0),
        "weighting": Choice(("cosine", "tfidf", "bm25")),
        "b": Range(0.0, 1.0),
        "k1": _log(0.3, 10.0),
    },
    DPL: _NETWORK,
    RankNet: _NETWORK,
    Popular: {"damping": _log(0.5, 100.0), "half_life": Range(0.0, 365.0)},
    RatingContent: {
        "l2": _log(0.5, 200.0),
        "dim": _whole(4, 128),
        "drift": Range(0.0, 0.6),
        "keep": Range(0.5, 1.0),
        "epochs": _whole(3, 30),
    },
    RatingKNN: {
        "k": _whole(10, 400),
        "shrink": _log(5.0, 500.0),
        "firm": _log(0.03, 3.0),
    },
    Together: {
        "learning_rate": _log(1e-4, 1e-1),
        "temperature": _log(0.02, 1.0),
        "dim": _whole(8, 256),
        "dropout": Range(0.0, 0.6),
        "batch_size": _whole(64, 4096),
    },
}
