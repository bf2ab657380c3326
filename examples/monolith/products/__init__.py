"""The catalogue: what is for sale, how much of it there is, and what buyers say."""
