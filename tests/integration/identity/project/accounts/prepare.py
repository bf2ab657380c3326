"""What the tests start with: run by `manage.py shell -c "import accounts.prepare"`."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from oauth2_provider.models import Application

users = get_user_model().objects
users.create_user("alice", "alice@example.org", first_name="Alice", last_name="Ant")
users.create_user("dora")
writers = Group.objects.create(name="notes:write")
for name in ("wendy", "walter"):
    users.create_user(name).groups.add(writers)
Application.objects.create(
    client_id="web",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    redirect_uris="http://localhost/cb",
    algorithm=Application.RS256_ALGORITHM,
    skip_authorization=True,
)
for name, owner in (("program", None), ("program-of-alice", users.get(username="alice"))):
    Application.objects.create(
        client_id=name,
        client_secret="secret",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        user=owner,
    )

for name in ("tv", "radio"):
    Application.objects.create(
        client_id=name,
        client_type=Application.CLIENT_PUBLIC,
        client_secret="",
        authorization_grant_type=Application.GRANT_DEVICE_CODE,
        algorithm=Application.RS256_ALGORITHM,
    )
Application.objects.create(
    client_id="public-program",
    client_secret="",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
)
for name, address in (
    ("loopback", "http://127.0.0.1/cb"),
    ("queried", "http://localhost/cb?dismiss=1"),
):
    Application.objects.create(
        client_id=name,
        client_type=Application.CLIENT_PUBLIC,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=address,
        algorithm=Application.RS256_ALGORITHM,
        skip_authorization=True,
    )
