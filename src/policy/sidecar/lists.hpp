// Looking into lists: at the items that a manifest has, and at those that the policies of the stage
// have asked for so far and the manifest does not show yet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "yaml/change.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy::sidecar {

/// The items that will be added to the list `key` of `map`, in order.
std::vector<yaml::NewItem> PendingItems(const yaml::ChangeSet& changes, yaml::NodeView map,
                                        std::string_view key);

/// The text of `item.name`; empty if there is none.
std::string NameOf(const yaml::Value& item);

/// The item of a list whose `key` has the text `text`; invalid if there is none.
yaml::NodeView FindItem(yaml::NodeView list, std::string_view key, std::string_view text);

/// A port of a container. Two containers of a pod cannot listen on the same one.
struct Port {
  std::string name;
  std::string number;
  std::string protocol;  ///< TCP if the manifest does not say.

  bool SameSocket(const Port& other) const {
    return number == other.number && protocol == other.protocol;
  }
};
Port ReadPort(const yaml::Value& item);
Port ReadPort(yaml::NodeView item);
/// The item of a list of ports with the number and protocol of `port`; invalid if there is none.
yaml::NodeView FindPort(yaml::NodeView list, const Port& port);

/// True if `node` says the same as `value`; the order of map keys does not matter.
bool SameContent(yaml::NodeView node, const yaml::Value& value);

}  // namespace cloudlab::policy::sidecar
