"""Which drawing stands for a product, as long as nobody has taken photographs.

The catalogue belongs to products and knows nothing of pictures: the name tells, else the category.
"""

# The first word that occurs in a product's name decides, so the more particular ones come first.
_BY_WORD = {
    "secateurs": "secateurs",
    "spade": "spade",
    "fork": "fork",
    "saw": "saw",
    "sickle": "sickle",
    "twine": "twine",
    "tomato feed": "bottle",
    "tomato": "tomato",
    "chilli": "chilli",
    "sweet pea": "flower",
    "meadow": "flower",
    "snowdrops": "snowdrop",
    "narcissus": "snowdrop",
    "allium": "flower",
    "dahlia": "flower",
    "crocus": "flower",
    "planter": "planter",
    "tray": "tray",
    "hanging basket": "basket",
    "sprayer": "spray",
    "olla": "drop",
    "rain": "drop",
    "hose": "hose",
    "worms": "worm",
    "hat": "hat",
    "apron": "apron",
    "mat": "mat",
}
_BY_CATEGORY = frozenset(
    ("tools", "seeds", "bulbs", "pots", "watering", "soil", "clothing", "books")
)

DRAWINGS = _BY_CATEGORY | {*_BY_WORD.values()} | {"leaf", "basket", "cloud"}


def drawing_of(category: str, name: str) -> str:
    """The drawing's name in `art.svg`; a leaf for categories that came after the drawings."""
    words = f" {name.lower().replace(',', ' ')} "
    for word, drawing in _BY_WORD.items():
        if f" {word} " in words:
            return drawing
    return category.lower() if category.lower() in _BY_CATEGORY else "leaf"
