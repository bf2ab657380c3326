"""An app with events and handlers."""
