"""press: the source, with a table of its own, events and a contract."""
