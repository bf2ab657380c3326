"""Models of Django and of packages: which are abstract, and the relations that they pass on."""

from __future__ import annotations

import msgspec

__all__ = ["SEARCH_APPS", "KnownModel", "is_indexed", "known_model"]

SEARCH_APPS = ("wagtailsearch", "modelsearch")
"""Apps that relate every model that is indexed for search to their `IndexEntry`."""

_INDEXED = frozenset(("Indexed", "Page", "AbstractImage", "AbstractDocument"))


class KnownModel(msgspec.Struct, frozen=True):
    """`fields` are (name, kind, target, through) of an abstract one, `label` that of a concrete."""

    label: str | None = None
    fields: tuple[tuple[str, str, str, str | None], ...] = ()


_CONTENT_TYPE = ("content_type", "fk", "contenttypes.ContentType", None)
_OBJECT = ("content_object", "gfk", "*", None)
_PERMISSIONS = (
    ("groups", "m2m", "auth.Group", None),
    ("user_permissions", "m2m", "auth.Permission", None),
)
_TAG = ("tag", "fk", "taggit.Tag", None)
_APPLICATION = ("application", "fk", "oauth2_provider.Application", None)
_USER = ("user", "fk", "*user*", None)

_ABSTRACT: dict[str, tuple[tuple[str, str, str, str | None], ...]] = {
    # Django
    "django.contrib.auth.AbstractUser": _PERMISSIONS,
    "django.contrib.auth.PermissionsMixin": _PERMISSIONS,
    "django.contrib.auth.AbstractBaseUser": (),
    "django.contrib.sessions.AbstractBaseSession": (),
    "django.contrib.contenttypes.GenericContentType": (),
    # django-polymorphic
    "polymorphic.PolymorphicModel": (
        ("polymorphic_ctype", "fk", "contenttypes.ContentType", None),
    ),
    # django-taggit
    "taggit.TaggedItemBase": (_TAG,),
    "taggit.ItemBase": (),
    "taggit.TagBase": (),
    "taggit.CommonGenericTaggedItemBase": (_CONTENT_TYPE, _OBJECT),
    "taggit.GenericTaggedItemBase": (_CONTENT_TYPE, _OBJECT),
    "taggit.GenericUUIDTaggedItemBase": (_CONTENT_TYPE, _OBJECT),
    # django-guardian
    "guardian.UserObjectPermissionBase": (
        ("permission", "fk", "auth.Permission", None),
        _USER,
    ),
    "guardian.GroupObjectPermissionBase": (
        ("permission", "fk", "auth.Permission", None),
        ("group", "fk", "auth.Group", None),
    ),
    "guardian.BaseGenericObjectPermission": (_CONTENT_TYPE, _OBJECT),
    "guardian.UserObjectPermissionAbstract": (
        ("permission", "fk", "auth.Permission", None),
        _CONTENT_TYPE,
        _OBJECT,
        _USER,
    ),
    "guardian.GroupObjectPermissionAbstract": (
        ("permission", "fk", "auth.Permission", None),
        _CONTENT_TYPE,
        _OBJECT,
        ("group", "fk", "auth.Group", None),
    ),
    # django-oauth-toolkit
    "oauth2_provider.AbstractApplication": (_USER,),
    "oauth2_provider.AbstractGrant": (_USER, _APPLICATION),
    "oauth2_provider.AbstractIDToken": (_USER, _APPLICATION),
    "oauth2_provider.AbstractAccessToken": (
        _USER,
        ("source_refresh_token", "o2o", "oauth2_provider.RefreshToken", None),
        ("id_token", "o2o", "oauth2_provider.IDToken", None),
        _APPLICATION,
    ),
    "oauth2_provider.AbstractRefreshToken": (
        _USER,
        _APPLICATION,
        ("access_token", "o2o", "oauth2_provider.AccessToken", None),
    ),
    # django-reversion, django-otp, djangorestframework
    "django_otp.Device": (_USER,),
    "django_otp.SideChannelDevice": (_USER,),
    "django_comments.CommentAbstractModel": (
        _CONTENT_TYPE,
        _OBJECT,
        ("site", "fk", "sites.Site", None),
        _USER,
    ),
    "django_comments.BaseCommentAbstractModel": (
        _CONTENT_TYPE,
        _OBJECT,
        ("site", "fk", "sites.Site", None),
    ),
    "social_django.AbstractUserSocialAuth": (_USER,),
    # wagtail
    "wagtail.AbstractImage": (
        ("collection", "fk", "wagtailcore.Collection", None),
        ("tags", "m2m", "taggit.Tag", "taggit.TaggedItem"),
        ("uploaded_by_user", "fk", "*user*", None),
    ),
    "wagtail.AbstractRendition": (),
    "wagtail.AbstractDocument": (
        ("collection", "fk", "wagtailcore.Collection", None),
        ("tags", "m2m", "taggit.Tag", "taggit.TaggedItem"),
        ("uploaded_by_user", "fk", "*user*", None),
    ),
    "wagtail.BaseSiteSetting": (("site", "o2o", "wagtailcore.Site", None),),
    "wagtail.BaseSetting": (("site", "fk", "wagtailcore.Site", None),),
    "wagtail.BaseGenericSetting": (),
    "wagtail.AbstractFormField": (),
    "wagtail.CollectionMember": (("collection", "fk", "wagtailcore.Collection", None),),
    "wagtail.Orderable": (),
    "wagtail.ClusterableModel": (),
    "wagtail.RevisionMixin": (
        ("latest_revision", "fk", "wagtailcore.Revision", None),
        ("_revisions", "generic_relation", "wagtailcore.Revision", None),
    ),
    "wagtail.DraftStateMixin": (("live_revision", "fk", "wagtailcore.Revision", None),),
    "wagtail.LockableMixin": (("locked_by", "fk", "*user*", None),),
    "wagtail.WorkflowMixin": (
        ("_workflow_states", "generic_relation", "wagtailcore.WorkflowState", None),
    ),
    "wagtail.TranslatableMixin": (("locale", "fk", "wagtailcore.Locale", None),),
    "wagtail.PreviewableMixin": (),
    # trees and time stamps, which relate nothing by themselves
    "mptt.MPTTModel": (),
    "tree_queries.TreeNode": (("parent", "fk", "self", None),),
    "treebeard.MP_Node": (),
    "treebeard.AL_Node": (),
    "treebeard.NS_Node": (),
    "treebeard.Node": (),
    "model_utils.TimeStampedModel": (),
    "model_utils.UUIDModel": (),
    "model_utils.StatusModel": (),
    "model_utils.SoftDeletableModel": (),
    "django_extensions.TimeStampedModel": (),
    "django_extensions.TitleSlugDescriptionModel": (),
    "django_extensions.ActivatorModel": (),
    "parler.TranslatableModel": (),
    "solo.SingletonModel": (),
    "modelcluster.ClusterableModel": (),
    "safedelete.SafeDeleteModel": (),
    "simple_history.HistoricForeignKey": (),
}

