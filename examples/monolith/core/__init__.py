"""What every app uses: bases of models, money, staff's notes."""
