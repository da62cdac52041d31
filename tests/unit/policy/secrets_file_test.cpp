#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/reference.hpp"
#include "secrets_shown.hpp"

namespace cloudlab::policy::secrets {
namespace {

struct File {
  const char* name;
  const char* marked;
};

TEST_CASE("secrets in files", "[policy][secrets]") {
  for (const File& file : {
           File{"app.yaml", "db:\n  host: db\n  password: [hunter2]\n"},
           File{"app.yaml", "db:\n  password: \"[hunter2]\" # of the database\n"},
           File{"app.yaml", "users:\n- name: a\n  password: '[hunter2]'\n"},
           File{"app.yaml", "db: {host: db, password: [hunter2]}\n"},
           File{"app.yaml", "# password: [hunter2]\n"},
           File{"app.yaml", "password: ${DB_PASSWORD}\ntoken: {{ .token }}\n"},
           File{"app.yaml", "tls:\n  secret:\n    name: web\n    key: tls.key\n"},
           File{"app.json", "{\n  \"password\": \"[hunter2]\",\n  \"port\": 1\n}\n"},
           File{"app.json", "{\"a\":{\"password\":\"[hunter2]\"},\"token\":\"[abc]\"}"},
           File{"app.json", "{\"type\": \"password\", \"name\": \"token\"}"},
           File{"app.properties", "spring.datasource.password = [hunter2]\n"},
           File{"app.ini", "[database]\npassword=hunter2\n"},
           File{".env", "export API_TOKEN=[abc]\nDB_HOST=db\n"},
           File{"init.sql", "CREATE USER app WITH PASSWORD '[hunter2]';\n"},
           File{"init.sql", "create user 'app'@'%' identified by '[hunter2]';\n"},
           File{"app.xml", "<password>[hunter2]</password>\n"},
           File{"app.xml", "<db user=\"a\" password=\"[hunter2]\"/>\n"},
           File{"redis.conf", "requirepass [hunter2]\nmasterauth [hunter3]\n"},
           File{"redis.conf", "user app on >[hunter2] ~* +@all\n"},
           File{".pgpass", "db:5432:shop:app:[hunter2]\n"},
           File{".netrc", "machine example.net login a password [hunter2]\n"},
           File{"nginx.conf", "proxy_set_header Authorization \"Basic [YTpodW50ZXIy]\";\n"},
           File{"haproxy.cfg", "  stats auth admin:[hunter2]\n"},
           File{"config.json", "{\"auths\": {\"r.example.net\": {\"auth\": \"[YTpodW50ZXIy]\"}}}"},
           File{"any", "see postgres://a:[hunter2]@db/shop and redis://:[x1]@r\n"},
       }) {
    const bool sections = std::string_view(file.name) == "app.ini";
    const std::string text = sections ? file.marked : Unmarked(file.marked);
    INFO(file.name);
    if (sections) {
      REQUIRE(FindInFile(file.name, text).size() == 1);
      CHECK(FindInFile(file.name, text)[0].value == "hunter2");
      continue;
    }
    CHECK(Shown(text, FindInFile(file.name, text)) == file.marked);
  }
}

TEST_CASE("secrets in arguments", "[policy][secrets]") {
  struct Row {
    std::vector<std::string> arguments;
    std::string found;
  };
  for (const Row& row : {
           Row{{"--password=hunter2"}, "0:hunter2"},
           Row{{"--db-password", "hunter2", "--x"}, "1:hunter2"},
           Row{{"--password", "$(PW)"}, ""},
           Row{{"--requirepass", "hunter2"}, "1:hunter2"},
           Row{{"-p", "hunter2"}, ""},
           Row{{"env", "DB_PASSWORD=hunter2", "app"}, "1:hunter2"},
           Row{{"--dsn=postgres://a:hunter2@db/shop"}, "0:hunter2"},
           Row{{"sh", "-c", "mysql -uroot -phunter2 -e 'select 1'"}, "2:hunter2"},
           Row{{"sh", "-c", "redis-cli -a hunter2 ping"}, "2:hunter2"},
           Row{{"--secret-name=web", "--token-file=/run/token", "--secret=web-tls"}, ""},
       }) {
    std::string found;
    for (const FoundArgument& each : FindInArguments(row.arguments)) {
      found += std::to_string(each.argument) + ":" + each.found.value;
    }
    INFO(row.arguments.back());
    CHECK(found == row.found);
  }
}

TEST_CASE("references", "[policy][secrets]") {
  struct Row {
    const char* text;
    const char* found;
  };
  for (const Row& row : {
           Row{"ref+vault://secret/db#/password", "vault secret/db password"},
           Row{"secretref+awssecrets://shop/db?region=eu#/a/b", "awssecrets shop/db a/b"},
           Row{"postgres://a:ref+gcpsecrets://p/db#/pw+@h", "gcpsecrets p/db pw"},
           Row{"ref+vault://", ""},
           Row{"ref+://x", ""},
           Row{"href+vault://x", ""},
       }) {
    std::string found;
    for (const Reference& each : FindReferences(row.text)) {
      found += each.backend + " " + each.path + " " + each.fragment;
    }
    CHECK(found == row.found);
  }
}

}  // namespace
}  // namespace cloudlab::policy::secrets
