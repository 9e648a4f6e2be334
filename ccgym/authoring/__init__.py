"""Making domains: a playable folder from the tool schemas and the SOP that a team already has."""

from __future__ import annotations

from ccgym.authoring.create import NewDomain, new_domain

__all__ = ["NewDomain", "new_domain"]
