// Reading an outline: a handle of two words that walks, finds and decodes. It owns nothing and
// stays valid as long as the outline.
//
// Reading follows aliases and merge keys (`<<`): an explicit key wins, then the merged maps in
// order. Where a read went through one of them, the node found is marked as shared in the outline,
// and surgery refuses to edit it.
#pragma once

#include <array>
#include <iterator>
#include <span>
#include <string>
#include <string_view>

#include "yaml/outline.hpp"

namespace cloudlab::yaml {

class NodeView {
 public:
  class Iterator;
  class Children;

  NodeView() = default;
  NodeView(const Outline& outline, NodeId id) : outline_(&outline), id_(id) {}
  /// The root of `outline`; invalid if the document is empty.
  static NodeView Root(const Outline& outline);

  /// False for the result of a search that found nothing. Reading an invalid view is safe and
  /// finds nothing.
  explicit operator bool() const { return id_ != kNoNode; }
  friend bool operator==(const NodeView&, const NodeView&) = default;

  const Outline& outline() const { return *outline_; }
  NodeId id() const { return id_; }
  const Node& node() const { return outline_->node(id_); }

  bool IsMap() const { return *this && node().kind == Kind::kMap; }
  bool IsSeq() const { return *this && node().kind == Kind::kSeq; }
  bool IsScalar() const { return *this && node().kind == Kind::kScalar; }
  /// A plain scalar that every YAML reader takes for null: nothing, `~`, `null`, `Null`, `NULL`.
  bool IsNull() const;
  /// This view, or an invalid one if it is null: Kubernetes reads null as absent.
  NodeView Given() const { return IsNull() ? NodeView() : *this; }
  bool IsFlow() const { return node().style == Style::kFlow; }

  /// The value of `key` in this map, through aliases and merges; invalid if absent. Of duplicate
  /// keys the last one, as Helm's and the API server's readers take it.
  NodeView Find(std::string_view key) const;
  /// Find() for each of `keys` in turn.
  NodeView Find(std::initializer_list<std::string_view> keys) const;
  /// Find() of several keys in one pass over the map: what looking at many objects is made of.
  template <std::size_t count>
  std::array<NodeView, count> FindEach(const std::array<std::string_view, count>& keys) const {
    std::array<NodeView, count> found;
    FindEach(keys, found);
    return found;
  }
  /// The same, without values that are null: Kubernetes reads them as absent.
  template <std::size_t count>
  std::array<NodeView, count> FindGiven(const std::array<std::string_view, count>& keys) const {
    std::array<NodeView, count> found = FindEach<count>(keys);
    for (NodeView& each : found) each = each.Given();
    return found;
  }
  /// True if `key` stands more than once in this very map.
  bool HasDuplicate(std::string_view key) const;

  /// The entries of a map or the items of a sequence (of an alias: of its target), without merging.
  Children children() const;
  NodeView parent() const;
  /// The node behind an alias, else this one.
  NodeView Resolved() const {
    if (!*this || node().kind != Kind::kAlias) return *this;
    return {*outline_, outline_->TargetOf(id_)};
  }

  /// The key of this entry, decoded; empty for an item.
  std::string Key() const;
  bool KeyIs(std::string_view key) const {
    if (node().key_style != Style::kPlain) return QuotedKeyIs(key);
    return node().key.size() == key.size() && RawKey() == key;
  }
  /// The key as written, quotes included; of an item its dash.
  std::string_view RawKey() const { return node().key.In(outline_->text()); }
  /// The scalar, decoded; empty for a collection or an invalid view.
  std::string Text() const;
  bool TextIs(std::string_view text) const;
  /// The value as written, without anchor and tag.
  std::string_view Raw() const;

 private:
  NodeView FindMerged(std::string_view key, int depth) const;
  void FindEach(std::span<const std::string_view> keys, std::span<NodeView> found) const;
  bool QuotedKeyIs(std::string_view key) const;

  const Outline* outline_ = nullptr;
  NodeId id_ = kNoNode;
};

class NodeView::Iterator {
 public:
  using iterator_category = std::forward_iterator_tag;
  using value_type = NodeView;
  using difference_type = std::ptrdiff_t;
  using pointer = const NodeView*;
  using reference = NodeView;

  Iterator() = default;
  explicit Iterator(NodeView at) : at_(at) {}
  NodeView operator*() const { return at_; }
  Iterator& operator++() {
    at_ = NodeView(at_.outline(), at_.node().next);
    return *this;
  }
  Iterator operator++(int) {
    Iterator old = *this;
    ++*this;
    return old;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_.id() == b.at_.id(); }

 private:
  NodeView at_;
};

class NodeView::Children {
 public:
  explicit Children(NodeView first) : first_(first) {}
  Iterator begin() const { return Iterator(first_); }
  Iterator end() const { return Iterator(); }
  bool empty() const { return !first_; }

 private:
  NodeView first_;
};

}  // namespace cloudlab::yaml
