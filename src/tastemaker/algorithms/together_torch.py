"""The PyTorch half of together.py: the same function as scorers.Tower, its two losses, and one epoch of learning."""

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..data.arrays import Bool, Float32, Int64
from ..data.features import Features
from ..scorers import Embeddings, Tower
from .adam import Adam
from .network_torch import one_thread
from .scaling import scaling_of
from .together_draws import Drawn, Draws

if TYPE_CHECKING:
    from .together import Together

__all__ = ["Net", "contrastive", "cosine", "device"]


def device() -> tuple[torch.device, str]:
    """Where learning runs, and what to call it."""
    if torch.cuda.is_available():
        return torch.device("cuda"), torch.cuda.get_device_name()
    return torch.device("cpu"), "cpu"


def contrastive(
    a: torch.Tensor, b: torch.Tensor, log_q: torch.Tensor, same: torch.Tensor, against: torch.Tensor,
    log_against: torch.Tensor, temperature: float,
) -> torch.Tensor:  # fmt: skip
    """a, b: (n, d), unit rows, the positive of a_i is b_i; log_q (n,), of how often chance brings b_j into the batch.

    same: bool (n, n), b_j is no negative of a_i; against: (n, k, d), more negatives of each, log_against (n, k)
    """
    logits = a @ b.T / temperature - log_q  # (n, n)
    logits = logits.masked_fill(same, -math.inf)
    more = torch.einsum("nd,nkd->nk", a, against) / temperature - log_against
    target = torch.arange(len(a), device=a.device)
    return functional.cross_entropy(torch.cat([logits, more], dim=1), target)


def cosine(a: torch.Tensor, b: torch.Tensor, against: torch.Tensor, margin: float) -> torch.Tensor:
    """a, b: (n, d), unit rows; against: (n, k, d)."""
    apart = functional.relu(torch.einsum("nd,nkd->nk", a, against) - margin)
    return (1.0 - (a * b).sum(dim=1)).mean() + apart.mean()


