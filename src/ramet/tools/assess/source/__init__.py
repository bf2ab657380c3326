"""Files of a project -> what each of them says by itself, from the cache where nothing changed."""
