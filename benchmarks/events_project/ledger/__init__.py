"""The subscriber: one row for each sale, whoever brings it."""