_CONCRETE = {
    "wagtail.Page": "wagtailcore.Page",
    "wagtail.Collection": "wagtailcore.Collection",
    "wagtail.Task": "wagtailcore.Task",
    "cms.CMSPlugin": "cms.CMSPlugin",
    "filer.File": "filer.File",
    "filer.Image": "filer.Image",
    "filer.Folder": "filer.Folder",
    "django.contrib.auth.User": "auth.User",
    "django.contrib.auth.Group": "auth.Group",
    "django.contrib.auth.Permission": "auth.Permission",
    "django.contrib.sites.Site": "sites.Site",
    "django.contrib.contenttypes.ContentType": "contenttypes.ContentType",
    "django.contrib.flatpages.FlatPage": "flatpages.FlatPage",
    "django.contrib.sessions.Session": "sessions.Session",
    "django.contrib.admin.LogEntry": "admin.LogEntry",
    "taggit.Tag": "taggit.Tag",
    "taggit.TaggedItem": "taggit.TaggedItem",
    "wagtail.AbstractEmailForm": "",
}

# Made of wagtail's Page, and abstract again.
_ABSTRACT_PAGES = frozenset(("AbstractEmailForm", "AbstractForm"))
_PACKAGES = frozenset(
    {each.partition(".")[0] for each in (*_ABSTRACT, *_CONCRETE) if not each.startswith("django.")}
)


def is_indexed(dotted: str) -> bool:
    """Whether an external class, of wagtail or modelsearch, makes a model one that is indexed."""
    package, _, rest = dotted.partition(".")
    return package in ("wagtail", "modelsearch") and rest.rpartition(".")[2] in _INDEXED


def known_model(dotted: str) -> KnownModel | None:
    """That of an external dotted name, wherever in its package it is imported from."""
    parts = dotted.split(".")
    if parts[0] == "django" and len(parts) > 3 and parts[1] == "contrib":
        key = ".".join((*parts[:3], parts[-1]))
    elif parts[0] in _PACKAGES:
        key = f"{parts[0]}.{parts[-1]}"
    else:
        return None
    if parts[0] == "wagtail" and parts[-1] in _ABSTRACT_PAGES:
        return KnownModel(fields=(("page_ptr", "mti_parent", "wagtailcore.Page", None),))
    label = _CONCRETE.get(key)
    if label:
        return KnownModel(label=label)
    fields = _ABSTRACT.get(key)
    return KnownModel(fields=fields) if fields is not None else None
