"""How models are learned. Never imported by what serves."""

from .at_its_word import at_its_word
from .base import Algorithm
from .bpr import BPR
from .calibrate import calibrate
from .content import Content
from .dpl import DPL
from .popular import Popular
from .ranknet import RankNet

ALGORITHMS: dict[str, type[Algorithm]] = {
    "bpr": BPR,
    "content": Content,
    "dpl": DPL,
    "popular": Popular,
    "ranknet": RankNet,
}

__all__ = ["ALGORITHMS", "BPR", "DPL", "Algorithm", "Content", "Popular", "RankNet", "at_its_word", "calibrate"]
