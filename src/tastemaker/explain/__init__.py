"""Evidence -> reasons -> sentences."""

from .template import sentences

__all__ = ["sentences"]
