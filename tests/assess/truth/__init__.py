"""The truth of real projects, from Django itself."""
