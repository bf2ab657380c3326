"""What makes the tables append-only: triggers of PostgreSQL and SQLite.

An entry begins without a seal, at the time of the statement that inserts it. It may be given a
seal, once; it may be deleted once its seal says that it was pruned. A seal may be marked as pruned,
once. Nothing else ever changes. The owner of a table can still remove its triggers: that is what
the chain is for.
"""

# ruff: noqa: S608  nothing is put in but names of this module

from collections.abc import Iterator

__all__ = ["functions", "statements"]

_ENTRY, _SEAL = "ramet_audit_entry", "ramet_audit_seal"
# Every column but `seal`, and every one but `pruned_at`.
_OF_ENTRY = tuple(
    'seq at service action subject "user" caller via request_id facts'.split()  # noqa: SIM905
)
_OF_SEAL = ("id", "at", "entries", "latest", "digest")

_REFUSED = "the audit log is append-only; see `ramet audit prune`"


def statements(vendor: str) -> Iterator[str]:
    """For the migration; none for other databases, where the chain alone tells of changes."""
    if vendor == "postgresql":
        yield from _postgresql()
    elif vendor == "sqlite":
        yield from _sqlite()


def functions(vendor: str) -> Iterator[str]:
    """What is left to remove once the tables, and their triggers with them, are gone."""
    if vendor == "postgresql":
        yield "DROP FUNCTION ramet_audit_refuse(), ramet_audit_is_pruned()"


def _postgresql() -> Iterator[str]:
    yield f"""
        CREATE FUNCTION ramet_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'insufficient_privilege';
        END $$"""
    # Of the statement that the client sent: exact, and indifferent to clocks that are set back.
    for table, allowed in _allowed("IS DISTINCT FROM", "statement_timestamp() = NEW.at").items():
        for deed, condition in allowed.items():
            yield (
                f"CREATE TRIGGER {table}_{deed.lower()} BEFORE {deed} ON {table} FOR EACH ROW"
                f" WHEN ({condition}) EXECUTE FUNCTION ramet_audit_refuse()"
            )
        yield (
            f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION ramet_audit_refuse()"
        )
    # A condition cannot ask another table.
    yield f"""
        CREATE FUNCTION ramet_audit_is_pruned() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF EXISTS (SELECT FROM {_SEAL} WHERE id = OLD.seal AND pruned_at IS NOT NULL) THEN
            RETURN OLD;
          END IF;
          RAISE EXCEPTION '{_REFUSED}' USING ERRCODE = 'insufficient_privilege';
        END $$"""
    yield (
        f"CREATE TRIGGER {_ENTRY}_delete BEFORE DELETE ON {_ENTRY}"
        " FOR EACH ROW EXECUTE FUNCTION ramet_audit_is_pruned()"
    )


def _sqlite() -> Iterator[str]:
    unless_pruned = (
        f"NOT EXISTS (SELECT 1 FROM {_SEAL} WHERE id = OLD.seal AND pruned_at IS NOT NULL)"
    )
    # 'now' stays the same while a statement runs; a second is for what a text of a time leaves out.
    is_now = "coalesce(abs(julianday(NEW.at) - julianday('now')) < 1.0 / 86400, 0)"
    allowed = _allowed("IS NOT", is_now)
    allowed[_ENTRY]["DELETE"] = unless_pruned
    for table, deeds in allowed.items():
        for deed, condition in deeds.items():
            yield (
                f"CREATE TRIGGER {table}_{deed.lower()} BEFORE {deed} ON {table}"
                f" WHEN {condition} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )


def _allowed(differs: str, is_now: str) -> dict[str, dict[str, str]]:
    """The condition under which each deed is refused."""

    def changes(columns: tuple[str, ...]) -> str:
        return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)

    return {
        _ENTRY: {
            "INSERT": f"NEW.seal IS NOT NULL OR NOT ({is_now})",
            "UPDATE": f"OLD.seal IS NOT NULL OR NEW.seal IS NULL OR {changes(_OF_ENTRY)}",
        },
        _SEAL: {
            "UPDATE": "OLD.pruned_at IS NOT NULL OR NEW.pruned_at IS NULL OR " + changes(_OF_SEAL),
            "DELETE": "OLD.id IS NOT NULL",
        },
    }
