"""The PyTorch half of choice_net.py: the same function as scorers.ChoiceNet, and how its weights are found."""

import math
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import log_softmax

from ..data.arrays import Bool, Float32, Int64
from ..errors import TrainingError
from ..scorers import ChoiceNet
from ..watch import Watch
from .adam import Adam
from .network_torch import one_thread

if TYPE_CHECKING:
    from .choice_net import ChoiceLearner, Inputs

# What the sides of a moment are worth before anything was learned: mapping, history, same hour, of late, stated, prior.
BEGIN = (1.0, 0.4, 0.4, 0.1, 3.0, 1.0)
STEPS = 50  # steps an epoch, at least, where data are few
SMALLEST = 16  # choices a step, at least
FOLDS = 5
Tensors = tuple[torch.Tensor, ...]


class Net:
    def __init__(self, spec: "ChoiceLearner", d: int, kinds: int, each: int, seed: int) -> None:
        torch.manual_seed(seed)
        self.spec, h = spec, spec.hidden

        def small(*shape: int, scale: float) -> torch.nn.Parameter:
            return torch.nn.Parameter(scale * torch.randn(*shape))

        self.general, self.each = small(d, h, scale=1.0 / math.sqrt(d)), small(each, h, scale=1.0 / math.sqrt(each))
        self.kind, self.out = small(kinds, h, scale=0.5), small(h, scale=0.01)
        self.skip = torch.nn.Parameter(torch.tensor(BEGIN))
        self.direct, self.bias = torch.nn.Parameter(torch.zeros(d, kinds)), torch.nn.Parameter(torch.zeros(kinds))
        self.all = [self.general, self.each, self.kind, self.out, self.skip, self.direct, self.bias]
        self.optimizer = Adam(self.all, spec.l2)

    def logits(self, z: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        h = torch.relu((z @ self.general)[:, None, :] + x @ self.each + self.kind)  # (n, kinds, hidden)
        return h @ self.out + x @ self.skip + z @ self.direct + self.bias

    def step(self, z: torch.Tensor, x: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, rate: float) -> float:
        loss = -(weight * (target * log_softmax(self.logits(z, x), dim=1)).sum(dim=1)).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step(rate)
        return float(loss.detach())

    def loss(self, data: Tensors) -> float:
        with torch.no_grad():
            z, x, target, _ = data
            parts = [self.logits(z[i : i + 4096], x[i : i + 4096]) for i in range(0, len(z), 4096)]
            return float(-(target * log_softmax(torch.cat(parts), dim=1)).sum(dim=1).mean())

    def export(self, places: Int64, temperature: float) -> ChoiceNet:
        general, each, kind, out, skip, direct, bias = (p.detach().numpy().astype(np.float32).copy() for p in self.all)
        return ChoiceNet(places, general, each, kind, out, skip, direct, bias, temperature)


def learned_net(spec: "ChoiceLearner", inputs: "Inputs", places: Int64, seed: int, watch: Watch) -> ChoiceNet:
    """How sure it is comes from choices that it has not learned from: the latest, or all in turn where they are few."""
    from .choice_net import FEW

    n, all_ = len(inputs.z), _tensors(inputs)
    held = int(spec.held_out * n) if n >= FEW else 0
    part = np.where(np.arange(n) >= n - held, 1, 0)
    with one_thread():
        net = _fitted(spec, _of(all_, part == 0), _of(all_, part == 1), len(places), seed, watch)
        with torch.no_grad():
            if held:
                z, x, target, _ = _of(all_, part == 1)
                return net.export(places, _temperature(net.logits(z, x), target))
        return net.export(places, _temperature(_in_turn(spec, all_, len(places), seed), all_[2]))


def _fitted(
    spec: "ChoiceLearner", learn: Tensors, rest: Tensors, n_places: int, seed: int, watch: Watch
) -> Net:  # fmt: skip
    """Of the epoch that was best on the rest; of the last where there is none."""
    held = len(rest[0]) > 0
    net = Net(spec, learn[0].shape[1], learn[1].shape[1], learn[1].shape[2], seed)
    best, kept = (net.loss(rest) if held else math.inf), [p.detach().clone() for p in net.all]
    for epoch in range(spec.epochs):
        loss = _epoch(net, learn, n_places, np.random.default_rng((seed, epoch)), epoch)
        if not np.isfinite(loss):
            raise TrainingError(
                f"The loss is {loss} in epoch {epoch + 1}. Lower learning_rate ({spec.learning_rate:g})."
            )
        metrics = {"loss": loss} | ({"valid_loss": net.loss(rest)} if held else {})
        if metrics.get("valid_loss", -epoch) < best:
            best, kept = metrics.get("valid_loss", -float(epoch)), [p.detach().clone() for p in net.all]
        watch.progress(epoch + 1, spec.epochs, **metrics)
    with torch.no_grad():
        for parameter, value in zip(net.all, kept, strict=True):
            parameter.copy_(value)
    return net


def _in_turn(spec: "ChoiceLearner", data: Tensors, n_places: int, seed: int) -> torch.Tensor:
    """What is foretold of each choice by a net that learned from four fifths of the others, logits (n, kinds)."""
    fold, logits = np.arange(len(data[0])) % FOLDS, torch.zeros_like(data[2])
    nothing = _of(data, fold < 0)
    for k in range(FOLDS):
        net = _fitted(spec, _of(data, fold != k), nothing, n_places, seed, Watch())
        z, x, _, _ = _of(data, fold == k)
        with torch.no_grad():
            logits[torch.from_numpy(fold == k)] = net.logits(z, x)
    return logits


def _temperature(logits: torch.Tensor, target: torch.Tensor) -> float:
    """By how much logits are to be divided so that they are neither too sure nor too timid on these choices."""
    tried = 0.5 * 6.0 ** (np.arange(67) / 39.0)  # 0.5 … 10
    with torch.no_grad():
        losses = [float(-(target * log_softmax(logits / t, dim=1)).sum(dim=1).mean()) for t in tried.tolist()]
    return float(tried[int(np.argmin(losses))])


def _of(data: Tensors, mask: Bool) -> Tensors:
    return tuple(tensor[torch.from_numpy(mask)] for tensor in data)


def _epoch(net: Net, data: Tensors, n_places: int, rng: np.random.Generator, epoch: int) -> float:
    spec, n = net.spec, len(data[0])
    size = int(np.clip(math.ceil(n / STEPS), SMALLEST, spec.batch_size))
    order, losses = rng.permutation(n), []
    for start in range(0, n, size):
        rows = torch.from_numpy(order[start : start + size])
        z, x, target, weight = (tensor[rows] for tensor in data)
        for_z, for_x = _hidden(spec, len(rows), z.shape[1], n_places, rng)
        done = (epoch + start / n) / spec.epochs
        rate = spec.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))
        losses.append(
            net.step(z * torch.from_numpy(for_z), x * torch.from_numpy(for_x)[:, None, :], target, weight, rate)
        )
    return float(np.mean(losses))


