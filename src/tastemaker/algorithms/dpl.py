"""Deep preference learning (DPL): a network says directly how much a user prefers an item, in [0, 1].

Loss: mean squared error between the sigmoid score and the preference (1 + r) / 2, with r the signed rating.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from .network import Network

if TYPE_CHECKING:
    import torch


def squared_error(scores: "torch.Tensor", signed: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Mean over the target entries of (score - preference)^2; scores in [0, 1], signed in [-1, 1], all (q, k)."""
    errors = (scores - (1.0 + signed) / 2.0) ** 2
    return (errors * target).sum() / target.sum().clamp(min=1)


@dataclass(frozen=True)
class DPL(Network):
    """Published for this recipe: hidden (128, 64), dropout .3, 50 epochs, batches of 16."""

    hidden: tuple[int, ...] = (128, 64)
    dropout: float = 0.3

    squash: ClassVar[bool] = True
    loss = staticmethod(squared_error)
