"""What is known of Django and of widely used packages, for when their source is not at hand.

Facts, each of which can be looked up in the package's own source: which fields its relation fields
and abstract models have, and the labels of its apps where they are not their folder's name.
"""
