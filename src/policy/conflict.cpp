#include "policy/conflict.hpp"

#include <array>
#include <utility>

namespace cloudlab::policy {
namespace {

constexpr std::array<std::pair<std::string_view, ConflictPolicy>, 6> kNames{
    {{"Keep", ConflictPolicy::kKeep},
     {"Replace", ConflictPolicy::kReplace},
     {"Merge", ConflictPolicy::kMerge},
     {"Max", ConflictPolicy::kMax},
     {"Min", ConflictPolicy::kMin},
     {"Fail", ConflictPolicy::kFail}}};

ConflictPolicy Parse(std::string_view text) {
  for (const auto& [name, policy] : kNames) {
    if (name == text) return policy;
  }
  return ConflictPolicy::kKeep;  // Unreachable behind the schema.
}

}  // namespace

Conflicts::Conflicts(const yaml::Value& spec) {
  if (const yaml::Value* general = spec.Find("conflictPolicy")) general_ = Parse(general->text());
  if (const yaml::Value* fields = spec.Find("conflicts")) {
    for (const auto& [field, policy] : fields->entries()) {
      fields_.insert_or_assign(field, Parse(policy.text()));
    }
  }
}

ConflictPolicy Conflicts::Of(std::string_view field) const {
  while (true) {
    if (const auto found = fields_.find(field); found != fields_.end()) return found->second;
    const std::size_t dot = field.rfind('.');
    if (dot == std::string_view::npos) return general_;
    field = field.substr(0, dot);
  }
}

}  // namespace cloudlab::policy
