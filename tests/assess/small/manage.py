"""A small project, with everything in it that evidence has to tell: see tests/unit/tools/assess."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "small.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
