"""A seeded nemesis for the running shop: faults as data, the load of customers, what must hold.

`schedule` plans, `faults` strikes and heals, `customers` buy, `shaken_shop` is the shop with a
broker behind a proxy and clocks that can be set. The test is `tests/acceptance/test_nemesis.py`.
"""
