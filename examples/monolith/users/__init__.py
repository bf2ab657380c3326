"""People, where they live, and the letters that they get."""
