"""Attacks on the running shop by people who use it: its API, its pages and its OpenID provider.

One file a family of attacks. Each assertion names what the attacker must not get; what stops each
attack is told in docs/explanation/let-nobody-in.md.
"""
