"""Evidence -> reasons -> sentences."""

from .evidence import Counted, Evidence, Foretold, evidence
from .settings import Wording
from .template import sentence, sentences

__all__ = ["Counted", "Evidence", "Foretold", "Wording", "evidence", "sentence", "sentences"]
