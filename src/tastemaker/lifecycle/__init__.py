"""The verbs of a project, from a catalog to a model that real users taught."""

from .project import Project

__all__ = ["Project"]
