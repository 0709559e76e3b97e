"""Adam (Kingma & Ba 2015, alg. 1) by PyTorch's own functional form, with a state that is plain arrays.

torch.optim.Adam does the same steps, but importing it drags in the compiler (two seconds of every training).
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch.optim.adam import adam


class Adam:
    """Moments and step counts of each parameter; `l2` is added to the gradient, as in torch.optim.Adam."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], l2: float) -> None:
        self.parameters: list[torch.Tensor] = [p for p in parameters if p.numel()]
        self.l2 = l2
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]
        self.steps = [torch.zeros(()) for _ in self.parameters]

    def step(self, rate: float) -> None:
        """One update from the gradients, which are cleared."""
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in self.parameters]
        with torch.no_grad():
            adam(
                self.parameters, gradients, self.first, self.second, [], self.steps, foreach=True, amsgrad=False,
                beta1=0.9, beta2=0.999, lr=rate, weight_decay=self.l2, eps=1e-8, maximize=False,
            )  # fmt: skip
        for parameter in self.parameters:
            parameter.grad = None

    def state(self) -> dict[str, Any]:
        named = {"first": self.first, "second": self.second, "steps": self.steps}
        return {f"adam/{name}/{i}": t.cpu().numpy().copy() for name, ts in named.items() for i, t in enumerate(ts)}

    def restore(self, arrays: Mapping[str, Any]) -> None:
        for name, tensors in (("first", self.first), ("second", self.second), ("steps", self.steps)):
            for i, tensor in enumerate(tensors):
                tensor.copy_(torch.from_numpy(np.asarray(arrays[f"adam/{name}/{i}"]).reshape(tensor.shape)))
