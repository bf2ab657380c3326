"""The boundaries that a team draws: read from `ramet.toml`, written into it, and held.

`home` tells where that is, `pins` reads it for the grouping, `writing` puts a grouping there, and
`ratchet` keeps what crosses them from getting more.
"""
