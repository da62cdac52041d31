// Two outlines are walked side by side, with an explicit stack. Where nothing was intended, bytes
// and style must be equal; where a change was intended, the new value is compared by meaning: what
// a reader decodes must be what the policy wanted, and a string must not be readable as anything
// else.
//
// Most of a document is not meant to change. A subtree is one run of nodes and one run of bytes, so
// two that are the same are recognised in two loops; where they are not, the walk finds the place.
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

/// Most collections have no more children.
constexpr std::size_t kUsualChildren = 16;

/// A node and where its subtree ends: nodes of a subtree stand in a row.
struct Subtree {
  NodeId begin = kNoNode;
  NodeId end = kNoNode;

  /// That of the child `id`, in the order of the text.
  Subtree Child(const Outline& outline, NodeId id) const {
    const NodeId next = outline.node(id).next;
    return {id, next == kNoNode ? end : next};
  }
  static Subtree Root(const Outline& outline) {
    return {0, static_cast<NodeId>(outline.nodes().size())};
  }
};

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
    pairs_.emplace_back(Subtree::Root(original_), Subtree::Root(edited_));
    while (!pairs_.empty() && !failure_) {
      const auto [before, after] = pairs_.back();
      pairs_.pop_back();
      if (!IsUntouched(before) || !AreSame(before, after)) Compare(before, after);
    }
    if (!failure_) CompareAliases();
    return std::move(failure_);
  }

 private:
  void Fail(NodeId after, std::string what) {
    if (!failure_) failure_ = PathOf(edited_, after) + ": " + std::move(what);
  }

  /// True if no change names a node of the subtree.
  bool IsUntouched(Subtree before) const {
    const auto first = changes_.changes().lower_bound(before.begin);
    return first == changes_.changes().end() || first->first >= before.end;
  }

  /// True if both subtrees have the same bytes and the same nodes in the same places. False does
  /// not mean that anything is wrong: Compare() has the last word.
  bool AreSame(Subtree before, Subtree after) {
    if (before.end - before.begin != after.end - after.begin) return false;
    const Span old_span = original_.node(before.begin).value;
    const Span new_span = edited_.node(after.begin).value;
    if (old_span.In(original_.text()) != new_span.In(edited_.text())) return false;
    const std::uint32_t shift = new_span.begin - old_span.begin;  // Modulo 2^32, as the sums below.
    const std::uint32_t renumber = after.begin - before.begin;
    const auto same_span = [shift](Span a, Span b) {
      return a.begin + shift == b.begin && a.end + shift == b.end;
    };
    for (NodeId id = before.begin; id < before.end; ++id) {
      const Node& a = original_.node(id);
      const Node& b = edited_.node(id + renumber);
      if (a.kind != b.kind || a.style != b.style || !same_span(a.value, b.value) ||
          (IsBlockText(a) && a.indent != b.indent)) {
        return false;
      }
      const bool has_property = a.has_property || b.has_property;
      if (has_property && !HaveSameProperties(id, id + renumber)) return false;
      if (a.kind == Kind::kAlias) aliases_.emplace_back(id, id + renumber);
      if (id == before.begin) continue;  // Its key and its parent are not of the subtree.
      if ((a.key_style != b.key_style || !same_span(a.key, b.key) ||
           a.parent + renumber != b.parent)) {
        return false;
      }
    }
    return true;
  }

  static bool IsBlockText(const Node& node) {
    return node.style == Style::kLiteral || node.style == Style::kFolded;
  }

  void Compare(Subtree from, Subtree to) {
    const NodeId before = from.begin;
    const NodeId after = to.begin;
    const NodeChange* change = changes_.Find(before);
    if (change != nullptr && change->replace) return CompareValue(to, *change->replace);
    const Node& old = original_.node(before);
    const Node& now = edited_.node(after);
    if (!HaveSameProperties(before, after)) return Fail(after, "an anchor or tag changed");
    const std::vector<Expected> expected = ExpectedChildren(before, change);
    const bool grows = change != nullptr && (!change->entries.empty() || !change->items.empty());
    const bool emptied = expected.empty() && old.has_children;
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
      aliases_.emplace_back(before, after);
      return;
    }
    const bool new_style = emptied || (grows && !old.has_children);
    if (!new_style && now.style != old.style)
      return Fail(after, "the style of the collection changed");
    CompareChildren(from, to, expected);
  }

  void CompareScalar(NodeId before, NodeId after) {
    const NodeView old(original_, before);
    const NodeView now(edited_, after);
    const bool is_block = IsBlockText(old.node());
    if (old.node().style != now.node().style ||
        (is_block && old.node().indent != now.node().indent)) {
      return Fail(after, "a value changed that no change names");
    }
    if (old.Raw() == now.Raw()) return;
    // A last line without an ending may get one, where chomping takes it away again.
    const std::string_view added =
        now.Raw().starts_with(old.Raw()) ? now.Raw().substr(old.Raw().size()) : " ";
    if (!is_block || (added != "\n" && added != "\r\n") || old.Text() != now.Text()) {
      Fail(after, "a value changed that no change names");
    }
  }

  /// Compares anchor and tag, and notes the pair: aliases may refer to it.
  bool HaveSameProperties(NodeId before, NodeId after) {
    if (!original_.node(before).has_property && !edited_.node(after).has_property) return true;
    const Property* old = original_.FindProperty(before);
    const Property* now = edited_.FindProperty(after);
    if (old == nullptr && now == nullptr) return true;
    if (old == nullptr || now == nullptr ||
        old->anchor.In(original_.text()) != now->anchor.In(edited_.text()) ||
        old->tag.In(original_.text()) != now->tag.In(edited_.text())) {
      return false;
    }
    anchored_.emplace_back(before, after);
    return true;
  }

  /// The children of `before` in their intended order.
  std::vector<Expected> ExpectedChildren(NodeId before, const NodeChange* change) const {
    std::vector<Expected> expected;
    if (!original_.node(before).has_children && change == nullptr) return expected;
    expected.reserve(kUsualChildren);
    const auto add_items = [&](ItemPlace::Side side, NodeId sibling) {
      if (change == nullptr) return;
      for (const NewItem& item : change->items) {
        if (item.place.side == side && item.place.sibling == sibling) {
          expected.push_back({kNoNode, nullptr, &item.value});
        }
      }
    };
    for (NodeId c = original_.FirstChild(before); c != kNoNode; c = original_.node(c).next) {
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

  /// `from` is the collection as it was; it has no say where all that is expected is new.
  void CompareChildren(Subtree from, Subtree to, const std::vector<Expected>& expected) {
    const NodeId after = to.begin;
    NodeId child = edited_.FirstChild(after);
    for (const Expected& want : expected) {
      if (child == kNoNode) return Fail(after, "an entry or item is missing");
      const NodeView now(edited_, child);
      if (want.old != kNoNode) {
        const NodeView old(original_, want.old);
        const bool is_map = edited_.node(after).kind == Kind::kMap;
        if (is_map &&
            (old.node().key_style != now.node().key_style || old.RawKey() != now.RawKey())) {
          return Fail(child, "the key `" + old.Key() + "` is expected here");
        }
        pairs_.emplace_back(from.Child(original_, want.old), to.Child(edited_, child));
      } else {
        if (want.key != nullptr && !now.KeyIs(*want.key)) {
          return Fail(child, "the new key `" + *want.key + "` is expected here");
        }
        if (want.key != nullptr && now.node().key_style == Style::kPlain &&
            !IsPlainSafe(*want.key)) {
          return Fail(child, "the key `" + *want.key + "` must be quoted");
        }
        CompareValue(to.Child(edited_, child), *want.value);
      }
      child = now.node().next;
    }
    if (child != kNoNode) Fail(child, "an entry or item too many");
  }

  /// New content, by meaning. Its depth is that of policy content.
  void CompareValue(Subtree to, const Value& value) {
    const NodeId after = to.begin;
    const NodeView now(edited_, after);
    if (now.node().has_property) return Fail(after, "new content has an anchor or tag");
    if (value.IsScalar()) {
      if (!now.IsScalar()) return Fail(after, "a scalar is expected");
      const bool plain = now.node().style == Style::kPlain;
      const bool literal = value.kind() == Value::Kind::kLiteral;
      if (literal ? !plain || now.Raw() != value.text() : !now.TextIs(value.text())) {
        return Fail(after, "the value is not the intended `" + value.text() + "`");
      }
      if (!literal && plain && !IsPlainSafe(value.text())) {
        Fail(after, "the string `" + value.text() + "` must be quoted");
      }
      return;
    }
    if (value.IsMap() ? !now.IsMap() : !now.IsSeq())
      return Fail(after, "another kind of value is expected");
    std::vector<Expected> expected;
    for (const auto& [key, child] : value.entries()) expected.push_back({kNoNode, &key, &child});
    for (const Value& item : value.items()) expected.push_back({kNoNode, nullptr, &item});
    CompareChildren({}, to, expected);
  }

  /// An alias that stays must stand for the same node, and nothing may have been changed in there.
  /// New content has no aliases: CompareValue() takes none.
  void CompareAliases() {
    if (aliases_.empty()) return;
    std::ranges::sort(anchored_);
    const std::vector<bool> changed = ChangedInside();
    for (const auto& [before, after] : aliases_) {
      const NodeId target = original_.TargetOf(before);
      const std::pair<NodeId, NodeId> pair(target, edited_.TargetOf(after));
      if (!std::ranges::binary_search(anchored_, pair)) {
        return Fail(after, "the alias stands for another value than before");
      }
      if (changed[target]) return Fail(after, "the value behind this alias was changed");
    }
  }

  /// By node of the original: whether a change names it or something inside it.
  std::vector<bool> ChangedInside() const {
    std::vector<bool> changed(original_.nodes().size());
    for (const auto& [node, change] : changes_.changes()) {
      for (NodeId up = node; up != kNoNode && !changed[up]; up = original_.parent(up)) {
        changed[up] = true;
      }
    }
    return changed;
  }

  const Outline& original_;
  const ChangeSet& changes_;
  const Outline& edited_;
  std::vector<std::pair<Subtree, Subtree>> pairs_;
  std::vector<std::pair<NodeId, NodeId>> anchored_;
  std::vector<std::pair<NodeId, NodeId>> aliases_;  // Those that stay, some of them twice.
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
    PrintLine(step.depth, step.key, collection ? (is_map ? "{}" : "[]") : DoubleQuoted(at.Raw()),
              out);
    std::vector<Step> below;
    const auto items = [&](ItemPlace::Side side, NodeId sibling) {
      if (change == nullptr) return;
      for (const NewItem& item : change->items) {
        if (item.place.side == side && item.place.sibling == sibling) {
          below.push_back({kNoNode, &item.value, "-", step.depth + 1});
        }
      }
    };
    for (NodeId c = outline.FirstChild(at.id()); c != kNoNode; c = outline.node(c).next) {
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
    const bool is_kept =
        !old.value.empty() && value_kept.Contains(text::Span{old.key.begin, old.value.end});
    if (is_kept && !old.has_children &&
        (now.kind != old.kind || now.style != old.style || now.value.size() != old.value.size() ||
         now.value.begin != old.value.begin + shift)) {
      return fail(id, "it is read as another value");
    }
  }
  return std::nullopt;
}

std::string PrintTree(const Outline& outline) { return Print(outline, ChangeSet()); }

}  // namespace cloudlab::yaml
