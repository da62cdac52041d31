// Labels and selectors as numbers, so that matching compares no text.
//
// Every key and value that the stream uses has a number. Text that came later, from outside of the
// stream, may have none: no selector asks for such a key, and none has such a value.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/pod_template.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy::network {

/// The label that the API server gives every Namespace: its name (core/v1, LabelMetadataName).
inline constexpr std::string_view kNamespaceName = "kubernetes.io/metadata.name";

struct Label {
  std::uint32_t key = 0;
  std::uint32_t value = 0;

  friend bool operator==(const Label&, const Label&) = default;
};

/// Each key once.
using Labels = std::vector<Label>;

/// Where labels lead to something.
struct LabelHash {
  std::size_t operator()(const Label& label) const {
    return std::hash<std::uint64_t>()((std::uint64_t{label.key} << 32U) | label.value);
  }
};

using LabelTexts = std::map<std::string, std::string>;

class LabelNames {
 public:
  static constexpr std::uint32_t kUnknown = ~std::uint32_t{0};

  /// The number of `text`, a new one if it has none yet.
  std::uint32_t Add(std::string_view text);
  /// The number of `text`, or kUnknown.
  std::uint32_t Find(std::string_view text) const;
  /// What a map of labels says; nothing if `labels` is no map.
  Labels AddAll(yaml::NodeView labels);
  /// Those of `labels` whose keys are known.
  Labels FindAll(const LabelTexts& labels) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

/// Gives `labels` the value of a key, in the place of an older one.
void SetLabel(Labels& labels, Label label);

/// A kube::Selector in numbers.
class LabelSelector {
 public:
  LabelSelector(const kube::Selector& selector, LabelNames& names);

  bool Matches(const Labels& labels) const;
  bool IsEmpty() const { return requirements_.empty(); }
  /// For each requirement that only some values fulfil, the labels of which one must be there.
  std::vector<Labels> RequiredLabels() const;

  friend bool operator==(const LabelSelector&, const LabelSelector&) = default;

 private:
  struct Requirement {
    kube::Selector::Operator op = kube::Selector::Operator::kIn;
    std::uint32_t key = 0;
    std::vector<std::uint32_t> values;

    bool Holds(const Labels& labels) const;
    friend bool operator==(const Requirement&, const Requirement&) = default;
  };
  std::vector<Requirement> requirements_;
};

}  // namespace cloudlab::policy::network
