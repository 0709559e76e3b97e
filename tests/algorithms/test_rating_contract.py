"""Every rating model keeps the promises of Algorithm, and those of the scorer that it learns."""

from tastemaker.algorithms import BayesMF, Biases, RatingBlend, RatingContent, RatingKNN
from tastemaker.testing import AlgorithmContract


class TestBayesMF(AlgorithmContract):
    algorithm = BayesMF(dim=3, epochs=10)


class TestBiases(AlgorithmContract):
    algorithm = Biases()
    learns = False  # the same order for everybody, of items whose worth depends on who looks


class TestRatingBlend(AlgorithmContract):
    algorithm = RatingBlend(members=(BayesMF(dim=3, epochs=10), RatingContent(epochs=5), RatingKNN(likes=False)))


class TestRatingContent(AlgorithmContract):
    algorithm = RatingContent(epochs=5)


class TestRatingKNN(AlgorithmContract):
    algorithm = RatingKNN(k=10)
