"""What each further ranking of a new user is worth, with a pre-trained model and without one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..algorithms import Algorithm
from ..data.arrays import Float64
from ..data.case import Case
from ..data.catalog import Catalog
from ..data.features import Features
from ..data.query import Query
from ..evaluate import measure
from ..metrics import Interval, interval
from ..recipe import Recipe
from ..recommender import single
from ..scorers import Popularity, Scorer
from ..synth.cases import HeldOut, draw_held_out
from ..synth.users import as_dataset
from ..watch import Watch
from .candidates import stream
from .pretrain import fit_one
from .synthesize import RANKS

KNOWN = (0, 1, 2, 5, 10)  # rankings of the curve
SHOPS, FIRST = 16, 100  # shops that open, and the users that each of them has so far

Curve = Mapping[str, Mapping[int, Interval]]  # way of learning -> known rankings -> Spearman


@dataclass(frozen=True)
class ColdStart:
    """A shop opens and its first users each rank k items.

    pre-trained:  the version, told the user's k rankings (and tastes)
    from scratch: the same algorithm learned from nothing but the k rankings (and tastes) of the shop's first users, and
                  told the same; below two rankings there is no pair to learn from: without tastes every item
                  scores alike, and with tastes there is no such model (a dash)

    Intervals are over shops, whose users share what was learned.
    """

    recipe: Recipe
    catalog: Catalog
    features: Features
    pretrained: Scorer
    model: Algorithm
    seed: int

    def curve(self, watch: Watch) -> Curve:
        rng = stream(self.seed, "curve")
        shops = [draw_held_out(self.recipe.synth, self.features, FIRST, rng) for _ in range(SHOPS)]
        lines: dict[str, dict[int, Interval]] = {}
        for done, k in enumerate(KNOWN):
            for stated in (False, True):
                tastes = f"tastes {'stated' if stated else 'unknown'}"
                told = [self._measured(self.pretrained, shop, k, stated) for shop in shops]
                learned = [self._measured(self._scratch(shop, k, stated), shop, k, stated) for shop in shops]
                for label, found in (("pre-trained", told), ("from scratch", learned)):
                    means = np.array([np.nanmean(users) for users in found if len(users)])  # users of a shop are alike
                    rng = stream(self.seed, f"interval {label} {k} {stated}")
                    lines.setdefault(f"{label}, {tastes}", {})[k] = interval(means, rng)
            watch.progress(done + 1, len(KNOWN))
        return lines

    def _measured(self, scorer: Scorer | None, shop: HeldOut, k: int, stated: bool) -> Float64:
        """Spearman of each user's other list, float64 (users,); none where there is no model."""
        if scorer is None:
            return np.zeros(0)
        known = shop.ratings(self.catalog.items.ids, k)
        profiles = [dict(zip(shop.names, map(float, row), strict=True)) if stated else {} for row in shop.tastes]
        queries = tuple(Query(ratings=r, profile=p) for r, p in zip(known, profiles, strict=True))
        case = Case("cold start", f"{k} rankings known", queries, shop.judged.items, shop.relevance())
        return measure(single(self.catalog, self.features.tastes, scorer), case)["spearman"]

    def _scratch(self, shop: HeldOut, k: int, stated: bool) -> Scorer | None:
        if k < 2:
            return None if stated else Popularity(np.zeros(len(self.catalog), np.float32))
        tastes = shop.tastes if stated else np.full_like(shop.tastes, np.nan)
        scale = self.recipe.scales.get("ranking", RANKS)
        whole = as_dataset(shop.history, tastes, shop.names, self.catalog, scale)
        first = np.tile(np.arange(shop.history.items.shape[1]) < k, len(shop.tastes))
        train = whole.where(first)
        rules = self.recipe.rules
        return fit_one("scratch", self.model, train, self.features, self.seed, Watch(), train, rules=rules).scorer
