"""The shop's web pages: a service that reaches the others by contract and OpenID alone."""
