// Two outlines are walked side by side, with an explicit stack. Where nothing was intended, bytes and
// style must be equal; where a change was intended, the new value is compared by meaning: what a
// reader decodes must be what the policy wanted, and a string must not be readable as anything else.
#include "yaml/verify.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "yaml/render.hpp"
#include "yaml/scalar.hpp"
#include "yaml/view.hpp"

namespace cloudlab::yaml {
namespace {

/// Where a node stands, for messages: `spec.template.spec.containers[0].name`.
std::string PathOf(const Outline& outline, NodeId id) {
  std::string path;
  for (NodeView at(outline, id); at && at.parent(); at = at.parent()) {
    if (at.parent().IsMap()) {
      path.insert(0, "." + at.Key());
      continue;
    }
    std::size_t index = 0;
    for (const NodeView sibling : at.parent().children()) {
      if (sibling == at) break;
      ++index;
    }
    path.insert(0, "[" + std::to_string(index) + "]");
  }
  if (path.starts_with('.')) path.erase(0, 1);
  return path.empty() ? "the root" : path;
}

/// A child that the edited collection must have at one position: an old node or a new value.
struct Expected {
  NodeId old = kNoNode;
  const std::string* key = nullptr;  ///< Of a new entry.
  const Value* value = nullptr;
};

class Proof {
 public:
  Proof(const Outline& original, const ChangeSet& changes, const Outline& edited)
      : original_(original), changes_(changes), edited_(edited) {}

  std::optional<std::string> Run() {
    if (original_.empty() || edited_.empty()) return "the document has no content";
    Enter(0, 0);
    while (!pairs_.empty() && !failure_) {
      const auto [before, after] = pairs_.back();
      pairs_.pop_back();
      Compare(before, after);
    }
    if (!failure_) CompareAliases();
    return std::move(failure_);
  }

 private:
  void Fail(NodeId after, std::string what) {
    if (!failure_) failure_ = PathOf(edited_, after) + ": " + std::move(what);
  }

  void Enter(NodeId before, NodeId after) { pairs_.emplace_back(before, after); }

  void Compare(NodeId before, NodeId after) {
    const NodeChange* change = changes_.Find(before);
    if (change != nullptr && change->replace) return CompareValue(after, *change->replace);
    const Node& old = original_.node(before);
    const Node& now = edited_.node(after);
    CompareProperties(before, after);
    const std::vector<Expected> expected = ExpectedChildren(before, change);
    const bool grows = change != nullptr && (!change->entries.empty() || !change->items.empty());
    const bool emptied = expected.empty() && old.first != kNoNode;
    if (grows && old.kind == Kind::kScalar && !NodeView(original_, before).IsNull()) {
      return Fail(after, "a value was to be extended that is no collection");
    }
    const Kind kind = !grows ? old.kind : change->entries.empty() ? Kind::kSeq : Kind::kMap;
    if (now.kind != kind) return Fail(after, "the kind of value is not the intended one");
    if (kind == Kind::kScalar) return CompareScalar(before, after);
    if (kind == Kind::kAlias) {
      if (NodeView(original_, before).Raw() != NodeView(edited_, after).Raw()) {
        Fail(after, "the alias is another one");
      }
      return;
    }
    const bool new_style = emptied || (grows && old.first == kNoNode);
    if (!new_style && now.style != old.style) return Fail(after, "the style of the collection changed");
    CompareChildren(after, expected);
  }

  void CompareScalar(NodeId before, NodeId after) {
    const Node& old = original_.node(before);
    const Node& now = edited_.node(after);
    const bool block = old.style == Style::kLiteral || old.style == Style::kFolded;
    if (old.style != now.style || (block && old.indent != now.indent) ||
        NodeView(original_, before).Raw() != NodeView(edited_, after).Raw()) {
      Fail(after, "a value changed that no change names");
    }
  }

  void CompareProperties(NodeId before, NodeId after) {
    const Property* old = original_.FindProperty(before);
    const Property* now = edited_.FindProperty(after);
    if (old == nullptr && now == nullptr) return;
    const auto text = [](const Outline& outline, Span span) { return span.In(outline.text()); };
    if (old == nullptr || now == nullptr ||
        text(original_, old->anchor) != text(edited_, now->anchor) ||
        text(original_, old->tag) != text(edited_, now->tag)) {
      return Fail(after, "an anchor or tag changed");
    }
    anchored_.emplace_back(before, after);
  }

