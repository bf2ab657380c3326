"""From the subject of a token to the id of a user, which is a UUID everywhere in a system."""

from uuid import NAMESPACE_URL, UUID, uuid5

__all__ = ["user_id"]


def user_id(subject: str, client_id: str, foreign_issuer: str | None) -> UUID | None:
    """The id of the user that `subject` names; None where it names none.

    A subject that is a UUID is the id. Other subjects of a foreign issuer ("auth0|65f...") get the
    UUIDv5 (RFC 9562, section 5.5) of issuer and subject: the same in every service and at every
    sign-in, and never another subject's. A program that acts for itself has its client's id as the
    subject (RFC 9068, section 2.2), at Auth0 followed by "@clients": it is nobody's user.
    """
    if subject in (client_id, f"{client_id}@clients"):
        return None
    try:
        found = UUID(subject)
    except ValueError:
        found = None
    # In other spellings, such as with braces, two subjects would be one user.
    if found is not None and str(found) == subject.lower():
        return found
    return None if foreign_issuer is None else uuid5(NAMESPACE_URL, f"{foreign_issuer}#{subject}")
