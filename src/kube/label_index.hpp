// Which pods a selector takes, without comparing everything with everything: pods are kept by each
// label that they have, and a selector is compared only with those that have the rarest label that
// it asks for. Charts put a few labels on everything, so that the first label of a selector would
// often do no good.
//
// What a selector forbids has no list; one that only forbids is compared with its whole namespace.
//
// Labels are known by their hash. Should two share one, a few pods more are compared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/pod_template.hpp"
#include "yaml/view.hpp"

namespace cloudlab::kube {

class LabelIndex {
 public:
  /// A namespace, a label, or a label with its value.
  using Key = std::size_t;

  /// Adds pods by a number of the caller's; `labels` is a map, or invalid if they have none.
  void Add(std::uint32_t number, std::string_view ns, yaml::NodeView labels) {
    Add(number, labels, KeysOf(ns, labels));
  }
  /// The same with what KeysOf() says of them.
  void Add(std::uint32_t number, yaml::NodeView labels, const std::vector<Key>& keys);
  /// The numbers of the pods of `ns` that `selector` takes, ascending; no more than `most` are
  /// looked for.
  std::vector<std::uint32_t> Select(std::string_view ns, const Selector& selector,
                                    std::size_t most = SIZE_MAX) const;

  /// How many pods Select() compares with `selector`.
  std::size_t Candidates(std::string_view ns, const Selector& selector) const;

  /// Keys of which every pod that `selector` takes has exactly one among its own: those with the
  /// fewest pods behind them.
  std::vector<Key> RarestKeys(std::string_view ns, const Selector& selector) const;
  /// All keys of pods with these labels: the namespace, each label, each label with its value.
  static std::vector<Key> KeysOf(std::string_view ns, yaml::NodeView labels);

 private:
  struct Pods {
    std::uint32_t number = 0;
    yaml::NodeView labels;
  };
  std::size_t Count(Key key) const;

  std::vector<Pods> pods_;
  std::unordered_map<Key, std::vector<std::uint32_t>> places_;  // In pods_.
};

}  // namespace cloudlab::kube
