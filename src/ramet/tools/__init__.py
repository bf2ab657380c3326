"""Work on a declared system from outside, in processes that never import Django."""