  /// The children of `before` in their intended order.
  std::vector<Expected> ExpectedChildren(NodeId before, const NodeChange* change) const {
    std::vector<Expected> expected;
    const auto add_items = [&](ItemPlace::Side side, NodeId sibling) {
      if (change == nullptr) return;
      for (const NewItem& item : change->items) {
        if (item.place.side == side && item.place.sibling == sibling) {
          expected.push_back({kNoNode, nullptr, &item.value});
        }
      }
    };
    for (NodeId c = original_.node(before).first; c != kNoNode; c = original_.node(c).next) {
      add_items(ItemPlace::Side::kBefore, c);
      const NodeChange* own = changes_.Find(c);
      if (own == nullptr || !own->remove) expected.push_back({c, nullptr, nullptr});
      add_items(ItemPlace::Side::kAfter, c);
    }
    add_items(ItemPlace::Side::kEnd, kNoNode);
    if (change != nullptr) {
      for (const NewEntry& entry : change->entries) {
        expected.push_back({kNoNode, &entry.key, &entry.value});
      }
    }
    return expected;
  }

  void CompareChildren(NodeId after, const std::vector<Expected>& expected) {
    NodeId child = edited_.node(after).first;
    for (const Expected& want : expected) {
      if (child == kNoNode) return Fail(after, "an entry or item is missing");
      const NodeView now(edited_, child);
      if (want.old != kNoNode) {
        const NodeView old(original_, want.old);
        const bool is_map = edited_.node(after).kind == Kind::kMap;
        if (is_map && (old.node().key_style != now.node().key_style || old.Key() != now.Key())) {
          return Fail(child, "the key `" + old.Key() + "` is expected here");
        }
        Enter(want.old, child);
      } else {
        if (want.key != nullptr && now.Key() != *want.key) {
          return Fail(child, "the new key `" + *want.key + "` is expected here");
        }
        CompareValue(child, *want.value);
      }
      child = now.node().next;
    }
    if (child != kNoNode) Fail(child, "an entry or item too many");
  }

  /// New content, by meaning. Its depth is that of policy content.
  void CompareValue(NodeId after, const Value& value) {
    const NodeView now(edited_, after);
    if (now.node().has_property) return Fail(after, "new content has an anchor or tag");
    if (value.IsScalar()) {
      if (!now.IsScalar()) return Fail(after, "a scalar is expected");
      const bool plain = now.node().style == Style::kPlain;
      const bool literal = value.kind() == Value::Kind::kLiteral;
      if (literal ? !plain || now.Raw() != value.text() : now.Text() != value.text()) {
        return Fail(after, "the value is not the intended `" + value.text() + "`");
      }
      if (!literal && plain && !IsPlainSafe(value.text())) {
        Fail(after, "the string `" + value.text() + "` must be quoted");
      }
      return;
    }
    if (value.IsMap() ? !now.IsMap() : !now.IsSeq()) return Fail(after, "another kind of value is expected");
    std::vector<Expected> expected;
    for (const auto& [key, child] : value.entries()) expected.push_back({kNoNode, &key, &child});
    for (const Value& item : value.items()) expected.push_back({kNoNode, nullptr, &item});
    CompareChildren(after, expected);
  }

  /// An alias must stand for the same node, and nothing may have been changed in that node.
  void CompareAliases() {
    const auto& old = original_.aliases();
    const auto& now = edited_.aliases();
    if (old.size() != now.size()) return Fail(0, "an alias is missing or new");
    for (std::size_t i = 0; i < old.size(); ++i) {
      const std::pair<NodeId, NodeId> pair(old[i].target, now[i].target);
      if (std::ranges::find(anchored_, pair) == anchored_.end()) {
        return Fail(now[i].alias, "the alias stands for another value than before");
      }
      for (const auto& [node, change] : changes_.changes()) {
        for (NodeId up = node; up != kNoNode; up = original_.parent(up)) {
          if (up == old[i].target) {
            return Fail(now[i].alias, "the value behind this alias was changed");
          }
        }
      }
    }
  }

