"""Every collaborative algorithm keeps the promises of Algorithm, and those of the scorer that it learns."""

from tastemaker.algorithms import BPRMF, EASE, IALS, BestOf, BiasedMF, Blend, GraphFilter, ItemKNN
from tastemaker.testing import AlgorithmContract


class TestBestOf(AlgorithmContract):
    algorithm = BestOf((GraphFilter(out=0.35), GraphFilter(into=0.5, through=1.0, out=0.5)))


class TestBiasedMF(AlgorithmContract):
    algorithm = BiasedMF(dim=4, epochs=5)


class TestBlend(AlgorithmContract):
    algorithm = Blend((GraphFilter(), IALS(dim=8, epochs=6), EASE(l2=5.0)))


class TestBPRMF(AlgorithmContract):
    algorithm = BPRMF(dim=8, epochs=60)


class TestEASE(AlgorithmContract):
    algorithm = EASE(l2=5.0)


class TestGraphFilter(AlgorithmContract):
    algorithm = GraphFilter()


class TestSmoothGraphFilter(AlgorithmContract):
    algorithm = GraphFilter(smooth=0.3, dim=6)


class TestIALS(AlgorithmContract):
    algorithm = IALS(dim=8, epochs=6)


class TestIALSExact(AlgorithmContract):
    algorithm = IALS(dim=8, epochs=6, solver="exact", counts=True)


class TestItemKNN(AlgorithmContract):
    algorithm = ItemKNN(k=10, weighting="bm25", shrink=0.0)
