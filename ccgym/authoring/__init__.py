"""Making what plugins are made of: whole packages to begin with, and domains from the files that a team has."""

from __future__ import annotations

from ccgym.authoring.create import NewDomain, new_domain
from ccgym.authoring.names import Kind, Names, names_of
from ccgym.authoring.package import NewPackage, new_package

__all__ = ["Kind", "Names", "NewDomain", "NewPackage", "names_of", "new_domain", "new_package"]
