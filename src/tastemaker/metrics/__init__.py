"""Judgement as pure functions: arrays in, numbers out."""

from .beyond import coverage, gini
from .bootstrap import Interval, interval, paired, share
from .ranking import ndcg_at, ndcg_ranked, recall_at, spearman

__all__ = [
    "Interval",
    "coverage",
    "gini",
    "interval",
    "ndcg_at",
    "ndcg_ranked",
    "paired",
    "recall_at",
    "share",
    "spearman",
]
