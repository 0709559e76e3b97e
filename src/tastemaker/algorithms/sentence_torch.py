"""Labels of texts from vectors of sentences, by a network of one hidden layer. PyTorch trains it, NumPy serves it.

loss = mean_il -log σ(±m_il), AdamW (Loshchilov and Hutter 2019), a rate that rises and falls once (Smith 2019).
"""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ..data.arrays import Bool, Float32
from ..text.sentences import Hidden
from ..watch import Watch
from .network_torch import one_thread

HIDDEN, DROPOUT, EPOCHS, RATE, DECAY = 256, 0.5, 8, 1e-3, 0.1
LARGEST, SMALLEST, STEPS = 128, 8, 50  # texts a step; steps an epoch that are wanted where texts are few


def fit_hidden(v: Float32, has: Bool, seed: int, watch: Watch) -> Hidden:
    """v: float32 (n, d); has: bool (n, n_labels). The inputs' scaling is folded into the weights."""
    middle, spread = v.mean(axis=0), v.std(axis=0) + np.float32(1e-6)
    with one_thread():
        torch.manual_seed(seed)
        x, y = torch.from_numpy((v - middle) / spread), torch.from_numpy(has.astype(np.float32))
        first, last = nn.Linear(v.shape[1], HIDDEN), nn.Linear(HIDDEN, has.shape[1])
        net = nn.Sequential(first, nn.ReLU(), nn.Dropout(DROPOUT), last)
        batch = int(np.clip(len(x) // STEPS, SMALLEST, LARGEST))
        optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * -(-len(x) // batch))
        for epoch in range(EPOCHS):
            losses, order = [], torch.randperm(len(x))
            for start in range(0, len(x), batch):
                part = order[start : start + batch]
                optimizer.zero_grad()
                loss = binary_cross_entropy_with_logits(net(x[part]), y[part])
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                rate.step()
                losses.append(float(loss.detach()))
            watch.progress(epoch + 1, EPOCHS, loss=float(np.mean(losses)))
    return folded(first, last, middle, spread)


def folded(first: nn.Linear, last: nn.Linear, middle: Float32, spread: Float32) -> Hidden:
    """The network of two layers over (v - middle) / spread, as one over v."""
    parameters = (first.weight, first.bias, last.weight, last.bias)
    a, bias, directions, base = [p.detach().numpy().T.astype(np.float32) for p in parameters]
    a = a / spread[:, None]
    return Hidden(a.astype(np.float32), (bias - middle @ a).astype(np.float32), directions.copy(), base.copy())
