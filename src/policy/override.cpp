#include "policy/override.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/validate.hpp"
#include "yaml/outline.hpp"
#include "yaml/render.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {
namespace {

constexpr std::array<std::string_view, 4> kOwn = {"match", "exclude", "locked", "enforcement"};

bool IsNull(const yaml::Value& value) {
  if (value.kind() != yaml::Value::Kind::kLiteral) return false;
  const std::string& text = value.text();
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

}  // namespace

void MergePatch(yaml::Value& target, const yaml::Value& patch) {
  struct Work {
    yaml::Value* target;
    const yaml::Value* patch;
  };
  std::vector<Work> work = {{&target, &patch}};
  while (!work.empty()) {
    const Work at = work.back();
    work.pop_back();
    if (!at.patch->IsMap()) {
      *at.target = *at.patch;
      continue;
    }
    if (!at.target->IsMap()) *at.target = yaml::Value::Map();
    for (const auto& [key, value] : at.patch->entries()) {
      if (IsNull(value)) {
        at.target->Erase(key);
      } else if (at.target->Find(key) == nullptr) {
        at.target->Put(key, yaml::Value::Map());
      }
    }
    // Only now, because Put() and Erase() move the values.
    for (const auto& [key, value] : at.patch->entries()) {
      if (!IsNull(value)) work.push_back({at.target->Find(key), &value});
    }
  }
}

std::vector<OverrideFlaw> ApplyOverride(const KindSchema& schema, std::string_view text,
                                        yaml::Value& spec) {
  const yaml::ScanResult scan = yaml::Scan(text);
  if (scan.problem) return {{"is not JSON: " + scan.problem->message, scan.problem->hint}};
  const yaml::NodeView root = yaml::NodeView::Root(scan.outline);
  if (!root.IsMap())
    return {{"is not a map", R"(write a JSON merge patch of the spec: {"mode": "Native"})"}};
  for (const std::string_view key : kOwn) {
    if (root.Find(key)) {
      return {{"may not change \"" + std::string(key) + "\"", "only the policy itself says that"}};
    }
  }
  MergePatch(spec, yaml::Value::From(root));
  FillDefaults(schema.spec(), spec);

  const std::string patched = yaml::RenderFlow(spec, /*json=*/true);
  const yaml::ScanResult rescan = yaml::Scan(patched);
  if (rescan.problem) return {{"gives no readable spec: " + rescan.problem->message, ""}};
  std::vector<OverrideFlaw> flaws;
  for (Flaw& flaw : Check(schema.spec(), yaml::NodeView::Root(rescan.outline), "spec")) {
    flaws.push_back({"gives a wrong spec: " + flaw.message, std::move(flaw.hint)});
  }
  return flaws;
}

}  // namespace cloudlab::policy
