"""Evidence that the source alone does not give: the running registry, traces, history."""
