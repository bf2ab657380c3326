"""Relation fields: Django's own, and those of packages by their dotted names."""

from __future__ import annotations

import msgspec

__all__ = ["DJANGO_FIELDS", "PACKAGE_FIELDS", "KnownField", "known_field"]


class KnownField(msgspec.Struct, frozen=True):
    """`kind` as in `Edge.kind`. `target` and `through` are labels that it has by itself."""

    kind: str
    target: str | None = None
    through: str | None = None


DJANGO_FIELDS = {
    "ForeignKey": KnownField("fk"),
    "OneToOneField": KnownField("o2o"),
    "ManyToManyField": KnownField("m2m"),
    "GenericForeignKey": KnownField("gfk"),
    "GenericRelation": KnownField("generic_relation"),
    "ForeignObject": KnownField("fk"),
}

# By the last two parts: packages move their modules about, and re-export.
PACKAGE_FIELDS = {
    "TreeForeignKey": KnownField("fk"),  # django-mptt, django-tree-queries
    "TreeOneToOneField": KnownField("o2o"),
    "TreeManyToManyField": KnownField("m2m"),
    "ParentalKey": KnownField("fk"),  # django-modelcluster
    "ParentalManyToManyField": KnownField("m2m"),
    "SortedManyToManyField": KnownField("m2m"),  # django-sortedm2m
    "TaggableManager": KnownField("m2m", "taggit.Tag", "taggit.TaggedItem"),  # django-taggit
    "ClusterTaggableManager": KnownField("m2m", "taggit.Tag", "taggit.TaggedItem"),
    "ChainedForeignKey": KnownField("fk"),  # django-smart-selects
    "GroupedForeignKey": KnownField("fk"),
    "ChainedManyToManyField": KnownField("m2m"),
    "FSMKeyField": KnownField("fk"),  # django-fsm
    "FilerImageField": KnownField("fk", "filer.Image"),  # django-filer
    "FilerFileField": KnownField("fk", "filer.File"),
    "FilerFolderField": KnownField("fk", "filer.Folder"),
    "PlaceholderField": KnownField("fk", "cms.Placeholder"),  # django-cms
    "PageField": KnownField("fk", "cms.Page"),
    "AutoOneToOneField": KnownField("o2o"),  # django-annoying
    "CurrentUserField": KnownField("fk", "*user*"),  # django-currentuser
    "CachedForeignKey": KnownField("fk"),
    "CompositeForeignKey": KnownField("fk"),
    "FutureModelForeignKey": KnownField("fk"),  # django-polymorphic's and parler's kin
    "TranslationsForeignKey": KnownField("fk"),  # django-parler
    "GM2MField": KnownField("gfk"),  # django-gm2m
}

_SUFFIXES = (
    ("ManyToManyField", "m2m"),
    ("GenericForeignKey", "gfk"),
    ("GenericRelation", "generic_relation"),
    ("ForeignKeyField", "fk"),
    ("ForeignKey", "fk"),
    ("OneToOneField", "o2o"),
)


def known_field(dotted: str) -> KnownField | None:
    """The relation field of an external dotted name, None where it is no relation.

    A class whose name ends like one of Django's is taken for a subclass of it.
    """
    name = dotted.rpartition(".")[2]
    if dotted.startswith("django."):
        return DJANGO_FIELDS.get(name)
    if name in PACKAGE_FIELDS:
        return PACKAGE_FIELDS[name]
    if ".forms" in dotted or ".serializers" in dotted or dotted.startswith("rest_framework"):
        return None
    for suffix, kind in _SUFFIXES:
        if name.endswith(suffix):
            return KnownField(kind)
    return None
