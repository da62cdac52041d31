// The arithmetic of a tier: what becomes of one resource (cpu, memory, ...) of one container, given
// what the chart says, what the tier says, and who wins (rules B1, B2, B3 and B8). No YAML here.
//
// The API server sets a missing request to the limit. So a container with a limit alone does have
// a request, and Keep must not give it a lower one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/quantity.hpp"
#include "policy/conflict.hpp"
#include "yaml/value.hpp"

namespace cloudlab::policy {

/// A quantity with the text that stands for it.
struct Amount {
  kube::Quantity value;
  std::string text;

  static std::optional<Amount> Parse(const std::string& text);
};

/// Request and limit of one resource.
struct Sides {
  std::optional<Amount> request;
  std::optional<Amount> limit;
};

/// What to do where a request would exceed its limit.
enum class OnInvalid : std::uint8_t { kRaiseLimit, kClampRequest, kFail };

struct SizingRules {
  ConflictPolicy request = ConflictPolicy::kKeep;
  ConflictPolicy limit = ConflictPolicy::kKeep;
  OnInvalid on_invalid = OnInvalid::kRaiseLimit;
};

struct Sizing {
  enum class Note : std::uint8_t { kNone, kLimitRaised, kRequestClamped, kNotScaled };

  Sides write;  ///< What is to be written; equal values are not (rule B3).
  /// The policy wants what the chart has: another policy may not want something else. Of `Keep`
  /// nothing is wanted where the chart has a value.
  bool claims_request = false;
  bool claims_limit = false;
  Note note = Note::kNone;
  std::string error;  ///< Why nothing can be written, or empty.
};

/// Sizes one resource. `chart` is what stands in the manifest, `wanted` what the policy names.
Sizing Size(std::string_view resource, const Sides& chart, const Sides& wanted,
            const SizingRules& rules);

/// A quantity as new content: a number where every YAML reader takes it for that number, else a
/// string.
yaml::Value QuantityValue(const std::string& text);

}  // namespace cloudlab::policy
