"""The verbs of a project, from a catalog to a model that real users taught."""

from .project import Project, find_root

__all__ = ["Project", "find_root"]
