"""A system of two services for tests: press tells of its books, library keeps replicas of them."""
