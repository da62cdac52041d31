// A KRM ResourceList: what kustomize and kpt hand to a function and take back, and where its parts
// stand in the text.
//
// Source: the KRM Functions Specification v1 (kubernetes-sigs/kustomize,
// cmd/config/docs/api-conventions/functions-spec.md). Versions before v1 have the same fields.
// The list is read as one outline and then cut into its items, each of which is worked on like a
// document of a stream. Refused are other kinds and versions, fields that stand twice, `items`
// behind an alias, and an alias in one item, or outside of all, to an anchor in another: the cut
// would part them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/span.hpp"
#include "yaml/outline.hpp"
#include "yaml/stream.hpp"
#include "yaml/view.hpp"

namespace cloudlab::kube {

inline constexpr std::string_view kResourceListVersion = "config.kubernetes.io/v1";

class KrmList {
 public:
  /// Reads `text`, which must outlive the list and stay where it is: one document, with a byte
  /// order mark or markers if it likes. Returns what is wrong with it, or nothing.
  std::optional<yaml::Problem> Read(std::string_view text);

  const std::string& api_version() const { return api_version_; }
  /// Where the document begins in the text: nodes count from there.
  std::size_t offset() const { return offset_; }
  yaml::NodeView root() const { return yaml::NodeView::Root(outline_); }
  /// Invalid if there is none, or a null.
  yaml::NodeView function_config() const { return function_config_; }
  /// As they stand there; invalid if there are none.
  yaml::NodeView results() const { return results_; }
  yaml::NodeView items() const { return items_; }

  /// The items in their order. In a block sequence they are whole lines, and comments directly
  /// above an item are its own; in a flow sequence the values alone.
  const std::vector<yaml::Slice>& slices() const { return slices_; }
  /// True if `items` stands between brackets; false if it is missing.
  bool is_flow() const { return is_flow_; }

 private:
  std::optional<yaml::Problem> ReadFields(std::string_view text);
  std::optional<yaml::Problem> CheckAliases() const;
  /// The item that `id` stands in, else the results, else `items` itself, else the root: what is
  /// written by itself.
  yaml::NodeId PartOf(yaml::NodeId id, const std::vector<yaml::NodeId>& items) const;
  void CutLines();
  void CutValues();

  std::string_view text_;
  yaml::Outline outline_;
  std::string api_version_;
  std::size_t offset_ = 0;
  yaml::NodeView function_config_;
  yaml::NodeView results_;
  yaml::NodeView items_;
  std::vector<yaml::Slice> slices_;
  bool is_flow_ = false;
};

}  // namespace cloudlab::kube
