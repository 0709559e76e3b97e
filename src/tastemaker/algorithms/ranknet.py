"""RankNet: a network learns which of two items a user ranks higher.

Burges et al. 2005, 'Learning to Rank using Gradient Descent', eq. 3: C_ij = log(1 + exp(-(s_i - s_j))) for i above j.
The gradient of all pairs of a list is reached with one forward pass an item (Burges 2010, section 3).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .network import Network

if TYPE_CHECKING:
    import torch


def pairwise_logistic(scores: "torch.Tensor", signed: "torch.Tensor", target: "torch.Tensor") -> "torch.Tensor":
    """Mean of C_ij over the pairs of each list whose preferences differ; scores, signed, target (q, k)."""
    from torch.nn.functional import softplus

    above = signed[:, :, None] > signed[:, None, :]  # (q, k, k)
    above = above & target[:, :, None] & target[:, None, :]
    costs = softplus(-(scores[:, :, None] - scores[:, None, :]))
    return (costs * above).sum() / above.sum().clamp(min=1)


@dataclass(frozen=True)
class RankNet(Network):
    """Published for this recipe: hidden (128, 128), Adam 1e-3, 50 epochs, batches of 32 pairs."""

    loss = staticmethod(pairwise_logistic)
