"""A service of the tests: it announces what happens to parcels."""
