"""The local system's web page: what runs, what it said last, and the mails it wrote. Read only."""
