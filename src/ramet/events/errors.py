"""What `publish` refuses. These are bugs of the calling code, so they keep their traceback."""

__all__ = ["EventTooLarge", "InvalidEvent", "PublishOutsideTransaction"]


class PublishOutsideTransaction(RuntimeError):
    """`publish` was called where no transaction ties the event to the change that it announces."""


class InvalidEvent(TypeError):
    """What was published is no event, or a field has a value that its annotation does not allow."""


class EventTooLarge(ValueError):
    """The encoded event is larger than a broker is asked to carry."""
