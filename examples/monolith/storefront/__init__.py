"""The pages of the shop: it shows what the other apps have, and has no models of its own."""