def _hidden(spec: "ChoiceLearner", n: int, d: int, n_places: int, rng: np.random.Generator) -> tuple[Float32, Float32]:
    """Ones, and zeros where a side of a moment is hidden: for z (n, d) and x (n, PER_CATEGORY); a zero says nothing.

    Columns as in scorers.situation: labels, recent labels, 6 of the clock, 3 that tell what is known, places, 2 counts.
    """
    label, clock, where, history = rng.random((4, n)) < spec.hide
    k = len(spec.labels)
    for_z, for_x = np.ones((n, d), np.float32), np.ones((n, 6), np.float32)
    for rows, z_columns, x_columns in (
        (label, [*range(k), 2 * k + 6], [0]),
        (clock, [*range(2 * k, 2 * k + 6), 2 * k + 7, 2 * k + 8, d - 1], [2, 3]),
        (where, list(range(2 * k + 9, 2 * k + 9 + n_places)), []),
        (history, [*range(k, 2 * k), d - 2, d - 1], [1, 2, 3]),
    ):
        for_z[np.ix_(rows, z_columns)] = 0.0
        for_x[np.ix_(rows, x_columns)] = 0.0
    return for_z, for_x


def _tensors(inputs: "Inputs") -> Tensors:
    return tuple(torch.from_numpy(np.ascontiguousarray(a)) for a in (inputs.z, inputs.x, inputs.target, inputs.weight))
