#include "policy/sidecar/lists.hpp"

#include <utility>

#include "policy/text_at.hpp"

namespace cloudlab::policy::sidecar {

std::vector<yaml::NewItem> PendingItems(const yaml::ChangeSet& changes, yaml::NodeView map,
                                        std::string_view key) {
  std::vector<yaml::NewItem> items;
  if (!map) return items;
  if (const yaml::NodeView list = map.Find(key)) {
    if (const yaml::NodeChange* change = changes.Find(list.id())) return change->items;
    return items;
  }
  const yaml::NodeChange* change = changes.Find(map.id());
  if (change == nullptr) return items;
  for (const yaml::NewEntry& entry : change->entries) {
    if (entry.key != key) continue;
    for (const yaml::Value& item : entry.value.items()) {
      items.push_back({{}, item, entry.owner});
    }
  }
  return items;
}

std::string NameOf(const yaml::Value& item) { return TextAt(item, "name"); }

yaml::NodeView FindItem(yaml::NodeView list, std::string_view key, std::string_view text) {
  for (const yaml::NodeView item : list.children()) {
    const yaml::NodeView node = item.Resolved();
    if (node.Find(key).TextIs(text)) return node;
  }
  return {};
}

Port ReadPort(const yaml::Value& item) {
  Port port{TextAt(item, "name"), TextAt(item, "containerPort"), TextAt(item, "protocol")};
  if (port.protocol.empty()) port.protocol = "TCP";
  return port;
}

Port ReadPort(yaml::NodeView item) {
  Port port{item.Find("name").Text(), item.Find("containerPort").Text(),
            item.Find("protocol").Text()};
  if (port.protocol.empty()) port.protocol = "TCP";
  return port;
}

yaml::NodeView FindPort(yaml::NodeView list, const Port& port) {
  for (const yaml::NodeView item : list.children()) {
    if (ReadPort(item.Resolved()).SameSocket(port)) return item.Resolved();
  }
  return {};
}

namespace {

/// Two values whose sameness is still to be shown.
using Pair = std::pair<const yaml::Value*, const yaml::Value*>;

/// True if both are the same up to their children, which are added to `work`.
bool SameTop(const yaml::Value& a, const yaml::Value& b, std::vector<Pair>& work) {
  if (a.IsMap() && b.IsMap()) {
    if (a.entries().size() != b.entries().size()) return false;
    for (const auto& [key, value] : a.entries()) {
      const yaml::Value* other = b.Find(key);
      if (other == nullptr) return false;
      work.emplace_back(&value, other);
    }
    return true;
  }
  if (a.IsSeq() && b.IsSeq()) {
    if (a.items().size() != b.items().size()) return false;
    for (std::size_t i = 0; i < a.items().size(); ++i) {
      work.emplace_back(&a.items()[i], &b.items()[i]);
    }
    return true;
  }
  return a.kind() == b.kind() && a.text() == b.text();
}

}  // namespace

bool SameContent(yaml::NodeView node, const yaml::Value& value) {
  const yaml::Value found = yaml::Value::From(node);
  std::vector<Pair> work = {{&found, &value}};
  while (!work.empty()) {
    const auto [a, b] = work.back();
    work.pop_back();
    if (!SameTop(*a, *b, work)) return false;
  }
  return true;
}

}  // namespace cloudlab::policy::sidecar
