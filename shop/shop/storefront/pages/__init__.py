"""What a browser can open, one module a topic; each view is wrapped by `page.page`."""