class Net:
    """Weights in learning scale, and the constants between that scale and the served one."""

    def __init__(self, spec: "Together", features: Features, draws: Draws, seed: int) -> None:
        torch.manual_seed(seed)
        self.spec, self.seed, self.draws = spec, seed, draws
        self.features = features
        self.device, self.device_name = device()
        met = np.zeros(len(features), bool)
        met[np.union1d(draws.pairs.a, draws.pairs.b)] = True
        self.scaling = scaling_of(features.where(met), spec.blocks)
        self.inputs = self._put(self.scaling.apply(features.matrix(spec.blocks)))
        self.log_q = self._put(draws.log_chance())
        widths = (self.inputs.shape[1], *spec.hidden, spec.dim)
        self.layers = [nn.Linear(i, o) for i, o in pairwise(widths)]  # drawn on the CPU
        self.all = nn.ModuleList(self.layers).to(self.device)
        self.optimizer = Adam(self.all.parameters(), spec.l2)

    def encode(self, rows: torch.Tensor, learn: bool) -> torch.Tensor:
        """rows int64 (n,) -> unit rows (n, dim), without what stands beside."""
        h = self.inputs[rows]
        with self._mixed():
            for i, layer in enumerate(self.layers):
                h = functional.dropout(torch.relu(h), self.spec.dropout, training=learn) if i else h
                h = layer(h)
        return functional.normalize(h.float(), dim=1)

    def loss(self, drawn: Drawn, learn: bool) -> torch.Tensor:
        spec, n = self.spec, len(drawn.a)
        rows = np.concatenate([drawn.a, drawn.b, drawn.against.ravel()])
        every = self.encode(self._put(rows), learn)
        a, b, against = every[:n], every[n : 2 * n], every[2 * n :].reshape(n, -1, every.shape[1])  # (n, k, d)
        if spec.objective == "cosine":
            return cosine(a, b, against, spec.margin)
        same = (drawn.b[:, None] == drawn.b) | (drawn.a[:, None] == drawn.b)
        np.fill_diagonal(same, False)
        k = drawn.against.shape[1]
        log_hard = np.repeat(self.draws.log_hard(drawn.a)[:, None] + np.float32(math.log(max(k, 1))), k, axis=1)
        hit = (drawn.against == drawn.b[:, None]) | (drawn.against == drawn.a[:, None])
        log_hard = np.where(hit, np.float32(np.inf), log_hard)
        log_q = self.log_q[self._put(drawn.b)] + math.log(n)
        return contrastive(a, b, log_q, self._put(same), against, self._put(log_hard), spec.temperature)

    @one_thread()  # around each epoch: compiled kernels that ran since the last one left it at all threads
    def epoch(self, rng: np.random.Generator, epoch: int) -> float:
        """One pass over an epoch's draws; the mean loss."""
        torch.manual_seed(self.seed + epoch)  # dropout, the same when resumed
        losses, parts = [], self.parts(self.draws.epoch(rng, *self.n_against))
        for k, part in enumerate(parts):
            loss = self.loss(part, True)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
            done = (epoch + k / len(parts)) / self.spec.epochs
            self.optimizer.step(self.spec.learning_rate * (1.0 - done))
        return float(torch.stack(losses).mean())

    @property
    def n_against(self) -> tuple[int, int]:
        """How many items are drawn against each pair: at random, and of the same category."""
        hard = round(self.spec.hard * self.spec.negatives) if self.spec.category else 0
        return (self.spec.negatives - hard if self.spec.objective == "cosine" else 0), hard

    def parts(self, drawn: Drawn) -> Sequence[Drawn]:
        n = math.ceil(len(drawn.a) / self.spec.batch_size)
        columns = (np.array_split(column, n) for column in drawn)
        return [Drawn(*part) for part in zip(*columns, strict=True)]

    @one_thread()
    def validate(self, parts: Sequence[Drawn]) -> float:
        with torch.no_grad():
            return float(torch.stack([self.loss(part, False) for part in parts]).mean())

    def export(self) -> Tower:
        """The served form: the scaling of the inputs is folded into the first layer."""
        first, constant = self.scaling.fold(_numpy(self.layers[0].weight).T)
        rest = [_numpy(layer.weight).T.copy() for layer in self.layers[1:]]
        biases = [_numpy(layer.bias) for layer in self.layers]
        biases[0] = biases[0] + constant
        gains = np.ones(1 + len(self.spec.beside), np.float32)
        nothing = Embeddings(np.zeros((0, 0), np.float32), "")
        model = Tower(nothing, (first, *rest), tuple(biases), self.spec.blocks, self.spec.beside, gains)
        return model.with_items(self.features)

    def load(self, model: Tower | None) -> None:
        """The inverse of `export`, but for the gains; None changes nothing."""
        if model is None:
            return
        first, constant = self.scaling.unfold(model.weights[0])
        weights = (first, *model.weights[1:])
        biases = (model.biases[0] + constant, *model.biases[1:])
        with torch.no_grad():
            for layer, weight, bias in zip(self.layers, weights, biases, strict=True):
                layer.weight.copy_(torch.from_numpy(weight.T.copy()))
                layer.bias.copy_(torch.from_numpy(bias))

    def weights(self) -> dict[str, Float32]:
        return {f"layer/{name}": _numpy(value) for name, value in self.all.state_dict().items()}

    def set_weights(self, arrays: Mapping[str, Any]) -> None:
        with torch.no_grad():
            for name, value in self.all.state_dict().items():
                value.copy_(torch.from_numpy(np.asarray(arrays[f"layer/{name}"])))

    def fits(self, arrays: Mapping[str, Any]) -> bool:
        """Are these the weights of such a network?"""
        mine = self.weights()
        return all(name in arrays and np.shape(arrays[name]) == mine[name].shape for name in mine)

    def _put(self, array: Float32 | Int64 | Bool) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def _mixed(self) -> AbstractContextManager[Any]:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda")


def _numpy(tensor: torch.Tensor) -> Float32:
    return np.array(tensor.detach().cpu().numpy(), np.float32)
