#include <catch2/catch.hpp>
#include <string>

#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/name.hpp"
#include "secrets_shown.hpp"

namespace cloudlab::policy::secrets {
namespace {

TEST_CASE("what names say", "[policy][secrets]") {
  struct Row {
    const char* name;
    NameKind kind;
    const char* label;
  };
  using enum NameKind;
  for (const Row& row : {
           Row{"PASSWORD", kSecret, "PASSWORD"},
           Row{"DB_PASSWORD", kSecret, "PASSWORD"},
           Row{"dbPassword", kSecret, "PASSWORD"},
           Row{"DBPassword", kSecret, "PASSWORD"},
           Row{"spring.datasource.password", kSecret, "PASSWORD"},
           Row{"admin-password", kSecret, "PASSWORD"},
           Row{"PGPASSWORD", kSecret, "PASSWORD"},
           Row{"MYSQL_PWD", kSecret, "PASSWORD"},
           Row{"PWD", kSecret, "PASSWORD"},  // Of a shell it is a path, and harmless.
           Row{"SMTP_PASS", kSecret, "PASSWORD"},
           Row{"DB_PASSWORD_1", kSecret, "PASSWORD"},
           Row{"PASSWORD_OLD", kSecret, "PASSWORD"},
           Row{"tokens", kSecret, "TOKEN"},
           Row{"accessToken", kSecret, "TOKEN"},
           Row{"API_KEY", kSecret, "API_KEY"},
           Row{"apiKey", kSecret, "API_KEY"},
           Row{"APIKey", kSecret, "API_KEY"},
           Row{"apikey", kSecret, "API_KEY"},
           Row{"AWS_SECRET_ACCESS_KEY", kSecret, "ACCESS_KEY"},
           Row{"SECRET_KEY_BASE", kSecret, "SECRET_KEY"},
           Row{"CLIENT_SECRET", kSecret, "SECRET"},
           Row{"clientsecret", kSecret, "SECRET"},
           Row{"AccountKey", kSecret, "KEY"},
           Row{"DB_DSN", kConnection, "PASSWORD"},
           Row{"DB_CONNECTION_STRING", kConnection, "PASSWORD"},
           Row{"TLS_SECRET", kObject, "SECRET"},
           Row{"credentials", kObject, "CREDENTIALS"},
           Row{"TOKEN_GITHUB", kInside, "TOKEN"},
           Row{"ROUTING_KEY", kWeak, "KEY"},
           Row{"PASSWORD_SALT", kInside, "PASSWORD"},
           Row{"SALT", kWeak, "SALT"},
           // They only speak about a secret.
           Row{"TOKEN_AUDIENCE", kAbout, "TOKEN"},
           Row{"adminPasswordKey", kAbout, "PASSWORD"},
           Row{"PASSWORD_MIN_LENGTH", kNot, ""},
           Row{"TOKEN_EXPIRATION_SECONDS", kAbout, "TOKEN"},
           // What made people turn other detectors off (kube-linter#1198, kubescape#1839,
           // regolibrary#563, buildkit#5775).
           Row{"SECRETS_DIR", kNot, ""},
           Row{"SSH_KEY_PATH", kNot, ""},
           Row{"PRIVATE_KEY_PATH", kNot, ""},
           Row{"DB_PASSWORD_FILE", kNot, ""},
           Row{"KEY_ALIAS", kNot, ""},
           Row{"AWS_ACCESS_KEY_ID", kNot, ""},
           Row{"PASSWORD_PROMPT", kNot, ""},
           Row{"TOKEN_TTL", kNot, ""},
           Row{"SECRET_NAME", kNot, ""},
           Row{"JWT_PUBLIC_KEY", kNot, ""},
           Row{"TOKEN_HEADER", kNot, ""},
           // No words of secrets.
           Row{"BYPASS_CACHE", kNone, ""},
           Row{"KEYBOARD", kNone, ""},
           Row{"TOKENIZER", kNone, ""},
           Row{"COMPASS", kNone, ""},
           Row{"PASSTHROUGH", kNone, ""},
           Row{"", kNone, ""},
           Row{"___", kNone, ""},
       }) {
    INFO(row.name);
    const NameRating rating = RateName(row.name);
    CHECK(rating.kind == row.kind);
    CHECK(rating.label == row.label);
  }
}

TEST_CASE("passwords in connection strings", "[policy][secrets]") {
  for (const char* marked : {
           // URLs.
           "postgres://app:[pw]@db:5432/shop?sslmode=disable",
           "redis://:[pw]@cache:6379/0",
           "mongodb+srv://app:[p%40w]@cluster.example.net/shop",
           "amqp://app:[pw]@a:5672,amqp://app:[other]@b:5672",
           "nats://a:[x1]@n1:4222, nats://b:[x2]@n2:4222",
           "postgres://app:[p@w]@db/shop",
           "postgres://app:[p:w]@db/shop",
           "https://db.example.net/x?user=a&password=[p%20w]&sslmode=disable",
           "https://hub.example.net/hook?token=[abc]#top",
           "postgres://app:p/w@db/shop",  // Go reads a port `p`, and refuses.
           "postgres://app@db/shop",
           "postgres://app:@db/shop",
           "postgres://app:$(PW)@db/shop",
           "postgres://app:${PW}@db/shop",
           "postgres://app:{{ .pw }}@db/shop",
           "postgres://app:***@db/shop",
           "postgres://app:<password>@db/shop",
           // Settings.
           "Host=db;Username=a;Password=[pw];Database=shop",
           "Password=[p w];Host=db",
           "Server=tcp:db,1433;User ID=a;Pwd=\"[p;w]\";Encrypt=True",
           "Driver={ODBC Driver 18};Server=db;UID=a;PWD={[p;w]};",
           "host=db user=a password=[pw] dbname=shop",
           "host=db password='[a b]' user=a",
           "password=[pw]",
           "cache:6379,password=[pw],ssl=True,abortConnect=False",
           "api-key=[abc123],tenant=shop",
           "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=[Zm9v+YmFy==];"
           "EndpointSuffix=core.windows.net",
           "Endpoint=sb://a.servicebus.windows.net/;SharedAccessKeyName=Root;"
           "SharedAccessKey=[Zm9v/YmFy=]",
           "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"a\" "
           "password=\"[p w]\";",
           "-Xmx1g -Ddb.password=[pw] -Dx=y",
           "Host=db;Password=$(PW)",
           "Host=db;Password={{ .pw }};",
           "Host=db;Username=a;Password=",
           // JDBC.
           "jdbc:postgresql://db/shop?user=a&password=[pw]",
           "jdbc:mysql://a:[pw]@db:3306/shop",
           "jdbc:mysql://address=(host=db)(user=a)(password=[pw])/shop",
           "jdbc:sqlserver://db:1433;user=a;password=[pw]",
           "jdbc:sqlserver://db;user=a;password={[p;w]};encrypt=true",
           "jdbc:db2://db:50000/shop:user=a;password=[pw];",
           "jdbc:oracle:thin:app/[pw]@db:1521:x",
           "jdbc:oracle:thin:app/[p@w]@//db:1521/x",
           "jdbc:h2:mem:shop;USER=sa;PASSWORD=[pw]",
           // Others.
           "app:[p@:/w]@tcp(db:3306)/shop?parseTime=true",
           "app:[pw]@unix(/run/mysqld.sock)/shop",
           "app@tcp(db:3306)/shop",
           ":[pw]@cache:6379",
           "app:[pw]@cache:6379/0",
           "git@github.com:acme/shop.git",
           "registry.example.net/shop:1.2@sha256:0123456789abcdef",
           "shop:1.2@sha256:0123456789abcdef",
           "mailto:app@example.net",
           "http://cart:8080/a=b",
           "cart:8080,orders:8080",
           "key=value",
       }) {
    const std::string text = Unmarked(marked);
    CHECK(Shown(text, FindInValue("TARGET", text)) == marked);
  }
}

TEST_CASE("how a value is read", "[policy][secrets]") {
  struct Row {
    const char* text;
    const char* value;
    Encoding encoding;
  };
  for (const Row& row : {
           Row{"postgres://app:pw@db", "pw", Encoding::kPercent},
           Row{"postgres://app:p%40%2Fw+x@db", "p@/w+x", Encoding::kPercent},
           Row{"postgres://app:100%@db", "100%", Encoding::kPlain},
           Row{"https://db?user=a&password=a+b%2B", "a b+", Encoding::kPercent},
           Row{"host=db password='it\\'s'", "it's", Encoding::kOther},
           Row{"Host=db;Password='it''s'", "it's", Encoding::kOther},
           Row{"Host=db;Password=it's", "it's", Encoding::kPlain},
           Row{"Server=db;PWD={a}}b};", "a}b", Encoding::kOther},
       }) {
    const auto found = FindInValue("TARGET", row.text);
    INFO(row.text);
    REQUIRE(found.size() == 1);
    CHECK(found[0].value == row.value);
    CHECK(found[0].encoding == row.encoding);
    CHECK_FALSE(found[0].whole);
  }
}

TEST_CASE("values by their names", "[policy][secrets]") {
  struct Row {
    const char* name;
    const char* value;
    bool secret;
  };
  for (const Row& row : {
           Row{"DB_PASSWORD", "hunter2", true},
           Row{"DB_PASSWORD", "changeit", true},
           Row{"POSTGRES_PASSWORD", "postgres", true},
           Row{"PASSWORD", "correct horse battery staple", true},
           Row{"DB_PASSWORD", "123456", true},
           Row{"API_TOKEN", "123456", false},
           Row{"MAX_TOKENS", "4096", false},
           Row{"DB_PASSWORD", "", false},
           Row{"DB_PASSWORD", "$(OTHER)", false},
           Row{"DB_PASSWORD", "${OTHER}", false},
           Row{"DB_PASSWORD", "$OTHER", false},
           Row{"DB_PASSWORD", "%OTHER%", false},
           Row{"DB_PASSWORD", "{{ .Values.password }}", false},
           Row{"DB_PASSWORD", "vault:secret/data/db#password", false},
           Row{"DB_PASSWORD", "ref+vault://secret/db#/password", false},
           Row{"DB_PASSWORD", "<your-password>", false},
           Row{"DB_PASSWORD", "********", false},
           Row{"DB_PASSWORD", "REDACTED", false},
           Row{"DB_PASSWORD", "/run/secrets/db", false},
           Row{"DB_PASSWORD", "true", false},
           Row{"PASSWORD_ROTATION", "30d", false},
           Row{"TOKEN_LIFETIME", "1h30m", false},
           Row{"ACCESS_TOKEN", "1h", false},
           Row{"TOKEN_URL", "https://id.example.net/oauth/token", false},
           Row{"AUTH_TOKEN", "https://id.example.net/oauth/token", false},
           Row{"DB_CONNECTION_STRING", "postgres://db/shop", false},
           Row{"SENTRY_DSN", "https://0123456789abcdef@o1.ingest.example.net/2", false},
           Row{"TLS_SECRET", "web-tls", false},
           Row{"IMAGE_PULL_SECRETS", "registry", false},
           Row{"WEBHOOK_SECRET", "webhook-server-cert", false},
           Row{"CLIENT_SECRET", "web", true},
           Row{"CREDENTIALS", "default", false},
           Row{"CREDENTIALS", "Xk29fj3LsQ", true},
           Row{"TOKEN_GITHUB", "enabled", false},
           Row{"TOKEN_GITHUB", "Xk29fj3LsQ", true},
           Row{"ROUTING_KEY", "orders.created.v1", false},
           Row{"CACHE_KEY", "0c8f5d1e4b7a4f3e9d2c1b0a99887766", true},
           Row{"IMAGE_HASH", "0c8f5d1e4b7a4f3e9d2c1b0a99887766", false},
           Row{"STRIPE_KEY", "pk_live_0123456789abcdefghijklmn", false},
           Row{"GOOGLE_APPLICATION_CREDENTIALS", "/etc/gcp/key.json", false},
       }) {
    INFO(row.name << "=" << row.value);
    const auto found = FindInValue(row.name, row.value);
    CHECK(found.size() == (row.secret ? 1 : 0));
    if (!found.empty()) CHECK(found[0].whole);
  }
}

}  // namespace
}  // namespace cloudlab::policy::secrets
