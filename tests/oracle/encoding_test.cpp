// What we write, read by libyaml: every nasty string in every form, and every row of surgery's
// table.
#include <yaml.h>

#include <catch2/catch.hpp>
#include <string>

#include "oracle/canonical.hpp"
#include "unit/yaml/nasty_strings.hpp"
#include "unit/yaml/surgery_table.hpp"
#include "yaml/render.hpp"
#include "yaml/scalar.hpp"

namespace cloudlab {
namespace {

/// The scalars of a stream as libyaml reads them: `plain` where a reader would resolve the text.
struct Read {
  std::string text;
  bool plain = false;
};

std::vector<Read> ReadScalars(const std::string& stream) {
  std::vector<Read> scalars;
  yaml_parser_t parser;
  yaml_parser_initialize(&parser);
  yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(stream.data()),
                               stream.size());
  for (bool done = false; !done;) {
    yaml_event_t event;
    if (yaml_parser_parse(&parser, &event) == 0) {
      FAIL_CHECK(parser.problem << " in " << stream);
      break;
    }
    if (event.type == YAML_SCALAR_EVENT) {
      const auto& scalar = event.data.scalar;
      scalars.push_back({{reinterpret_cast<const char*>(scalar.value), scalar.length},
                         scalar.style == YAML_PLAIN_SCALAR_STYLE});
    }
    done = event.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
  }
  yaml_parser_delete(&parser);
  return scalars;
}

TEST_CASE("encoding: libyaml reads every nasty string as it was meant, in every form") {
  using yaml::Value;
  for (const std::string& text : yaml::NastyStrings()) {
    const Value string = Value::String(text);
    const Value tree = Value::Map({{text, Value::Seq({string, Value::Map({{text, string}})})}});
    for (const std::string& stream :
         {yaml::EncodeInline(text) + "\n", "- " + yaml::EncodeInline(text) + " # comment\n",
          "k: " + yaml::EncodeInline(text) + "\n", "[" + yaml::EncodeInline(text) + "]",
          "{" + yaml::EncodeInline(text) + ": " + yaml::EncodeInline(text) + "}",
          yaml::RenderFlow(tree, true), yaml::RenderFlow(tree, false), yaml::RenderDocument(tree),
          yaml::RenderDocument(tree, "\r\n")}) {
      INFO(stream);
      for (const Read& scalar : ReadScalars(stream)) {
        if (scalar.text == "k" && text != "k") continue;
        CHECK(scalar.text == text);
        if (scalar.plain) CHECK(yaml::IsPlainSafe(scalar.text));
      }
    }
  }
}

TEST_CASE("encoding: libyaml and we read the same tree in every row of surgery's table") {
  std::size_t rows = 0;
  const auto folder = std::filesystem::path(CLOUDLAB_TESTS_DIR) / "unit/yaml/surgery";
  for (const yaml::table::Row& row : yaml::table::ReadTables(folder)) {
    if (row.refused) continue;
    INFO(row.file << ": " << row.style << " >> " << row.change);
    const auto theirs = oracle::ByLibyaml(row.expected);
    CHECK(theirs.has_value());
    CHECK((oracle::ByOutline(row.expected) == theirs));
    ++rows;
  }
  CHECK(rows >= 400);
}

TEST_CASE("encoding: every escape of one letter is read as libyaml reads it, or rejected") {
  int accepted = 0;
  for (int byte = 1; byte < 0x7F; ++byte) {
    // Digits follow, for the escapes that want some.
    const std::string text = std::string("a: \"\\") + static_cast<char>(byte) + "00000041\"\n";
    INFO(text);
    const auto ours = oracle::ByOutline(text);
    if (!ours) continue;
    ++accepted;
    CHECK(ours == oracle::ByLibyaml(text));
  }
  CHECK(accepted == 21);  // The table of escape.hpp, the three with digits, and a line break.
}

}  // namespace
}  // namespace cloudlab
