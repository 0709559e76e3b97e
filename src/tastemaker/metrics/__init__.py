"""Judgement as pure functions: arrays in, numbers out."""

from .beyond import PopularityBias, coverage, diversity, gini, novelty, popularity_bias, popularity_of
from .bootstrap import Interval, interval, intervals, paired, share
from .chance import random_order
from .ranking import ndcg_at, ndcg_ranked, recall_at, spearman

__all__ = [
    "Interval",
    "PopularityBias",
    "coverage",
    "diversity",
    "gini",
    "interval",
    "intervals",
    "ndcg_at",
    "ndcg_ranked",
    "novelty",
    "paired",
    "popularity_bias",
    "popularity_of",
    "random_order",
    "recall_at",
    "share",
    "spearman",
]
