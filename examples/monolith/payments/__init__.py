"""Payments: what banks hold, took and gave back, with books that balance."""
