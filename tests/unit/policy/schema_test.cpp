#include "policy/schema.hpp"

#include <catch2/catch.hpp>
#include <set>

#include "policy/validate.hpp"

namespace cloudlab::policy {
namespace {

TEST_CASE("every field has its one sentence", "[policy][schema]") {
  std::vector<const Object*> work;
  std::set<const Object*> seen;
  for (const KindSchema& schema : Schemas()) work.push_back(schema.document.get());
  while (!work.empty()) {
    const Object* object = work.back();
    work.pop_back();
    if (!seen.insert(object).second) continue;
    for (const Field& field : object->fields) {
      INFO(object->name << "." << field.name);
      CHECK(field.description.ends_with('.'));
      CHECK((field.default_value.empty() || !field.required));
      const Type* type = &field.type;
      while (type->of != nullptr) type = type->of.get();
      for (const ObjectPtr& child : type->objects) work.push_back(child.get());
    }
  }
  CHECK(seen.size() > 30);
}

TEST_CASE("JSON Schema is printed for the kinds that exist", "[policy][schema]") {
  for (const std::string& kind : KindNames()) {
    INFO(kind);
    const std::string schema = PrintSchema(kind);
    CHECK(schema.find("\"$id\": \"https://cloudlab.dev/schemas/v1alpha1/" + kind + ".json\"") !=
          std::string::npos);
    CHECK(schema.ends_with("}\n"));
  }
  CHECK(PrintSchema("PolicyTest").empty());
}

TEST_CASE("every value has a description", "[policy][schema]") {
  const auto described = [](const std::string& value) {
    const std::string text = "a: " + value + "\n";
    const yaml::ScanResult scan = yaml::Scan(text);
    REQUIRE_FALSE(scan.problem);
    return std::string(Describe(yaml::NodeView::Root(scan.outline).Find("a")));
  };
  for (const char* value : {"", "!!str", "!x", "!!str # c"}) CHECK(described(value) == "empty");
  for (const char* value : {"~", "null"}) CHECK(described(value) == "null");
  for (const char* value : {"1", ".5", "1.", "-1", "0x1f"}) CHECK(described(value) == "a number");
  for (const char* value : {"true", "False"}) CHECK(described(value) == "a boolean");
  for (const char* value : {"x", "''", "\"1\""}) CHECK(described(value) == "a string");
  CHECK(described("{}") == "a map");
  CHECK(described("[]") == "a list");
}

TEST_CASE("dates, durations and names", "[policy][schema]") {
  for (const char* date : {"2026-11-21", "2028-02-29"}) CHECK(IsDate(date));
  for (const char* date : {"2026-02-29", "2026-13-01", "2026-1-1", "21.11.2026", "2026-00-10"}) {
    CHECK_FALSE(IsDate(date));
  }
  for (const char* duration : {"1h0m0s", "500ms", "10s"}) CHECK(IsDuration(duration));
  for (const char* duration : {"", "1", "s", "1d", "1h 5m"}) CHECK_FALSE(IsDuration(duration));
  for (const char* name : {"a", "app-tiers", "Tier_1", "x.y"}) CHECK(IsName(name));
  for (const char* name : {"", "-a", "a-", "a b", "a/b"}) CHECK_FALSE(IsName(name));
}

}  // namespace
}  // namespace cloudlab::policy
