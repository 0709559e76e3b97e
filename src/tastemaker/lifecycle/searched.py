"""The verbs of a search: better settings for a model, looked at, and applied when somebody says so."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..watch import Watch
from .opened import Opened

if TYPE_CHECKING:
    from .tuning import Tuned
    from .tuning_apply import Applied
    from .tuning_begin import Wanted


@dataclass(frozen=True)
class Searched(Opened):
    """A project that is open, and its searches."""

    def tune(self, wanted: "Wanted", watch: Watch | None = None) -> "Tuned":
        """Search better settings for a model on validation data; nothing is applied."""
        from .tuning import tune

        return tune(self.store, self.recipe, wanted, watch or Watch())

    def tune_review(self, study: str | None = None) -> "Tuned":
        """What a study, or the latest one, has found."""
        from .tuning import review

        return review(self.store, study)

    def tune_report(self, study: str | None = None) -> Path:
        """Its report as a picture, a page and best_hp.json; the folder that they are in."""
        from .tuning import write

        return write(self.store, study)

    def tune_apply(self, study: str | None = None) -> "Applied":
        """Its best settings become those of recipe.toml, from the next training on."""
        from .tuning_apply import apply

        applied = apply(self.store, self.recipe, study)
        self.__dict__.pop("recipe", None)
        return applied
