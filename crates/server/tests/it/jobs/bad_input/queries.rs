//! Readers that ask for what is not there to be asked.

use http::Method;

use super::{case, check};
use crate::test_server::{TestServer, example};

#[tokio::test]
async fn queries() {
    let server = TestServer::open().await;
    server.submit(&example()).await;
    let mut cases = vec![];
    for (query, field) in [
        ("limit=-1", "limit"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1e3", "limit"),
        ("limit=9223372036854775808", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=5&limit=6", "limit"),
        ("limit=%00", "limit"),
        ("offset=-1", "offset"),
        ("offset=-9223372036854775808", "offset"),
        ("offset=x", "offset"),
        ("offset=18446744073709551616", "offset"),
        ("status=unknown", "status"),
        ("status=", "status"),
        ("status=queued", "status"),
        ("status=pending%00", "status"),
        ("status=pending&status=running", "status"),
        ("priority=urgent", "priority"),
        ("priority=", "priority"),
        ("type=%00", "type"),
        ("type=a%00b", "type"),
    ] {
        cases.push(case(query, Method::GET, &format!("/api/v1/jobs?{query}"), "").field(field));
    }
    for (query, field) in [
        ("stream=both", "stream"),
        ("follow=yes", "follow"),
        ("follow=-1", "follow"),
    ] {
        let path = format!("/api/v1/jobs/018cc4e5-2200-7000-8000-000000000001/logs?{query}");
        cases.push(case(query, Method::GET, &path, "").field(field));
    }
    check(&server, cases).await;
}
