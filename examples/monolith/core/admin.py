"""Notes in the admin, below whatever they are about."""

from django.contrib import admin
from django.contrib.contenttypes.admin import GenericTabularInline

from core.models import Note


class NoteInline(GenericTabularInline):
    model = Note
    extra = 0
    readonly_fields = ["created_by", "created_at"]


class AttributedAdmin(admin.ModelAdmin):
    """Keeps who made a row, and who left a note on it."""

    def save_model(self, request, obj, form, change):
        if not change:
            obj.created_by = request.user
        super().save_model(request, obj, form, change)

    def save_formset(self, request, form, formset, change):
        for row in formset.save(commit=False):
            if isinstance(row, Note) and row.created_by is None:
                row.created_by = request.user
            row.save()
        for row in formset.deleted_objects:
            row.delete()
        formset.save_m2m()
