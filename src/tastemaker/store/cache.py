"""Arrays that took long to make, kept by the name of what made them. Losing one costs time, nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from .artifacts import Arrays, packed
from .folders import replace_file


@dataclass(frozen=True)
class Cache:
    root: Path

    def get(self, key: str) -> Arrays | None:
        """None when nothing is kept under `key`, or it is damaged."""
        try:
            data = self._path(key).read_bytes()
        except OSError:
            return None
        if sha256(data[32:]).digest() != data[:32]:
            return None
        from safetensors.numpy import load

        return dict(load(data[32:]))

    def put(self, key: str, arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
        data = packed(dict(arrays))
        replace_file(self._path(key), sha256(data).digest() + data)

    def _path(self, key: str) -> Path:
        return self.root / f"{sha256(key.encode()).hexdigest()[:32]}.cache"
