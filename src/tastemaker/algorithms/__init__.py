"""How models are learned. Never imported by what serves."""

from .at_its_word import at_its_word
from .base import Algorithm
from .best_of import BestOf
from .biased_mf import BiasedMF
from .blend import Blend
from .bpr import BPR
from .bpr_mf import BPRMF
from .calibrate import calibrate
from .content import Content
from .dpl import DPL
from .ease import EASE
from .graph_filter import GraphFilter
from .ials import IALS
from .item_knn import ItemKNN
from .popular import Popular
from .ranknet import RankNet

ALGORITHMS: dict[str, type[Algorithm]] = {
    "bestof": BestOf,
    "biasedmf": BiasedMF,
    "blend": Blend,
    "bpr": BPR,
    "bprmf": BPRMF,
    "content": Content,
    "dpl": DPL,
    "ease": EASE,
    "graph": GraphFilter,
    "ials": IALS,
    "itemknn": ItemKNN,
    "popular": Popular,
    "ranknet": RankNet,
}

__all__ = [
    "ALGORITHMS",
    "BPR",
    "BPRMF",
    "DPL",
    "EASE",
    "IALS",
    "Algorithm",
    "BestOf",
    "BiasedMF",
    "Blend",
    "Content",
    "GraphFilter",
    "ItemKNN",
    "Popular",
    "RankNet",
    "at_its_word",
    "calibrate",
]
