"""Which models belong together: candidates for services."""
