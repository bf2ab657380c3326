"""Code of nobody's service: a change of it concerns both."""

SHARED = "shared one"
