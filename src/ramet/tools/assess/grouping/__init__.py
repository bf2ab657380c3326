"""Which models belong together: candidates for services.

In the order of the work: `evidence` is everything that ties two models, weighed by `weights` into a
`graph`; `platform` takes out what everything leans on; `louvain` and `absorbing` make one run,
`consensus` many of them one partition, `candidates` the whole of it. docs/explanation/
how-an-assessment-judges.md tells why.
"""

from ramet.tools.assess.grouping.candidates import Candidate, Candidates, find_candidates
from ramet.tools.assess.grouping.evidence import Evidence, Link, evidence_of
from ramet.tools.assess.grouping.platform import Hub

__all__ = [
    "Candidate",
    "Candidates",
    "Evidence",
    "Hub",
    "Link",
    "evidence_of",
    "find_candidates",
]
