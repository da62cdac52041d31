// What holds where the chart and a policy both have a value: `conflictPolicy`, and `conflicts` for
// single fields.
//
//   Keep     the chart's value; the policy only fills gaps.
//   Replace  the policy's value, for every field that the policy names.
//   Merge    as Replace, but inside maps and named lists: what only the chart has stays.
//   Max, Min the larger or smaller quantity; what is no quantity is kept.
//   Fail     two different values are an error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "yaml/value.hpp"

namespace cloudlab::policy {

enum class ConflictPolicy : std::uint8_t { kKeep, kReplace, kMerge, kMax, kMin, kFail };

/// True if the policy's value shall stand there, whatever the chart says; what is no quantity is
/// meant. A policy that insists on a value that it finds claims it (Proposal::Claim).
inline bool InsistsOn(ConflictPolicy policy) {
  return policy == ConflictPolicy::kReplace || policy == ConflictPolicy::kMerge ||
         policy == ConflictPolicy::kFail;
}

class Conflicts {
 public:
  /// Of a spec that passed the schema.
  explicit Conflicts(const yaml::Value& spec);

  /// The policy for `field` ("requests.cpu"): its own, else that of a parent ("requests"), else
  /// the general one.
  ConflictPolicy Of(std::string_view field) const;
  /// True if `conflicts` names this very field.
  bool Names(std::string_view field) const { return fields_.contains(field); }

 private:
  ConflictPolicy general_ = ConflictPolicy::kKeep;
  std::map<std::string, ConflictPolicy, std::less<>> fields_;
};

}  // namespace cloudlab::policy
