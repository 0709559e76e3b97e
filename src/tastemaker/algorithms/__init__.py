"""How models are learned. Never imported by what serves."""

from .at_its_word import asked_as_well, at_its_word, unasked
from .base import Algorithm
from .bayes_mf import BayesMF
from .best_of import BestOf
from .biased_mf import BiasedMF
from .biases import Biases
from .blend import Blend
from .bpr import BPR
from .bpr_mf import BPRMF
from .calibrate import calibrate
from .choice_net import ChoiceLearner
from .content import Content
from .dpl import DPL
from .ease import EASE
from .graph_filter import GraphFilter
from .hybrid import Hybrid
from .ials import IALS
from .item_knn import ItemKNN
from .popular import Popular
from .ranked import RankedBy
from .ranknet import RankNet
from .rating_blend import RatingBlend
from .rating_content import RatingContent
from .rating_knn import RatingKNN
from .together import Together

ALGORITHMS: dict[str, type[Algorithm]] = {
    "bayesmf": BayesMF,
    "bestof": BestOf,
    "biasedmf": BiasedMF,
    "biases": Biases,
    "blend": Blend,
    "bpr": BPR,
    "bprmf": BPRMF,
    "choices": ChoiceLearner,
    "content": Content,
    "dpl": DPL,
    "ease": EASE,
    "graph": GraphFilter,
    "hybrid": Hybrid,
    "ials": IALS,
    "itemknn": ItemKNN,
    "popular": Popular,
    "ranked": RankedBy,
    "ranknet": RankNet,
    "ratingblend": RatingBlend,
    "ratingcontent": RatingContent,
    "ratingknn": RatingKNN,
    "together": Together,
}

__all__ = [
    "ALGORITHMS",
    "BPR",
    "BPRMF",
    "DPL",
    "EASE",
    "IALS",
    "Algorithm",
    "BayesMF",
    "BestOf",
    "BiasedMF",
    "Biases",
    "Blend",
    "ChoiceLearner",
    "Content",
    "GraphFilter",
    "Hybrid",
    "ItemKNN",
    "Popular",
    "RankNet",
    "RankedBy",
    "RatingBlend",
    "RatingContent",
    "RatingKNN",
    "Together",
    "asked_as_well",
    "at_its_word",
    "calibrate",
    "unasked",
]
