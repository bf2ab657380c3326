"""Print the JSON Schema of ramet.toml, so that editors complete it."""

import json

from ramet.system import json_schema

__all__ = ["command"]


def command() -> None:
    """Print the JSON Schema of ramet.toml to standard output.

    With the Even Better TOML or Taplo extension, save it as ramet.schema.json beside ramet.toml
    and begin the file with `#:schema ./ramet.schema.json`.
    """
    print(json.dumps(json_schema(), indent=2))
