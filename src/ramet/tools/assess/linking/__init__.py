"""What files say by themselves -> what it means together: names, classes, models, relations."""
