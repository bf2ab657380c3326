"""The pages to sign up and in on: django-allauth's, with the rules and the look of the shop."""
