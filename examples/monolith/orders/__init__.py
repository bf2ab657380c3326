"""Orders: placing, cancelling, and what became of them."""
