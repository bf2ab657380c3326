"""A judged scan -> what a person reads and what a program does: a page, a summary, JSON, drift.

Nothing here judges. What a project says, names and source alike, is untrusted text wherever it is
written.
"""
