"""A declared system -> what a production's Prometheus and Grafana need to watch it.

Files, and nothing that runs: rules, dashboards and runbooks, for the user to keep and to change.
"""
