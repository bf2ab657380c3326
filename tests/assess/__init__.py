"""`ramet assess` against real projects."""
