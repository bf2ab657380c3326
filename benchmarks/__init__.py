"""Each figure that Ramet claims, measured in one run against its peers: `make bench`."""
