"""orders: what customers want, and the saga that gets it for them or says why not."""
