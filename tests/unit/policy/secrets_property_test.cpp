// Random passwords in every form that has one, written as the form asks for it, are found again,
// byte for byte; and random bytes do no harm.
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/reference.hpp"

namespace cloudlab::policy::secrets {
namespace {

using Encode = std::function<std::string(const std::string&)>;

std::string Percent(const std::string& text) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return out;
}

/// With `escape` before each of `marked`.
Encode Escaped(std::string_view marked, char escape) {
  return [marked, escape](const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (marked.find(c) != marked.npos) out += escape;
      out += c;
    }
    return out;
  };
}

Encode Doubled(char mark) {
  return [mark](const std::string& text) {
    std::string out;
    for (const char c : text) {
      out += c;
      if (c == mark) out += c;
    }
    return out;
  };
}

std::string Xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

struct Form {
  const char* name;  ///< Of the value, or of the file if `is_file`.
  std::string before;
  Encode encode;
  std::string after;
  bool is_file = false;
};

std::vector<Form> Forms() {
  const Encode backslash = Escaped("\"\\", '\\');
  const Encode libpq = Escaped("'\\", '\\');
  return {
      {"URL", "postgres://app:", Percent, "@db:5432/shop?sslmode=disable"},
      {"URL", "redis://:", Percent, "@cache"},
      {"URLS", "amqp://a:", Percent, "@m1:5672,m2:5672"},
      {"URL", "jdbc:postgresql://db/shop?user=a&password=", Percent, "&ssl=true"},
      {"CONN", "host=db user=a password='", libpq, "' dbname=shop"},
      {"CONN", "Host=db;Password='", Doubled('\''), "';Username=a"},
      {"CONN", "Host=db;Password=\"", Doubled('"'), "\";Username=a"},
      {"CONN", "Server=db;UID=a;PWD={", Doubled('}'), "};"},
      {"JAAS", "x.PlainLoginModule required username=\"a\" password=\"", backslash, "\";"},
      {"app.json", "{\"a\": 1, \"password\": \"", backslash, "\", \"b\": 2}", true},
      {"app.json", "{\n  \"db\": {\n    \"password\": \"", backslash, "\"\n  }\n}\n", true},
      {"app.yaml", "db:\n  password: \"", backslash, "\" # of the database\n", true},
      {"app.yaml", "db:\n  password: '", Doubled('\''), "'\n  host: db\n", true},
      {"init.sql", "CREATE USER app PASSWORD '", Doubled('\''), "';\n", true},
      {"app.xml", "<db>\n  <password>", Xml, "</password>\n</db>\n", true},
      {"app.xml", "<db user=\"a\" password=\"", Xml, "\"/>\n", true},
      {"app.ini", "url = postgres://a:", Percent, "@db/shop\n", true},
  };
}

/// Printable, without what would make it a reference, a placeholder or prose.
std::string RandomPassword(std::mt19937& random) {
  static constexpr std::string_view kAll =
      "!\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz"
      "{|}~";
  std::uniform_int_distribution<std::size_t> any(0, kAll.size() - 1);
  std::uniform_int_distribution<std::size_t> length(8, 24);
  std::string text = "p7";
  for (std::size_t i = length(random); i > 0; --i) text += kAll[any(random)];
  text += "Z";
  for (const char* mark : {"$(", "${", "{{", "<%", "#{", "%("}) {
    for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark))
      text[at + 1] = 'x';
  }
  return text;
}

TEST_CASE("a random password is found in every form", "[policy][secrets]") {
  std::mt19937 random(1);
  const std::vector<Form> forms = Forms();
  for (int round = 0; round < 2000; ++round) {
    const std::string password = RandomPassword(random);
    for (const Form& form : forms) {
      const std::string text = form.before + form.encode(password) + form.after;
      const auto found = form.is_file ? FindInFile(form.name, text) : FindInValue(form.name, text);
      INFO(text);
      REQUIRE(found.size() == 1);
      CHECK(found[0].value == password);
      CHECK(found[0].span.begin == form.before.size());
      CHECK(found[0].span.end + form.after.size() == text.size());
      if (found[0].encoding == Encoding::kPlain) CHECK(found[0].span.In(text) == password);
    }
  }
}

TEST_CASE("what is found is sorted, apart, and in the text, whatever the bytes",
          "[policy][secrets]") {
  static const std::vector<std::string> kParts = {"password",
                                                  "token=",
                                                  ": ",
                                                  "=",
                                                  "\"",
                                                  "'",
                                                  "\\\"",
                                                  "\\",
                                                  "{",
                                                  "}",
                                                  "[",
                                                  "]",
                                                  "(",
                                                  ")",
                                                  "<",
                                                  ">",
                                                  "</",
                                                  "://",
                                                  "@",
                                                  ":",
                                                  ";",
                                                  ",",
                                                  "&",
                                                  "?",
                                                  "#",
                                                  "\n",
                                                  " ",
                                                  "\t",
                                                  "- ",
                                                  "jdbc:oracle:thin:",
                                                  "u/p@h",
                                                  "@tcp(",
                                                  "-----BEGIN ",
                                                  "PRIVATE KEY-----",
                                                  "-----END ",
                                                  "ghp_",
                                                  "eyJ",
                                                  ".eyJ",
                                                  "$2a$",
                                                  "Authorization: Basic ",
                                                  "identified by ",
                                                  "requirepass ",
                                                  "user ",
                                                  ">x ",
                                                  "ref+",
                                                  "ref+a://b#/c+",
                                                  "--password ",
                                                  "-p",
                                                  "mysql ",
                                                  "$(x)",
                                                  "{{",
                                                  "%41",
                                                  "%",
                                                  "name: DB_PASSWORD",
                                                  "value: ",
                                                  "|",
                                                  "0123456789abcdef",
                                                  "AAAA",
                                                  "\xff",
                                                  std::string(1, '\0'),
                                                  "\r\n",
                                                  "PASSWORD '",
                                                  "machine x password y"};
  std::mt19937 random(2);
  std::uniform_int_distribution<std::size_t> any(0, kParts.size() - 1);
  std::uniform_int_distribution<std::size_t> length(0, 40);
  for (int round = 0; round < 40000; ++round) {
    std::string text;
    for (std::size_t i = length(random); i > 0; --i) text += kParts[any(random)];
    std::vector<Found> found =
        round % 2 == 0 ? FindInFile("x", text) : FindInValue("A_TOKEN", text);
    for (const FoundArgument& each : FindInArguments(std::vector<std::string>{text, text})) {
      if (each.argument == 0) found.push_back(each.found);
      REQUIRE(each.found.span.end <= text.size());
    }
    FindReferences(text);
    std::uint32_t end = 0;
    for (const Found& each : found) {
      if (each.span.begin < end) end = 0;  // Those of arguments begin again.
      REQUIRE(end <= each.span.begin);
      REQUIRE(each.span.begin < each.span.end);
      REQUIRE(each.span.end <= text.size());
      end = each.span.end;
    }
  }
}

}  // namespace
}  // namespace cloudlab::policy::secrets
