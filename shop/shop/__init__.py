"""The shop: the reference system of Ramet. Nothing is imported here: processes stay small."""
