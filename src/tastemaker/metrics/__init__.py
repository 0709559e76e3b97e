"""Judgement as pure functions: arrays in, numbers out."""

from .beyond import PopularityBias, coverage, diversity, gini, novelty, popularity_bias, popularity_of
from .bootstrap import Interval, interval, intervals, paired, share
from .chance import random_order
from .foretelling import calibration_curve, calibration_error, mean_loss, outcome_losses, rmse
from .proportions import difference, effective, stability, stability_by_chance, wilson
from .ranking import ndcg_at, ndcg_ranked, recall_at, spearman

__all__ = [
    "Interval",
    "PopularityBias",
    "calibration_curve",
    "calibration_error",
    "coverage",
    "difference",
    "diversity",
    "effective",
    "gini",
    "interval",
    "intervals",
    "mean_loss",
    "ndcg_at",
    "ndcg_ranked",
    "novelty",
    "outcome_losses",
    "paired",
    "popularity_bias",
    "popularity_of",
    "random_order",
    "recall_at",
    "rmse",
    "share",
    "spearman",
    "stability",
    "stability_by_chance",
    "wilson",
]
