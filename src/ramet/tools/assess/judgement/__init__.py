"""What parting a system into its groups costs, and whether it is worth it.

`places` says on which side everything stands, `cuts` what crosses and how it is cut at which of the
`efforts`, `blockers` what must go first, `recommending` which groups are worth a boundary, `order`
which comes first, `verdict` whether to split at all; `metrics` are the published measures.
`judging` puts it together.
"""
