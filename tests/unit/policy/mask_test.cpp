#include "policy/mask.hpp"

#include <catch2/catch.hpp>

#include "given.hpp"
#include "yaml/render.hpp"

namespace cloudlab::policy {
namespace {

TEST_CASE("secrets by name and by shape", "[policy][mask]") {
  struct Row {
    const char* name;
    const char* value;
    bool secret;
  };
  for (const Row& row : {
           Row{"DB_PASSWORD", "hunter2", true},
           Row{"dbPassword", "changeit", true},
           Row{"redis.password", "x", true},
           Row{"API_KEY", "abc", true},
           Row{"SECRET_KEY_BASE", "abc", true},
           Row{"GITHUB_TOKEN", "abc", true},
           Row{"DB_PASSWORD_FILE", "secrets/db", false},
           Row{"TOKEN_TTL", "1h", false},
           Row{"secretName", "db", false},
           Row{"JWT_PUBLIC_KEY", "abc", false},
           Row{"AWS_ACCESS_KEY_ID", "example", false},
           Row{"DB_PASSWORD", "", false},
           Row{"DB_PASSWORD", "$(OTHER)", false},
           Row{"PASSWORD_ENABLED", "yes", false},
           Row{"automountServiceAccountToken", "false", false},
           Row{"TOKEN_DIR", "x", false},
           Row{"SECRETS", "/etc/secrets", false},
           Row{"cpu", "500m", false},
           Row{"image", "acme/password-service:1.0", false},
           Row{"KEYBOARD", "qwerty", false},
           Row{"url", "postgres://app:pw@db:5432/shop", true},
           Row{"url", "postgres://app:$(PW)@db:5432/shop", false},
           Row{"url", "postgres://db:5432/shop", false},
           Row{"conn", "Host=db;Username=a;Password=b", true},
           Row{"conn", "user=a password=$(PW)", false},
           Row{"x", "eyJhbGciOi.eyJzdWIi.c2ln", true},
           Row{"x", "-----BEGIN RSA PRIVATE KEY-----\nMII", true},
           Row{"x", "ghp_0123456789abcdef0123", true},
       }) {
    INFO(row.name << "=" << row.value);
    CHECK((SecretScore(row.name, row.value) >= kSecretScore) == row.secret);
    CHECK(MaskText(row.name, row.value) == (row.secret ? "***" : row.value));
  }
}

TEST_CASE("secrets inside new content", "[policy][mask]") {
  const yaml::ScanResult scan = yaml::Scan(
      "{name: agent, env: [{name: TOKEN, value: abc}, {name: MODE, value: fast}], password: x}");
  const yaml::Value value = yaml::Value::From(yaml::NodeView::Root(scan.outline));
  CHECK(yaml::RenderFlow(MaskValue("", value), false) ==
        "{name: agent, env: [{name: TOKEN, value: \"***\"}, {name: MODE, value: fast}], "
        "password: \"***\"}");
}

}  // namespace
}  // namespace cloudlab::policy
