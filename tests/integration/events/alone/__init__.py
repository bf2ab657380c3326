"""A plain Django project without ramet.toml: events alone, on SQLite."""
