"""products: what the shop sells, and how many pieces of it are left."""
