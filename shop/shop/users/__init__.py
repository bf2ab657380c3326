"""users: who people are. The OpenID provider, and the one place that knows e-mail addresses."""
