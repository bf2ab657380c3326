"""Values, lookups and accessors: which models an expression reaches."""
