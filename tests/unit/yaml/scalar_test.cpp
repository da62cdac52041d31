// Decoding, and encoding so that no reader of YAML 1.1 or 1.2 sees anything but the string.
#include "yaml/scalar.hpp"

#include <regex.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "unit/yaml/nasty_strings.hpp"
#include "yaml/render.hpp"

namespace cloudlab::yaml {
namespace {

/// The value behind `a:`, decoded.
std::string Decoded(const std::string& value) {
  const std::string text = "a: " + value;
  const ScanResult scan = Scan(text);
  REQUIRE_FALSE(scan.problem);
  return NodeView::Root(scan.outline).Find("a").Text();
}

TEST_CASE("scalar: plain text folds") {
  CHECK(Decoded("one two") == "one two");
  CHECK(Decoded("one\n  two\n") == "one two");
  CHECK(Decoded("one\n\n\n  two\n") == "one\n\ntwo");
  CHECK(Decoded("one \t\r\n \t two\r\n") == "one two");
}

TEST_CASE("scalar: quotes") {
  CHECK(Decoded("'it''s'") == "it's");
  CHECK(Decoded("'a\\n'") == "a\\n");
  CHECK(Decoded("'a\n\n  b'") == "a\nb");
  CHECK(Decoded("\"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\ \\\"\\\\\"") ==
        std::string("\0\a\b\t\n\v\f\r\x1B \"\\", 12));
  CHECK(Decoded("\"\\N\\_\\L\\P\"") == "\xC2\x85\xC2\xA0\xE2\x80\xA8\xE2\x80\xA9");
  CHECK(Decoded("\"\\x41\\u00e9\\U0001F600\"") == "A\xC3\xA9\xF0\x9F\x98\x80");
  CHECK(Decoded("\"a \\\n   b\"") == "a b");
  CHECK(Decoded("\"a\\\n   \\ b\"") == "a b");
  CHECK(Decoded("\"a\n\n b\"") == "a\nb");
}

TEST_CASE("scalar: block scalars and their chomping") {
  CHECK(Decoded("|\n  a\n   b\n\n  c\n\n") == "a\n b\n\nc\n");
  CHECK(Decoded("|-\n  a\n\n") == "a");
  CHECK(Decoded("|+\n  a\n\n\n") == "a\n\n\n");
  CHECK(Decoded("|2\n   a\n") == " a\n");
  CHECK(Decoded(">\n  a\n  b\n\n  c\n   d\n  e\n") == "a b\nc\n d\ne\n");
  CHECK(Decoded(">-\n  a\n\n\n  b\n") == "a\n\nb");
  CHECK(Decoded("|\r\n  a\r\n  b\r\n") == "a\nb\n");
  CHECK(Decoded("|\n  a") == "a");
  CHECK(Decoded("|\n") == "");
  CHECK(Decoded("|+\n\n\n") == "\n\n");
}

TEST_CASE("scalar: double quotes use JSON's escapes") {
  CHECK(DoubleQuoted("a\"b\\c\n\t\r/") == "\"a\\\"b\\\\c\\n\\t\\r/\"");
  CHECK(DoubleQuoted(std::string("\0\x1F\x7F", 3)) == "\"\\u0000\\u001F\\u007F\"");
  CHECK(DoubleQuoted("\xC2\x85\xE2\x80\xA8\xEF\xBB\xBF\xC3\xA9") ==
        "\"\\u0085\\u2028\\uFEFF\xC3\xA9\"");
}

/// Matches the whole of a text. POSIX's, because those of the standard library warn under
/// sanitizers.
class Pattern {
 public:
  explicit Pattern(const std::string& pattern) {
    REQUIRE(regcomp(&regex_, ("^(" + pattern + ")$").c_str(), REG_EXTENDED | REG_NOSUB) == 0);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern() { regfree(&regex_); }

  bool Matches(const std::string& text) const {
    return text.find('\n') == std::string::npos && text.find('\0') == std::string::npos &&
           regexec(&regex_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t regex_{};
};

/// What YAML 1.1 and 1.2 resolve to something else than a string, by the expressions of their type
/// repositories: wider than what any one reader does.
bool IsResolved(const std::string& text) {
  static const char* const kTypes[] = {
      "~|null|Null|NULL",
      "<<|=",
      "y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF",
      "[-+]?0b[0-1_]+",
      "[-+]?0[0-7_]+",
      "[-+]?(0|[1-9][0-9_]*)",
      "[-+]?0x[0-9a-fA-F_]+",
      "[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+",
      "[-+]?([0-9][0-9_]*)?[.][0-9.]*([eE][-+][0-9]+)?",
      "[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+[.][0-9_]*",
      "[-+]?[.](inf|Inf|INF)",
      "[.](nan|NaN|NAN)",
      "[0-9]{4}-[0-9]{2}-[0-9]{2}",
      "[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}([.][0-9]*)?"
      "([ \t]*(Z|[-+][0-9]{1,2}(:[0-9]{2})?))?",
      "[-+]?[0-9]+",
      "0o[0-7]+",
      "[-+]?([.][0-9]+|[0-9]+([.][0-9]*)?)([eE][-+]?[0-9]+)?"};
  return text.empty() ||
         std::ranges::any_of(kTypes, [&](const char* type) { return Pattern(type).Matches(text); });
}

TEST_CASE("scalar: what a schema reads as something else is never plain") {
  std::size_t resolved = 0;
  for (const std::string& text : NastyStrings()) {
    INFO(text);
    if (!IsResolved(text)) continue;
    ++resolved;
    CHECK_FALSE(IsPlainSafe(text));
  }
  CHECK(resolved > 70);
}

TEST_CASE("scalar: ordinary words of manifests stay plain") {
  for (const char* text : {"cart",
                           "500m",
                           "1Gi",
                           "registry.io/app:1.2@sha256:ab",
                           "http://x.org:80/a#b",
                           "k8s.io/x",
                           "app-1",
                           "-v",
                           "--port=80",
                           "a_b",
                           "two words",
                           "$(VAR)",
                           "RollingUpdate",
                           "v1",
                           "5h30m",
                           "/var/run",
                           "it's",
                           "a=b",
                           "a+b",
                           "100Mi",
                           "*.x" + 1}) {
    INFO(text);
    CHECK(IsPlainSafe(text));
  }
}

TEST_CASE("scalar: every nasty string comes back from every way to write it") {
  for (const std::string& text : NastyStrings()) {
    INFO(DoubleQuoted(text));
    CHECK(Decoded(EncodeInline(text) + "\n") == text);
    CHECK(Decoded(DoubleQuoted(text)) == text);
    const Value value = Value::Map(
        {{text, Value::Seq({Value::String(text), Value::Map({{"k", Value::String(text)}})})}});
    for (const std::string& document :
         {RenderDocument(value), RenderDocument(value, "\r\n"), RenderFlow(value, true) + "\n",
          RenderFlow(value, false) + "\n"}) {
      INFO(document);
      const ScanResult scan = Scan(document);
      REQUIRE_FALSE(scan.problem);
      CHECK(Value::From(NodeView::Root(scan.outline)) == value);
    }
  }
}

}  // namespace
}  // namespace cloudlab::yaml
