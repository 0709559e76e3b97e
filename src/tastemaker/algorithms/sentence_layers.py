"""The upper layers of a sentence encoder learned for these labels, together with the network that reads them.

What lies below stays as it is, and the lower of the layers that learn move less (Howard and Ruder 2018, "Universal
language model fine-tuning"): so little is forgotten of what the labels do not tell. AdamW, a rate that rises over the
first tenth of the steps and then falls to nothing. A step costs what reading its texts costs, and twice the upper
layers' part of that.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ..data.arrays import Bool
from ..text.sentences import Hidden, Layers, opened, token_means, transformer_of
from ..watch import Watch
from .network_torch import one_thread
from .sentence_torch import folded

LAYERS, FALL = 3, 0.8  # layers that learn; the rate of each beside that of the layer above
BATCH, EPOCHS, RATE, HEAD_RATE, DECAY, RISE = 32, 1, 2e-4, 1e-3, 0.01, 0.1
HIDDEN, DROPOUT, STEEPEST = 256, 0.2, 1.0  # units, their dropout; the longest gradient of a step
SAMPLE = 1024  # texts that tell the scaling of the network's inputs
LIKE = 10  # letters by which texts of a step differ in length, about
Read = Callable[[Sequence[str]], torch.Tensor]


def fit_layers(encoder: str, texts: Sequence[str], has: Bool, seed: int, watch: Watch) -> tuple[Layers, Hidden] | None:
    """Parameter -> its weights, float16, and the network over `vectors` by them; None of an encoder without layers.

    has: bool (n, n_labels)
    """
    model = opened(encoder)
    if transformer_of(model) is None:
        return None
    with one_thread():
        torch.manual_seed(seed)
        rng, net = np.random.default_rng(seed), deepcopy(transformer_of(model)).eval()
        upper = _upper(net)

        def read(some: Sequence[str]) -> torch.Tensor:
            means: torch.Tensor = token_means(model, net, some)
            return means

        sample = [texts[i] for i in rng.permutation(len(texts))[:SAMPLE]]
        reader = _Reader.of(read, sample, has.shape[1])
        _learn(reader, upper, texts, has, rng, watch)
    learned = {n: p.detach().numpy().astype(np.float16) for n, p in net.named_parameters() if p.requires_grad}
    return learned, folded(reader.first, reader.last, reader.middle.numpy(), reader.spread.numpy())


@dataclass(frozen=True)
class _Reader:
    """last(relu(first((read(texts) - middle) / spread)))"""

    read: Read
    middle: torch.Tensor
    spread: torch.Tensor
    first: nn.Linear
    last: nn.Linear

    @classmethod
    def of(cls, read: Read, sample: Sequence[str], n_labels: int) -> "_Reader":
        with torch.no_grad():
            v = torch.cat([read(sample[start : start + BATCH]) for start in range(0, len(sample), BATCH)])
        first, last = nn.Linear(v.shape[1], HIDDEN), nn.Linear(HIDDEN, n_labels)
        return cls(read, v.mean(0), v.std(0) + 1e-6, first, last)

    def margins(self, texts: Sequence[str]) -> torch.Tensor:
        units = torch.relu(self.first((self.read(texts) - self.middle) / self.spread))
        found: torch.Tensor = self.last(nn.functional.dropout(units, DROPOUT))
        return found


def _upper(net: nn.Module) -> list[nn.Module]:
    """The layers that learn, half of all at most; every other parameter is frozen."""
    layers: list[nn.Module] = max(([*m] for m in net.modules() if isinstance(m, nn.ModuleList)), key=len)
    net.requires_grad_(False)
    upper = layers[-min(LAYERS, max(1, len(layers) // 2)) :]
    for layer in upper:
        layer.requires_grad_(True).train()
    return upper


def _learn(
    reader: _Reader, upper: list[nn.Module], texts: Sequence[str], has: Bool, rng: np.random.Generator, watch: Watch
) -> None:
    y, steps = torch.from_numpy(has.astype(np.float32)), EPOCHS * -(-len(texts) // BATCH)
    groups = _groups(reader, upper)
    optimizer = torch.optim.AdamW(groups, weight_decay=DECAY, fused=True)
    shape = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda k: min((k + 1) / RISE, steps - k) / steps)
    every, losses = [p for group in groups for p in group["params"]], list[float]()
    for _ in range(EPOCHS):
        for part in _parts(texts, rng):
            optimizer.zero_grad()
            loss = binary_cross_entropy_with_logits(reader.margins([texts[i] for i in part]), y[part])
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(every, STEEPEST)
            optimizer.step()
            shape.step()
            losses.append(float(loss.detach()))
            watch.progress(len(losses), steps, loss=float(np.mean(losses[-100:])))


def _groups(reader: _Reader, upper: list[nn.Module]) -> list[dict[str, Any]]:
    rates = [RATE * FALL**below for below in range(len(upper))][::-1]
    layers = [{"params": list(layer.parameters()), "lr": rate} for layer, rate in zip(upper, rates, strict=True)]
    return [*layers, {"params": [*reader.first.parameters(), *reader.last.parameters()], "lr": HEAD_RATE}]


def _parts(texts: Sequence[str], rng: np.random.Generator) -> list[np.ndarray]:
    """Rows of a step, texts of about one length together: little padding."""
    near = np.argsort([len(text) for text in texts] + rng.uniform(-LIKE, LIKE, len(texts)), kind="stable")
    parts = np.split(near, np.arange(BATCH, len(texts), BATCH))
    return [parts[k] for k in rng.permutation(len(parts))]
