// Reading through a view; see view.hpp for what aliases and merge keys mean to a reader.
#include "yaml/view.hpp"

#include "yaml/scalar.hpp"

namespace cloudlab::yaml {
namespace {

/// Merges inside merges beyond this are not followed; the scanner's alias budget is far below.
constexpr int kMaxMergeDepth = 20;

/// The last entry of a map with a key, and its merge key.
struct Entries {
  NodeId found = kNoNode;
  NodeId merge = kNoNode;
};

/// One pass over the entries of `map`. Most keys differ in length or in their first byte.
Entries LookUp(const Outline& outline, NodeId map, std::string_view key) {
  Entries entries;
  const std::string_view text = outline.text();
  const char first = key.empty() ? '\0' : key.front();
  for (NodeId id = outline.FirstChild(map); id != kNoNode; id = outline.node(id).next) {
    const Node& node = outline.node(id);
    if (node.key_style != Style::kPlain) {
      if (NodeView(outline, id).KeyIs(key)) entries.found = id;
      continue;
    }
    const std::size_t size = node.key.size();
    if (size == key.size() &&
        (size == 0 || (text[node.key.begin] == first && node.key.In(text) == key))) {
      entries.found = id;
    }
    if (size == 2 && node.key.In(text) == "<<") entries.merge = id;
  }
  return entries;
}

}  // namespace

NodeView NodeView::Root(const Outline& outline) { return {outline, outline.root()}; }

bool NodeView::IsNull() const {
  const NodeView at = Resolved();
  if (!at.IsScalar() || at.node().style != Style::kPlain) return false;
  const Property* property = at.outline().FindProperty(at.id());
  if (property != nullptr && !property->tag.empty()) return false;
  const std::string_view raw = at.Raw();
  return raw.empty() || raw == "~" || raw == "null" || raw == "Null" || raw == "NULL";
}

NodeView NodeView::Find(std::string_view key) const { return FindMerged(key, 0); }

NodeView NodeView::FindMerged(std::string_view key, int depth) const {
  const NodeView map = Resolved();
  if (!map.IsMap() || depth > kMaxMergeDepth) return {};
  const Entries entries = LookUp(map.outline(), map.id(), key);
  if (entries.found != kNoNode) return {map.outline(), entries.found};
  if (entries.merge == kNoNode) return {};
  const NodeView source = NodeView(map.outline(), entries.merge).Resolved();
  if (!source.IsSeq()) return source.FindMerged(key, depth + 1);
  for (const NodeView item : source.children()) {
    if (const NodeView inherited = item.FindMerged(key, depth + 1)) return inherited;
  }
  return {};
}

void NodeView::FindEach(std::span<const std::string_view> keys, std::span<NodeView> found) const {
  const NodeView map = Resolved();
  if (!map.IsMap()) return;
  bool merges = false;
  for (const NodeView child : map.children()) {
    const bool plain = child.node().key_style == Style::kPlain;
    merges = merges || (plain && child.node().key.size() == 2 && child.RawKey() == "<<");
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if ((!plain || child.node().key.size() == keys[i].size()) && child.KeyIs(keys[i])) {
        found[i] = child;
        break;
      }
    }
  }
  if (!merges) return;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!found[i]) found[i] = map.Find(keys[i]);
  }
}

NodeView NodeView::Find(std::initializer_list<std::string_view> keys) const {
  NodeView at = *this;
  for (const std::string_view key : keys) {
    at = at.Find(key);
    if (!at) return {};
  }
  return at;
}

bool NodeView::HasDuplicate(std::string_view key) const {
  int count = 0;
  for (const NodeView child : children()) count += child.KeyIs(key) ? 1 : 0;
  return count > 1;
}

NodeView::Children NodeView::children() const {
  const NodeView at = Resolved();
  if (!at) return Children(NodeView());
  return Children(NodeView(at.outline(), at.outline().FirstChild(at.id())));
}

NodeView NodeView::parent() const {
  if (!*this) return {};
  return {*outline_, node().parent};
}

std::string NodeView::Key() const {
  if (!*this || !parent().IsMap()) return {};
  return DecodeFlowScalar(RawKey(), node().key_style);
}

bool NodeView::QuotedKeyIs(std::string_view key) const {
  if (const auto verbatim = Verbatim(RawKey(), node().key_style)) return *verbatim == key;
  return Key() == key;
}

std::string NodeView::Text() const {
  const NodeView at = Resolved();
  if (!at.IsScalar()) return {};
  return DecodeScalar(*at.outline_, at.id_);
}

bool NodeView::TextIs(std::string_view text) const {
  const NodeView at = Resolved();
  if (!at.IsScalar()) return false;
  if (const auto verbatim = Verbatim(at.Raw(), at.node().style)) return *verbatim == text;
  return at.Text() == text;
}

std::string_view NodeView::Raw() const {
  return *this ? node().value.In(outline_->text()) : std::string_view{};
}

}  // namespace cloudlab::yaml
