#include "yaml/danger.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "yaml/view.hpp"

namespace cloudlab::yaml {
namespace {

/// True if an alias outside of `id` stands for something inside.
bool IsNeededElsewhere(const Outline& outline, NodeId id) {
  const NodeId end = outline.SubtreeEnd(id);
  return std::ranges::any_of(outline.aliases(), [&](const AliasTarget& a) {
    return id < a.target && a.target < end && a.alias >= end;
  });
}

/// True if a tab begins a line near the change, where readers take some values only.
bool HasTabNear(const Outline& outline, const Surroundings& around, NodeId id,
                const NodeChange& change) {
  const auto below = [&](NodeId n) { return around.HasTabBelow(n); };
  if (below(id) || (!change.items.empty() && std::ranges::any_of(around.Children(id), below))) {
    return true;
  }
  const NodeId flow = around.OutermostFlow(id);
  const bool stays = flow != id || change.HasAdditions();
  return flow != kNoNode && flow != 0 && stays && around.HasTabIndent(outline.node(flow).value);
}

/// How many levels of collections `value` has.
std::size_t Height(const Value& value) {
  std::size_t height = 0;
  std::vector<std::pair<const Value*, std::size_t>> work = {{&value, 0}};
  while (!work.empty()) {
    const auto [at, above] = work.back();
    work.pop_back();
    if (at->IsScalar()) continue;
    height = std::max(height, above + 1);
    for (const auto& [key, child] : at->entries()) work.emplace_back(&child, above + 1);
    for (const Value& item : at->items()) work.emplace_back(&item, above + 1);
  }
  return height;
}

/// True if the result of `change` would be nested deeper than the scanner accepts.
bool IsTooDeep(const Outline& outline, NodeId id, const NodeChange& change) {
  std::size_t height = change.replace ? Height(*change.replace) : 0;
  for (const NewEntry& entry : change.entries) height = std::max(height, 1 + Height(entry.value));
  for (const NewItem& item : change.items) height = std::max(height, 1 + Height(item.value));
  std::size_t around = 0;
  for (NodeId up = outline.parent(id); up != kNoNode; up = outline.parent(up)) ++around;
  return around + height > kMaxDepth;
}

/// True if a merge behind `entry` in its map brings the same key. To go-yaml 2, which Helm and
/// kubectl read with, the later one counts; to go-yaml 3, behind kustomize, the explicit one.
bool IsMergedOver(NodeView entry) {
  const Outline& outline = entry.outline();
  for (NodeId id = entry.node().next; id != kNoNode; id = outline.node(id).next) {
    const NodeView merge(outline, id);
    if (merge.node().key_style != Style::kPlain || !merge.KeyIs("<<")) continue;
    const std::string key = entry.Key();
    const NodeView source = merge.Resolved();
    if (source.Find(key)) return true;
    if (!source.IsSeq()) continue;
    for (const NodeView item : source.children()) {
      if (item.Find(key)) return true;
    }
  }
  return false;
}

/// The first entry from `id` upwards of which it is unclear whether it counts.
std::optional<Problem> FindUnclearEntry(const Outline& outline, NodeId id) {
  for (NodeId up = id; outline.parent(up) != kNoNode; up = outline.parent(up)) {
    const NodeView entry(outline, up);
    if (!entry.parent().IsMap()) continue;
    if (entry.parent().HasDuplicate(entry.Key())) {
      return EditRefusal(
          outline, up,
          "the key `" + entry.Key() + "` stands twice in its map, on the way to a change",
          "remove one of the two in the chart: readers disagree about which one counts");
    }
    if (IsMergedOver(entry)) {
      return EditRefusal(outline, up,
                         "the merge `<<` behind the key `" + entry.Key() +
                             "` brings that key, too, and readers disagree about which one counts",
                         "put `<<` first in its map: then the key counts for all of them");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Problem> FindDanger(const Outline& outline, const Surroundings& around,
                                  const ChangeSet& changes, NodeId id, const NodeChange& change) {
  const auto refuse = [&](NodeId at, std::string message, std::string hint = {}) {
    return std::optional(EditRefusal(outline, at, std::move(message), std::move(hint)));
  };
  const bool is_alias = outline.node(id).kind == Kind::kAlias;
  const bool goes = change.remove || change.replace;  // The alias itself, not what it stands for.
  if ((is_alias && !goes) || outline.IsShared(id) || (goes && IsNeededElsewhere(outline, id))) {
    return refuse(id,
                  "a change here would show in every place that shares this content by an alias",
                  "write the shared content out in the chart");
  }
  const Property* property = outline.FindProperty(id);
  if (property != nullptr && !property->tag.empty() && !change.remove) {
    return refuse(
        id, "the value to be changed has the tag " + std::string(property->tag.In(outline.text())),
        "remove the tag in the chart");
  }
  if (goes && change.HasAdditions()) {
    return refuse(id, "one change replaces or removes this, another one adds to it");
  }
  if (!change.entries.empty() && !change.items.empty()) {
    return refuse(id, "one change adds keys here, another one adds list items");
  }
  if (HasTabNear(outline, around, id, change)) {
    return refuse(id, "a line that begins with a tab follows; only some values may stand before it",
                  "replace the tab by spaces");
  }
  if (IsTooDeep(outline, id, change)) {
    return refuse(id, "what is added here would be nested more than 1,000 levels deep");
  }
  if (auto unclear = FindUnclearEntry(outline, id)) return unclear;
  for (NodeId up = id; outline.parent(up) != kNoNode; up = outline.parent(up)) {
    const NodeChange* above = changes.Find(outline.parent(up));
    if (above != nullptr && (above->remove || above->replace)) {
      return refuse(id, "a change inside a value that another change removes or replaces");
    }
  }
  return std::nullopt;
}

bool IsInsideRemoved(const Outline& outline, const ChangeSet& changes, NodeId id) {
  for (NodeId up = outline.parent(id); up != kNoNode; up = outline.parent(up)) {
    if (changes.Removes(up)) return true;
  }
  return false;
}

Problem EditRefusal(const Outline& outline, NodeId id, std::string message, std::string hint) {
  const Node& node = outline.node(id);
  const Span span = node.value.empty() ? node.key : node.value;
  const std::size_t line_end = outline.text().find_first_of("\r\n", span.begin);
  const auto end = static_cast<std::uint32_t>(std::min<std::size_t>(span.end, line_end));
  return {Problem::Class::kRefusal,
          "CL-Y-EDIT",
          std::move(message),
          std::move(hint),
          {span.begin, end}};
}

}  // namespace cloudlab::yaml
