"""The pages on which people sign up and in: django-allauth's, with the rules and the look of the shop."""
