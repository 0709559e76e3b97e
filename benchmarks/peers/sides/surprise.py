"""Surprise: matrix factorization (SVD) and item neighbors around a baseline, on ratings."""

from pathlib import Path
from typing import Any

from surprise import SVD, Dataset, KNNBaseline, Reader  # type: ignore[import-not-found]

from peers.measure import Work
from peers.ratings import read_ratings, rmse
from peers.world import World

MODELS = {"svd": SVD, "knn": KNNBaseline}


def ratings(_: World, file: str, split: str, model: str, **settings: Any) -> Work:
    data = read_ratings(Path(file), split)
    user, item, value = (part.tolist() for part in data.part(train=True))
    door = Dataset(Reader(rating_scale=data.scale))
    train = door.construct_trainset([(u, i, v, None) for u, i, v in zip(user, item, value, strict=True)])
    asked = list(zip(*(part.tolist() for part in data.part(train=False)), strict=True))

    def run() -> Any:
        made = MODELS[model](**settings)
        made.fit(train)
        return [found.est for found in made.test(asked)]

    def quality(predicted: Any) -> dict[str, float]:
        return {"rmse": rmse(predicted, data.part(train=False)[2])}

    return Work(run, lambda _, seconds: seconds, quality)


CALLS = {"ratings": ratings}
