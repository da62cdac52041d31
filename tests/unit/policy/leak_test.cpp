#include "policy/secrets/leak.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cloudlab::policy::secrets {
namespace {

LeakSearch SearchFor(const std::vector<std::string>& values) {
  LeakSearch search;
  for (std::size_t i = 0; i < values.size(); ++i) search.Add(values[i], i);
  search.Prepare();
  return search;
}

struct Example {
  std::string value;
  std::string text;
  std::string leak;  ///< As it stands in the text; empty: none.
  std::string form;
};

const std::string kPem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n"
    "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n"
    "-----END PRIVATE KEY-----\n";

TEST_CASE("values are found in every form", "[policy][leak]") {
  const std::vector<Example> examples = {
      {"hunter2hunter", "password: hunter2hunter\n", "hunter2hunter", "as it is"},
      {"hunter2hunter", "hunter2hunter", "hunter2hunter", "as it is"},
      {"hunter2hunter", "postgres://cart:hunter2hunter@db/cart", "hunter2hunter", "as it is"},
      {"hunter2hunter", "--password=hunter2hunter,", "hunter2hunter", "as it is"},
      // White space around a value is YAML's as often as the value's.
      {" hunter2hunter\n", "password: hunter2hunter\n", "hunter2hunter", "as it is"},
      // A part of another word is not the value, ...
      {"changeit", "changeits", "", ""},
      {"changeit", "xchangeit", "", ""},
      {"changeit", "change", "", ""},
      {"changeit", "no-changeit-here", "changeit", "as it is"},
      // ... but nothing borders a value that brings its own border,
      {"!changeit!", "x!changeit!x", "!changeit!", "as it is"},
      {"!changeit", "x!changeitx", "", ""},
      // and what is long and of letters and digits is no part of a word.
      {"ghp_0123456789abcdef", "xghp_0123456789abcdefx", "ghp_0123456789abcdef", "as it is"},
      {"production-database", "production-databases", "", ""},
      // Too short to be searched.
      {"hunter2", "hunter2", "", ""},
      {"********", "********", "", ""},

      {"p\"q\\r5tuv", R"(key: "p\"q\\r5tuv")", R"(p\"q\\r5tuv)", "with escapes"},
      {"hunter2hunter", R"("\nhunter2hunter")", "hunter2hunter", "with escapes"},
      {"hunter2hunter", R"("hunter2\u0068unter")", R"(hunter2\u0068unter)", "with escapes"},
      {"hunter2hunter", R"("\x68unter2hunter")", R"(\x68unter2hunter)", "with escapes"},
      {"pass<word>&1", R"("pass\u003cword\u003e\u00261")", R"(pass\u003cword\u003e\u00261)",
       "with escapes"},
      {"p\xF0\x9F\x94\x91ssword", R"("p\ud83d\udd11ssword")", R"(p\ud83d\udd11ssword)",
       "with escapes"},
      {"it's a secret", "key: 'it''s a secret'", "it''s a secret", "with escapes"},
      {"first one\nsecond", R"("first one\nsecond")", R"(first one\nsecond)", "with escapes"},
      // JSON in a string of JSON, and in single quotes.
      {"p\"q\\r5tuv", R"("{\"key\":\"p\\\"q\\\\r5tuv\"}")", R"(p\\\"q\\\\r5tuv)", "with escapes"},
      {"it's \"5\" now", R"(key: '{"a":"it''s \"5\" now"}')", R"(it''s \"5\" now)", "with escapes"},

      {"p@ss/w0rd", "amqp://u:p%40ss%2Fw0rd@mq", "p%40ss%2Fw0rd", "percent-encoded"},
      {"p@ss/w0rd", "amqp://u:p%40ss%2fw0rd@mq", "p%40ss%2fw0rd", "percent-encoded"},
      {"p@ss/w0rd", "amqp://u:%70@ss/w0rd@mq", "%70@ss/w0rd", "percent-encoded"},
      {"p@ss/w0rd", "amqp%3A%2F%2Fu%3Ap%2540ss%252Fw0rd%40mq", "p%2540ss%252Fw0rd",
       "percent-encoded"},
      {"p@ss/w0rd", R"("dsn\u003dp%40ss%2Fw0rd")", "p%40ss%2Fw0rd", "percent-encoded"},
      {"hunter2hunter", "u%3Ahunter2hunter%40mq", "hunter2hunter", "percent-encoded"},
      {"a secret word", "?q=a+secret+word&", "a+secret+word", "percent-encoded"},
      {"a secret+word", "?q=a+secret%2Bword&", "a+secret%2Bword", "percent-encoded"},
      {"100%2sure", "rate: 100%2sure", "100%2sure", "as it is"},

      {"hunter2hunter", "data: aHVudGVyMmh1bnRlcg==", "aHVudGVyMmh1bnRlc", "in base64"},
      {"hunter2hunter", "data: eGh1bnRlcjJodW50ZXI=", "h1bnRlcjJodW50ZX", "in base64"},
      {"hunter2hunter", "data: eHlodW50ZXIyaHVudGVyCg==", "odW50ZXIyaHVudGVy", "in base64"},
      {"hunter2hunter", "auth: Basic dXNlcjpodW50ZXIyaHVudGVy", "odW50ZXIyaHVudGVy", "in base64"},
      {"\xFF\xFE\xFDpassw?>", "data: //79cGFzc3c/Pg==", "//79cGFzc3c/P", "in base64"},
      {"\xFF\xFE\xFDpassw?>", "data: __79cGFzc3c_Pg", "__79cGFzc3c_P", "in base64"},
      // A JSON text with the value in it, encoded: {"p":"a\"hunter2"}.
      {"a\"hunter2", "data: eyJwIjoiYVwiaHVudGVyMiJ9", "YVwiaHVudGVyM", "in base64"},
      {"correct horse battery staple", "data: |\n  Y29ycmVjdCBob3JzZSBi\n  YXR0ZXJ5IHN0YXBsZQ==\n",
       "Y29ycmVjdCBob3JzZSBi\n  YXR0ZXJ5IHN0YXBsZ", "in base64"},
      {"correct horse battery staple",
       "data: \"Y29y\n  cmVjdCBob3JzZSBi\n  YXR0ZXJ5IHN0YXBs\n  ZQ==\"\n",
       "Y29y\n  cmVjdCBob3JzZSBi\n  YXR0ZXJ5IHN0YXBs\n  Z", "in base64"},

      {kPem, "key: |\n  -----BEGIN PRIVATE KEY-----\n  MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n",
       "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "as it is"},
      {kPem, "key: xMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwgg", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
       "as it is"},
      {kPem, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "", ""},
  };
  for (const Example& example : examples) {
    INFO(example.value << " in " << example.text);
    const LeakSearch search = SearchFor({example.value});
    const auto leak = search.Find(example.text);
    if (example.leak.empty()) {
      CHECK_FALSE(leak.has_value());
      continue;
    }
    REQUIRE(leak.has_value());
    CHECK(leak->span.In(example.text) == example.leak);
    CHECK(leak->form == example.form);
  }
}

TEST_CASE("the first leak, and which value it is", "[policy][leak]") {
  const LeakSearch search = SearchFor({"changeit", "changeit-now", "hunter2hunter"});
  const std::string text = "x: hunter2hunter, y: changeit-now, z: changeit";
  const auto leaks = search.FindAll(text);
  REQUIRE(leaks.size() == 3);
  CHECK(leaks[0].id == 2);
  CHECK(leaks[1].id == 1);
  CHECK(leaks[1].span.In(text) == "changeit-now");
  CHECK(leaks[2].id == 0);
  CHECK(search.Find(text)->id == 2);
}

TEST_CASE("nothing is found for no values", "[policy][leak]") {
  const LeakSearch none = SearchFor({"short", ""});
  CHECK(none.empty());
  CHECK_FALSE(none.Find("short short short").has_value());
  CHECK(none.Scrub("short") == "short");
}

TEST_CASE("a text is scrubbed", "[policy][leak]") {
  const LeakSearch search = SearchFor({"changeit", "hunter2hunter", "say \"please\""});
  CHECK(search.Scrub("a: changeit, changeits, hunter2hunter") == "a: ***, changeits, ***");
  CHECK(search.Scrub("a: changeit") == "a: ***");
  // Characters of base64 that hold bits of the value and of what is beside it go, too.
  CHECK(search.Scrub("a: eGh1bnRlcjJodW50ZXI=") == "a: e***=");
  // What stands alone behind a turn goes in the next one.
  CHECK(search.Scrub("hunter2hunter%41changeit") == "***%41changeit");
  CHECK(search.Scrub("%41changeit") == "%41changeit");
}

TEST_CASE("scrubbed JSON is JSON", "[policy][leak]") {
  const std::vector<std::string> values = {"say \"please\"",    "\\changeit\\now",
                                           "\nhunter2\nhunter", "p@ss<word>",
                                           "aaaaaaaa\xC3\xA9",  "changeit"};
  const LeakSearch search = SearchFor(values);
  nlohmann::ordered_json json;
  for (const std::string& value : values) {
    json.push_back(value);
    json.push_back("a " + value + " b");
    json.push_back(nlohmann::ordered_json(value).dump());
    json.push_back("\n" + value + "\t");
  }
  for (const bool ascii : {false, true}) {
    const std::string text = search.Scrub(json.dump(1, ' ', ascii));
    INFO(text);
    const auto read = nlohmann::ordered_json::parse(text, nullptr, false);
    REQUIRE_FALSE(read.is_discarded());
    CHECK(read.size() == json.size());
    for (const auto& item : read) {
      CHECK_FALSE(search.Find(item.get<std::string>()).has_value());
    }
  }
}

}  // namespace
}  // namespace cloudlab::policy::secrets
