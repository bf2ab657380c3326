"""The real brokers that the tests run, each started once a session, on loopback, in a folder."""
