"""Sentences that a model has found, one small file each, checked again whenever they are read. Losing them costs time.

The key knows facts and no user, so the same facts serve everybody.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..data.catalog import Catalog
from ..store.folders import replace_file
from .check import Names, refusal
from .evidence import Evidence
from .facts import facts
from .settings import Wording

MOST = 20_000  # sentences; the oldest make room


@dataclass(frozen=True)
class Kept:
    root: Path

    def get(self, key: str | None, found: Evidence, catalog: Catalog, wording: Wording) -> str | None:
        """None when nothing is kept, or it says what the evidence does not."""
        words = None if key is None else self.read(key)
        told = facts(found, wording)
        if not words or told is None:
            return None
        return words if refusal(words, told, Names.of(catalog)) is None else None

    def read(self, key: str) -> str | None:
        """The sentence; "" = the model was asked, and its answer refused; None = it was not asked."""
        try:
            said = json.loads(self._path(key).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        words = said.get("words") if isinstance(said, dict) else None
        return words if isinstance(words, str) else None

    def put(self, key: str, words: str, refused: str = "") -> None:
        """refused: why there are no words."""
        self.root.mkdir(parents=True, exist_ok=True)
        said = {"words": words} | ({"refused": refused} if refused else {})
        replace_file(self._path(key), json.dumps(said, ensure_ascii=False).encode())

    def trim(self, most: int = MOST) -> int:
        """Delete the oldest beyond `most`; how many went."""
        files = sorted(self.root.glob("*.json"), key=lambda file: file.stat().st_mtime) if self.root.is_dir() else []
        old = files[: max(0, len(files) - most)]
        for file in old:
            with suppress(OSError):
                file.unlink()
        return len(old)

    def _path(self, key: str) -> Path:
        return self.root / f"{key}.json"
