"""The PyTorch half of network.py: the same function as scorers.Mlp, with inputs scaled so that learning is quick."""

import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from ..data.arrays import Float32
from ..data.features import Features
from ..scorers import Mlp, TastePrior
from .adam import Adam
from .scaling import Scaling, match_length, scaling_of
from .views import Lists, View

if TYPE_CHECKING:
    from .network import Network


@contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread: the matrices are small, and the same seed gives the same bytes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Net:
    """Weights in learning scale, and the constants between that scale and the served one."""

    def __init__(self, spec: "Network", prior: TastePrior, features: Features, seed: int) -> None:
        torch.manual_seed(seed)
        self.spec, self.prior, self.seed = spec, prior, seed
        self.embedding = features.block(spec.near)
        self.raw = features.matrix(spec.blocks)
        self.items = scaling_of(features, spec.blocks)
        center = np.concatenate([prior.mean, np.full(prior.p, 0.2, np.float32)])
        self.users = Scaling(center, np.full(2 * prior.p, 2.0, np.float32))
        self.matches = Scaling(np.zeros(2, np.float32), np.array([1.0 / match_length(prior), 2.0], np.float32))
        self.inputs = torch.from_numpy(self.items.apply(self.raw))
        self.looks = torch.from_numpy(prior.looks())
        self.near = torch.from_numpy(self.embedding)
        first = spec.hidden[0]
        self.item = _linear(self.raw.shape[1], first)
        self.user = _linear(2 * prior.p, first, bias=False)
        self.match = nn.Linear(2, first, bias=False)
        self.rest = [nn.Linear(a, b) for a, b in zip(spec.hidden, [*spec.hidden[1:], 1], strict=True)]
        self.all = nn.ModuleList([self.item, self.user, self.match, *self.rest])
        self.optimizer = Adam(self.all.parameters(), spec.l2)

    def forward(self, rows: torch.Tensor, users: torch.Tensor, history: torch.Tensor, learn: bool) -> torch.Tensor:
        """rows int64 (q, k), users (q, 2 p) raw, history (q, e) -> scores (q, k)."""
        tastes = users[:, : self.prior.p] - torch.from_numpy(self.prior.mean)
        fit = torch.einsum("qp,qkp->qk", tastes, self.looks[rows])
        near = torch.einsum("qe,qke->qk", history, self.near[rows])
        matches = torch.stack([fit, near], dim=-1) * torch.from_numpy(self.matches.scale)
        seen = (users - torch.from_numpy(self.users.center)) * torch.from_numpy(self.users.scale)
        h = self.item(self.inputs[rows]) + self.user(seen)[:, None, :] + self.match(matches)
        for layer in self.rest:
            h = layer(nn.functional.dropout(torch.relu(h), self.spec.dropout, training=learn))
        scores: torch.Tensor = h[..., 0]
        return torch.sigmoid(scores) if self.spec.squash else scores

    def epoch(self, lists: Lists, view: View, rng: np.random.Generator, epoch: int) -> float:
        """One pass over the users; the mean loss."""
        torch.manual_seed(self.seed + epoch)  # dropout, the same when resumed
        data, losses = self._tensors(lists, view), []
        parts = np.array_split(rng.permutation(len(lists)), math.ceil(len(lists) / self.spec.batch_size))
        for step, part in enumerate(parts):
            rows, users, history, signed, target = (t[torch.from_numpy(part)] for t in data)
            loss = self.spec.loss(self.forward(rows, users, history, True), signed, target)
            loss.backward()  # type: ignore[no-untyped-call]
            losses.append(float(loss.detach()))
            if (step + 1) % self.spec.accumulate == 0 or step + 1 == len(parts):
                self.optimizer.step(self._rate((epoch + step / len(parts)) / self.spec.epochs))
        return float(np.mean(losses))

    def validate(self, lists: Lists, view: View) -> float:
        rows, users, history, signed, target = self._tensors(lists, view)
        with torch.no_grad():
            return float(self.spec.loss(self.forward(rows, users, history, False), signed, target))

    def _tensors(self, lists: Lists, view: View) -> tuple[torch.Tensor, ...]:
        from .network import user_inputs

        users, history = user_inputs(self, lists, view)
        rows = np.maximum(lists.items, 0).astype(np.int64)
        return tuple(torch.from_numpy(a) for a in (rows, users, history, lists.signed, view.target))

    def _rate(self, done: float) -> float:
        """The learning rate when this share of all steps is done."""
        if self.spec.schedule == "constant":
            return self.spec.learning_rate
        return self.spec.learning_rate * 0.5 * (1.0 + math.cos(math.pi * done))

    def export(self) -> Mlp:
        """The served form: the scaling of every input is folded into the weights."""
        item, of_items = self.items.fold(_numpy(self.item.weight).T)
        user, of_users = self.users.fold(_numpy(self.user.weight).T)
        match, _ = self.matches.fold(_numpy(self.match.weight).T)
        bias = _numpy(self.item.bias) + of_items + of_users
        return Mlp(
            prior=self.prior,
            embedding=self.embedding,
            hidden=self.raw @ item + bias,
            item=item,
            bias=bias,
            user=user,
            match=match,
            weights=tuple(_numpy(layer.weight).T.copy() for layer in self.rest),
            biases=tuple(_numpy(layer.bias) for layer in self.rest),
            blocks=self.spec.blocks,
            near=self.spec.near,
            squash=self.spec.squash,
        )

    def load(self, model: Mlp) -> None:
        """The inverse of `export`."""
        item, of_items = self.items.unfold(model.item)
        user, of_users = self.users.unfold(model.user)
        match, _ = self.matches.unfold(model.match)
        layers = [self.item, self.user, self.match, *self.rest]
        with torch.no_grad():
            for layer, weight in zip(layers, (item, user, match, *model.weights), strict=True):
                layer.weight.copy_(torch.from_numpy(weight.T.copy()))
            biases = (model.bias + of_items + of_users, *model.biases)
            for layer, bias in zip([self.item, *self.rest], biases, strict=True):
                layer.bias.copy_(torch.from_numpy(bias))

    def weights(self) -> dict[str, torch.Tensor]:
        return {name: value.clone() for name, value in self.all.state_dict().items()}

    def set_weights(self, weights: Mapping[str, torch.Tensor]) -> None:
        self.all.load_state_dict(dict(weights))

    def checkpoint(self, done: int) -> dict[str, Float32]:
        """Weights, optimizer and the number of finished epochs, as arrays."""
        found = {f"weight/{name}": _numpy(value) for name, value in self.all.state_dict().items()}
        return found | self.optimizer.state() | {"done": np.array([done], np.float32)}

    def restore(self, arrays: Mapping[str, Any] | None) -> int:
        """Take a checkpoint up again; the epoch to begin with. One of another shape is ignored."""
        if arrays is None:
            return 0
        weights = {n.removeprefix("weight/"): torch.from_numpy(a) for n, a in arrays.items() if n.startswith("weight/")}
        mine = self.all.state_dict()
        if {n: v.shape for n, v in weights.items()} != {n: v.shape for n, v in mine.items()}:
            return 0
        self.set_weights(weights)
        self.optimizer.restore(arrays)
        return int(arrays["done"][0])


def _linear(n_in: int, n_out: int, bias: bool = True) -> nn.Linear:
    """A layer that may have no input at all, as where nobody speaks of tastes: PyTorch would warn."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Initializing zero-element tensors")
        return nn.Linear(n_in, n_out, bias)


def _numpy(tensor: torch.Tensor) -> Float32:
    return np.array(tensor.detach().numpy(), np.float32)
