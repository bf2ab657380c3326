"""What parting a system into its groups costs, and whether it is worth it."""
