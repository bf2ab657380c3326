"""library: what it knows of books and authors are replicas."""
