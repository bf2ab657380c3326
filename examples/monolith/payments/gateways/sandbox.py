"""A bank to try the shop with: tok_ok pays, tok_declined does not."""

from uuid import uuid4

from payments.gateways import Declined


class Sandbox:
    name = "sandbox"

    def charge(self, token, amount):
        if token != "tok_ok":  # noqa: S105
            raise Declined("The card was declined.")
        return f"sandbox-{uuid4().hex}"

    def refund(self, reference, amount):
        return f"{reference}-refund"
