"""Run by test_together_killed: learns, says so after each epoch, and at the end the digest of what was learned."""

import hashlib
import sys
from pathlib import Path

import numpy as np

from tastemaker.algorithms import Together
from tastemaker.testing import lopsided_world
from tastemaker.watch import Watch

SPEC = Together(
    dim=8, hidden=(16,), epochs=12, batch_size=16, blocks=("text", "tastes"), dropout=0.3, patience=0, keep=2
)


def digest(folder: Path | None, say=lambda line: None) -> str:
    watch = Watch(lambda p: say(f"{p.done} {p.metrics.get('loss', 0.0)!r}"), folder=folder).on("train", "job")
    model = SPEC.fit(*lopsided_world(), np.random.default_rng(5), watch)
    settings, arrays = model.state()
    found = hashlib.sha256(repr(settings).encode())
    for name in sorted(arrays):
        found.update(name.encode() + arrays[name].tobytes())
    return found.hexdigest()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    say("ready")
    say(f"digest {digest(Path(sys.argv[1]), say)}")
