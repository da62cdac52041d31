// No value that a run has replaced leaves the program. The values are given by hand here: what
// counts is every way out, whoever replaces them.
#include "app/guard.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/diff.hpp"
#include "app/leaks.hpp"
#include "app/masked_text.hpp"
#include "app/message.hpp"
#include "app/pipeline.hpp"
#include "app/report.hpp"

namespace cloudlab::app {
namespace {

using policy::secrets::LeakSearch;

/// A name that says nothing: masking by names and shapes does not help.
const std::string kValue = "maple-Tree-17\"x";

std::shared_ptr<const LeakSearch> SearchFor(const std::vector<std::string>& values) {
  auto search = std::make_shared<LeakSearch>();
  for (std::size_t i = 0; i < values.size(); ++i) search->Add(values[i], i);
  search->Prepare();
  return search;
}

struct Ran {
  text::Source input;
  text::Source config{"policies.yaml", ""};
  Settings settings;
  Result result;
};

/// A run in which `values` count as replaced.
std::unique_ptr<Ran> RunWith(std::string_view input, const std::vector<std::string>& values,
                             bool dry_run = false, std::string_view config = {}) {
  auto ran = std::make_unique<Ran>();
  ran->input = {"<stdin>", input};
  ran->config.text = config;
  if (!config.empty()) {
    ran->settings.config_kind = Settings::Config::kFiles;
    ran->settings.config = {&ran->config};
  }
  ran->settings.removed = SearchFor(values);
  ran->settings.want_diff = true;
  ran->settings.dry_run = dry_run;
  ran->result = Run(ran->input, ran->settings);
  return ran;
}

std::string MessagesOf(const Result& result) {
  Places places(result.guard);
  std::string all;
  for (const auto& d : result.report.diagnostics.items()) {
    if (d.severity != text::Severity::kInfo) all += PrintMessage(d, places);
  }
  return result.guard.Pass(all);
}

const ProofRow* LeakProof(const Report& report) {
  const auto row = std::ranges::find(
      report.proofs, "no secret that was replaced leaves the program", &ProofRow::name);
  return row == report.proofs.end() ? nullptr : &*row;
}

std::string Deployment(const std::string& arguments) {
  return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart}\nspec:\n  selector: "
         "{matchLabels: {app: cart}}\n  template:\n    metadata: {labels: {app: cart}}\n    spec:\n"
         "      containers:\n      - name: cart\n        image: cart:1\n        args:\n" +
         arguments;
}

TEST_CASE("a value that still stands in the output ends the run", "[app][guard]") {
  struct Example {
    std::string name;
    std::string arguments;
    std::string message;
  };
  const std::vector<Example> examples = {
      {"as it is", "        - --key=maple-Tree-17\"x\n",
       "<stdin>:13:17: error: a value that was replaced by a reference still stands in the output "
       "[CL-E-LEAK]\n          - --key=***\n                  ^~~\n"},
      {"with escapes", "        - \"--key=maple-Tree-17\\\"x\"\n",
       "<stdin>:13:18: error: a value that was replaced by a reference still stands in the output, "
       "with escapes [CL-E-LEAK]\n          - \"--key=***\"\n                   ^~~~\n"},
      {"in a comment", "        - --a  # maple-Tree-17%22x\n",
       "<stdin>:13:18: error: a value that was replaced by a reference still stands in the output, "
       "percent-encoded [CL-E-LEAK]\n          - --a  # ***\n                   ^~~\n"},
      {"in base64", "        - --key=bWFwbGUtVHJlZS0xNyJ4\n",
       "<stdin>:13:17: error: a value that was replaced by a reference still stands in the output, "
       "in base64 [CL-E-LEAK]\n          - --key=***\n                  ^~~\n"},
      {"folded", "        - >-\n          an oak tree,\n          and an elm\n",
       "<stdin>:13:11: error: a value that was replaced by a reference still stands in the output "
       "[CL-E-LEAK]\n"},
  };
  for (const Example& example : examples) {
    INFO(example.name);
    const std::string input = Deployment(example.arguments);
    const auto ran = RunWith(input, {kValue, "oak tree, and an elm"});
    const Result& result = ran->result;
    CHECK(result.exit_code == kFailed);
    CHECK(result.output.empty());
    CHECK(result.diff.empty());
    CHECK(result.report.added.empty());
    const std::string messages = MessagesOf(result);
    INFO(messages);
    CHECK(messages.find(example.message) != std::string::npos);
    CHECK(messages.find("hint: take the value out") != std::string::npos);
    CHECK_FALSE(result.guard.removed()->Find(messages).has_value());
    CHECK_FALSE(
        result.guard.removed()->Find(result.guard.Pass(PrintJson(result.report))).has_value());
    REQUIRE(LeakProof(result.report) != nullptr);
    CHECK_FALSE(LeakProof(result.report)->passed);
  }
}

TEST_CASE("where nothing is left, the run says that it looked", "[app][guard]") {
  const std::string input = Deployment("        - --key=$(KEY)\n");
  const auto ran = RunWith(input, {kValue});
  CHECK(ran->result.exit_code == kDone);
  CHECK_FALSE(ran->result.output.empty());
  REQUIRE(LeakProof(ran->result.report) != nullptr);
  CHECK(LeakProof(ran->result.report)->passed);
  // Without secrets there is nothing to look for.
  const auto without = RunWith(input, {});
  CHECK(without->result.exit_code == kDone);
  CHECK(LeakProof(without->result.report) == nullptr);
}

TEST_CASE("every place has its message, up to a number", "[app][guard]") {
  std::string arguments;
  for (int i = 0; i < 130; ++i) arguments += "        - maple-Tree-17\"x\n";
  const auto ran = RunWith(Deployment(arguments), {kValue});
  std::size_t errors = 0;
  for (const auto& d : ran->result.report.diagnostics.items()) {
    if (d.code == "CL-E-LEAK") ++errors;
  }
  CHECK(errors == 101);
  CHECK(ran->result.report.diagnostics.items().back().message ==
        "values that were replaced by references still stand in 30 more places of the output");
}

TEST_CASE("what a policy writes is searched, too", "[app][guard]") {
  const std::string input = Deployment("        - --a\n");
  const std::string injected =
      "apiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolicy\nmetadata: {name: agent}\nspec:\n  "
      "match: {any: [{kinds: [Workload]}]}\n"
      "  container:\n    name: agent\n    image: agent:1\n"
      "    env:\n    - {name: NOTE, value: 'maple-Tree-17\"x'}\n";
  const auto ran = RunWith(input, {kValue}, false, injected);
  const std::string messages = MessagesOf(ran->result);
  INFO(messages);
  CHECK(ran->result.exit_code == kFailed);
  CHECK(messages.find("[CL-E-LEAK]") != std::string::npos);
  CHECK(ran->result.output.empty());
  CHECK_FALSE(ran->result.guard.removed()->Find(MessagesOf(ran->result)).has_value());
}

TEST_CASE("a value in a new object is told with the object", "[app][guard]") {
  for (const char* text : {"---\nnote: |-\n  first line\n  and second\n",
                           "---\nnotes:\n- |-\n  first line\n  and second\n"}) {
    policy::NewObject object;
    object.id = {"v1", "ConfigMap", "shop", "notes"};
    object.text = std::make_shared<const std::string>(text);
    const text::Source input{"<stdin>", "a: 1\n"};
    Output output;
    output.text = "a: 1\n" + *object.text + "---\nb: maple-Tree-17\"x\n";
    output.copied = {{0, 0, 5}};
    output.objects = {{5, &object}};
    Report report;
    ProveNoLeaks(input, {}, output, *SearchFor({"first line\nand second", kValue}), report);
    const auto& found = report.diagnostics.items();
    REQUIRE(found.size() == 2);
    for (const auto& d : found) {
      CHECK(d.object == "ConfigMap/shop/notes");
      CHECK(d.place.source == nullptr);
    }
  }
}

TEST_CASE("a dry run writes its input, and tells nothing of it", "[app][guard]") {
  const std::string input = Deployment("        - --key=$(KEY)\n") +
                            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n";
  const auto ran = RunWith(input, {kValue}, true);
  CHECK(ran->result.exit_code == kDone);
  CHECK(ran->result.output == input);
  // A dry run that could not have been a real one fails like that one.
  const auto failing = RunWith(Deployment("        - maple-Tree-17\"x\n"), {kValue}, true);
  CHECK(failing->result.exit_code == kFailed);
  CHECK(failing->result.output.empty());
}

TEST_CASE("the report is JSON without the values", "[app][guard]") {
  const Guard guard(SearchFor({kValue, "oak tree"}));
  Report report;
  policy::FieldEdit edit;
  edit.object = {"v1", "Pod", "", "maple-Tree-17\"x"};
  edit.path = "spec.containers[name=cart].env[maple-Tree-17\"x].value";
  edit.old_value = "postgres://cart:maple-Tree-17%22x@db";
  edit.new_value = "{\"note\": \"maple-Tree-17\\\"x and oak tree\"}";
  report.edits.push_back(edit);
  text::Diagnostic d;
  d.message = "`bWFwbGUtVHJlZS0xNyJ4` is not known";
  report.diagnostics.Add(d);
  const std::string json = guard.Pass(PrintJson(report));
  INFO(json);
  const auto read = nlohmann::ordered_json::parse(json, nullptr, false);
  REQUIRE_FALSE(read.is_discarded());
  CHECK(read["edits"][0]["old"] == "postgres://cart:***@db");
  CHECK(read["edits"][0]["new"] == "{\"note\": \"*** and ***\"}");
  CHECK(read["edits"][0]["object"]["name"] == "***");
  CHECK(read["diagnostics"][0]["message"] == "`***` is not known");
}

TEST_CASE("a line is masked before it is cut", "[app][guard]") {
  const std::string value = "m" + std::string(300, 'a') + "ple-17";
  const std::string line = "key: " + std::string(60, 'x') + " " + value + " behind\n";
  const text::Source source{"<stdin>", line};
  const Guard guard(SearchFor({value}));
  Places places(guard);
  text::Diagnostic d;
  d.code = "CL-X-TEST";
  d.message = "test";
  d.place = {&source, {5, 6}};
  CHECK(PrintMessage(d, places).find("aaaa") == std::string::npos);
}

TEST_CASE("a diff shows no value, though it is broken over lines", "[app][guard]") {
  const std::string input = "a: 1\nkey: |\n  bWFwbGUtVHJlZS0x\n  NyJ4\nb: 1\n";
  Output output;
  output.text = "a: 2\nkey: |\n  bWFwbGUtVHJlZS0x\n  NyJ4\nb: 2\n";
  const std::string diff = UnifiedDiff(input, output, "<stdin>", Guard(SearchFor({kValue})));
  INFO(diff);
  CHECK(diff.find("bWFw") == std::string::npos);
  CHECK(diff.find("NyJ4") == std::string::npos);
  CHECK(diff.find("+b: 2") != std::string::npos);
}

TEST_CASE("trees of a bug message are masked", "[app][guard]") {
  const std::string trees =
      "an edit\n---- intended\n{}\n  kind: \"Secret\"\n  data: {}\n    key: \"bWFwbGU=\"\n  spec: "
      "{}\n"
      "    note: \"as it was\"\n    password: \"maple\"\n    env: []\n      -: {}\n        name: "
      "\"DB_PASSWORD\"\n        value: \"maple\"\n    long: \"maple maple ...\n---- "
      "found\nstringData:\n"
      "  key: maple\nnote: as it was\n";
  const std::string masked = MaskedTrees(trees);
  INFO(masked);
  CHECK(masked.find("maple") == std::string::npos);
  CHECK(masked.find("bWFw") == std::string::npos);
  CHECK(masked.find("note: \"as it was\"") != std::string::npos);
  CHECK(masked.find("note: as it was") != std::string::npos);
  CHECK(MaskedTrees("").empty());
}

}  // namespace
}  // namespace cloudlab::app
