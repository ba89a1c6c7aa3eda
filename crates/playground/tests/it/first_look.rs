//! The first look at Compose text, without the compose tool.

use playground::{blueprint, labels::Visibility};

const STACK: &str = "
x-base: &base
  restart: always
services:
  web:
    <<: *base
    build: .
    ports:
      - '8080:80'
      - target: 53
        published: '5353'
        protocol: udp
      - 9000
    profiles: [debug]
    depends_on:
      db:
        condition: service_healthy
    healthcheck: {test: 'true'}
    labels:
      - playgrounds.expose=internal:3000
      - other=1
  db:
    image: postgres:${TAG:-16}
    command: !override [postgres]
    environment: !reset null
";

#[test]
fn services_ports_profiles_and_labels_are_read() {
    let read = blueprint::read(STACK);
    assert_eq!(read.problems, []);
    let [web, db] = read.services.as_slice() else {
        panic!("{:?}", read.services)
    };
    assert_eq!(web.name, "web");
    assert_eq!((web.at.line, web.at.column), (5, 3));
    assert_eq!(web.ports, ["8080:80", "5353:53/udp", "9000"]);
    assert_eq!(web.profiles, ["debug"]);
    assert_eq!(read.profiles, ["debug"]);
    assert_eq!(web.depends_on, ["db"]);
    assert!(web.is_dynamic() && !db.is_dynamic());
    let settings = web.settings.as_ref().unwrap();
    assert_eq!(settings.port, Some(3000));
    assert_eq!(settings.visibility, Visibility::Internal);
    assert_eq!(db.image.as_deref(), Some("postgres:${TAG:-16}"));
    assert!(read.is_valid());
}
