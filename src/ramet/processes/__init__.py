"""What runs inside one process of a service: its web server, its worker, its Celery worker."""
