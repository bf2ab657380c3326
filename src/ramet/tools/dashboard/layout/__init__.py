"""Drawing a graph in layers, from left to right: the method of Sugiyama, Tagawa and Toda (1981).

It knows of boxes and links only, and the same graph always has the same drawing: what does not
change in a live picture does not move.
"""

from ramet.tools.dashboard.layout.drawing import Box, Drawing, Link, Placed, Route, draw

__all__ = ["Box", "Drawing", "Link", "Placed", "Route", "draw"]
