"""Books that are lent, and reminders that are due."""
