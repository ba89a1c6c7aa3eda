"""What schemathesis is told of our media types and formats beside the document."""

import schemathesis
from hypothesis import strategies as st

# Pictures are sent as they are, like any bytes.
for kind in ("image/png", "image/jpeg", "image/webp"):
    schemathesis.serializer.alias(kind, "application/octet-stream")


# A program's bytes have no structure to validate.
@schemathesis.deserializer("application/octet-stream")
def raw(ctx, response):
    return response.content.decode("latin-1")


# Of all addresses only these are taken; of arbitrary ones hardly any would be.
schemathesis.openapi.format(
    "uri",
    st.builds(
        "{}://{}/{}".format,
        st.sampled_from(["http", "https"]),
        # Nobody listens there: hooks that are made call nobody.
        st.sampled_from(["127.0.0.1:1", "[::1]:1"]),
        st.text(st.characters(codec="ascii", categories=["L", "N"]), max_size=20),
    ),
)


# Calls that wait do so for a moment, and logs are not followed: either would take the run's time.
@schemathesis.hook
def before_call(ctx, case, kwargs):
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("wait_seconds"), (int, float)):
        if 0 < body["wait_seconds"] <= 60:
            body["wait_seconds"] = 0.01
    if case.path.endswith("/logs") and case.method.upper() == "GET" and case.query:
        if "follow" in case.query:
            case.query["follow"] = 0