  const Outline& original_;
  const ChangeSet& changes_;
  const Outline& edited_;
  std::vector<std::pair<NodeId, NodeId>> pairs_;
  std::vector<std::pair<NodeId, NodeId>> anchored_;
  std::optional<std::string> failure_;
};

// Printing.

/// One line of a printed tree. Long scalars are cut: the message is for finding the place.
void PrintLine(std::size_t depth, std::string_view key, std::string_view text, std::string& out) {
  constexpr std::size_t kLongest = 72;
  out.append(2 * depth, ' ').append(key).append(key.empty() ? "" : ": ");
  out.append(text.substr(0, kLongest)).append(text.size() > kLongest ? "..." : "").append("\n");
}

void PrintValue(const std::string& key, const Value& value, std::size_t depth, std::string& out) {
  PrintLine(depth, key, RenderFlow(value, true), out);
}

/// The tree of `outline`, with `changes` applied if there are any.
std::string Print(const Outline& outline, const ChangeSet& changes) {
  std::string out;
  struct Step {
    NodeId id = kNoNode;
    const Value* value = nullptr;
    std::string key;
    std::size_t depth = 0;
  };
  std::vector<Step> steps;
  if (!outline.empty()) steps.push_back({0, nullptr, "", 0});
  while (!steps.empty()) {
    const Step step = std::move(steps.back());
    steps.pop_back();
    const NodeChange* change = step.value != nullptr ? nullptr : changes.Find(step.id);
    const Value* value = change != nullptr && change->replace ? &*change->replace : step.value;
    if (value != nullptr) {
      PrintValue(step.key, *value, step.depth, out);
      continue;
    }
    const NodeView at(outline, step.id);
    const bool is_map = at.IsMap();
    const bool collection = is_map || at.IsSeq();
    PrintLine(step.depth, step.key, collection ? (is_map ? "{}" : "[]") : DoubleQuoted(at.Raw()), out);
    std::vector<Step> below;
    const auto items = [&](ItemPlace::Side side, NodeId sibling) {
      if (change == nullptr) return;
      for (const NewItem& item : change->items) {
        if (item.place.side == side && item.place.sibling == sibling) {
          below.push_back({kNoNode, &item.value, "-", step.depth + 1});
        }
      }
    };
    for (NodeId c = at.node().first; c != kNoNode; c = outline.node(c).next) {
      items(ItemPlace::Side::kBefore, c);
      const NodeChange* own = changes.Find(c);
      const std::string key = is_map ? NodeView(outline, c).Key() : "-";
      if (own == nullptr || !own->remove) below.push_back({c, nullptr, key, step.depth + 1});
      items(ItemPlace::Side::kAfter, c);
    }
    items(ItemPlace::Side::kEnd, kNoNode);
    if (change != nullptr) {
      for (const NewEntry& e : change->entries) {
        below.push_back({kNoNode, &e.value, e.key, step.depth + 1});
      }
    }
    steps.insert(steps.end(), std::make_move_iterator(below.rbegin()),
                 std::make_move_iterator(below.rend()));
  }
  return out;
}

}  // namespace

std::optional<Mismatch> Verify(const Outline& original, const ChangeSet& changes,
                               const Outline& edited) {
  auto failure = Proof(original, changes, edited).Run();
  if (!failure) return std::nullopt;
  return Mismatch{std::move(*failure), Print(original, changes), PrintTree(edited)};
}

std::optional<std::string> VerifyKept(const Outline& original, const std::vector<text::Piece>& kept,
                                      const Outline& edited) {
  const std::size_t count = edited.nodes().size();
  std::vector<NodeId> image(original.nodes().size(), kNoNode);  // Old node -> new node.
  NodeId at = 0;
  auto piece = kept.begin();
  const auto fail = [&](NodeId id, std::string_view what) {
    return std::optional(PathOf(original, id) + ": " + std::string(what));
  };
  for (NodeId id = 0; id < image.size(); ++id) {
    const Node& old = original.node(id);
    while (piece != kept.end() && piece->from + piece->size <= old.key.begin) ++piece;
    if (piece == kept.end()) break;
    if (id != 0 && piece->from > old.key.begin) continue;  // Its first byte was edited.
    const std::uint32_t shift = piece->to - piece->from;   // May wrap; so does the sum below.
    while (id != 0 && at < count && edited.node(at).key.begin < old.key.begin + shift) ++at;
    if (at >= count) return fail(id, "the node is gone");
    const Node& now = edited.node(at);
    if (id != 0 && now.key.begin != old.key.begin + shift) return fail(id, "the node is gone");
    image[id] = at++;
    const NodeId parent = id == 0 ? kNoNode : image[old.parent];
    if (parent != kNoNode && now.parent != parent) return fail(id, "it has another parent");
    const text::Span value_kept{piece->from, piece->from + piece->size};
    const bool is_kept = !old.value.empty() && value_kept.Contains(text::Span{old.key.begin, old.value.end});
    if (is_kept && old.first == kNoNode &&
        (now.kind != old.kind || now.style != old.style || now.value.size() != old.value.size() ||
         now.value.begin != old.value.begin + shift)) {
      return fail(id, "it is read as another value");
    }
  }
  return std::nullopt;
}

std::string PrintTree(const Outline& outline) { return Print(outline, ChangeSet()); }

}  // namespace cloudlab::yaml
