// Every change is planned against the original text. Nodes are taken from the last to the first, so that
// of two insertions at one offset the inner one comes first; inside a sequence, insertions are
// made in the order of the items that they will stand between.
#include "yaml/surgery.hpp"

#include <algorithm>
#include <vector>

#include "yaml/bytes.hpp"
#include "yaml/render.hpp"
#include "yaml/scalar.hpp"

namespace cloudlab::yaml {
namespace {

using text::Edit;
using text::EditSet;

bool IsBlockScalar(const Node& node) {
  return node.kind == Kind::kScalar &&
         (node.style == Style::kLiteral || node.style == Style::kFolded);
}

/// The layout of the document, from the first nested map and the first list below a key.
Layout LearnLayout(const Outline& outline) {
  Layout layout;
  bool step_known = false;
  bool dashes_known = false;
  for (const Node& node : outline.nodes()) {
    if (step_known && dashes_known) break;
    if (node.parent == kNoNode || node.style != Style::kBlock) continue;
    const Node& parent = outline.node(node.parent);
    if (parent.kind != Kind::kMap || parent.style != Style::kBlock) continue;
    if (node.kind == Kind::kMap && !step_known && node.indent > parent.indent) {
      layout.step = node.indent - parent.indent;
      step_known = true;
    } else if (node.kind == Kind::kSeq && !dashes_known) {
      layout.indent_sequences = node.indent > parent.indent;
      dashes_known = true;
    }
  }
  return layout;
}

class Surgeon {
 public:
  Surgeon(const Outline& outline, const ChangeSet& changes)
      : outline_(outline), text_(outline.text()), changes_(changes), layout_(LearnLayout(outline)) {}

  std::variant<EditSet, Problem> Run() {
    for (auto it = changes_.changes().rbegin(); it != changes_.changes().rend(); ++it) {
      if (!IsSafe(it->first) || !Apply(it->first, it->second)) return std::move(*problem_);
    }
    return std::move(edits_);
  }

 private:
  bool Refuse(NodeId id, std::string message, std::string hint = {}) {
    const Node& node = outline_.node(id);
    const Span span = node.value.empty() ? node.key : node.value;
    problem_ = Problem{Problem::Class::kRefusal, "CL-Y-EDIT", std::move(message), std::move(hint),
                       {span.begin, std::min(span.end, LineEnd(span.begin))}};
    return false;
  }

  bool Add(Span span, std::string text) {
    const auto clash = edits_.Add({span, std::move(text)});
    if (!clash) return true;
    problem_ = Problem{Problem::Class::kRefusal, "CL-Y-EDIT",
                       "two changes overlap here", "", clash->span};
    return false;
  }
  bool Insert(std::uint32_t offset, std::string text) { return Add({offset, offset}, std::move(text)); }

  /// What must hold of any node that is changed.
  bool IsSafe(NodeId id) {
    const Node& node = outline_.node(id);
    if (node.kind == Kind::kAlias || outline_.IsShared(id)) {
      return Refuse(id, "a change here would show in every place that shares this content by an alias",
                    "write the shared content out in the chart");
    }
    if (const Property* property = outline_.FindProperty(id); property != nullptr && !property->tag.empty()) {
      return Refuse(id, "the value to be changed has the tag " + std::string(property->tag.In(text_)),
                    "remove the tag in the chart");
    }
    for (NodeId up = id; outline_.parent(up) != kNoNode; up = outline_.parent(up)) {
      const NodeView entry(outline_, up);
      if (entry.parent().IsMap() && entry.parent().HasDuplicate(entry.Key())) {
        return Refuse(up, "the key `" + entry.Key() + "` stands twice in its map, on the way to a change",
                      "remove one of the two in the chart: readers disagree about which one counts");
      }
    }
    return true;
  }

  bool Apply(NodeId id, const NodeChange& change) {
    if (change.remove) return RemoveOnce(id);
    if (change.replace) return Replace(id, *change.replace);
    const Node& node = outline_.node(id);
    const bool is_empty = node.first == kNoNode;
    if (node.kind == Kind::kScalar || (is_empty && !IsFlowParent(id))) return Grow(id, change);
    if (node.style == Style::kFlow) return AddToFlow(id, change);
    return AddToBlock(id, change);
  }

  // Text around a node.

  std::uint32_t LineEnd(std::uint32_t from) const {
    const std::size_t newline = text_.find('\n', from);
    if (newline == std::string_view::npos) return static_cast<std::uint32_t>(text_.size());
    return static_cast<std::uint32_t>(newline > from && text_[newline - 1] == '\r' ? newline - 1
                                                                                  : newline);
  }
  std::uint32_t LineStart(std::uint32_t at) const {
    if (at == 0) return 0;
    const std::size_t newline = text_.rfind('\n', at - 1);
    return newline == std::string_view::npos ? 0 : static_cast<std::uint32_t>(newline + 1);
  }
  bool IsFirstOnLine(std::uint32_t at) const {
    return text_.substr(LineStart(at), at - LineStart(at)).find_first_not_of(' ') ==
           std::string_view::npos;
  }
  /// The line ending of the line at `at`, or of the document where that line has none.
  std::string_view NewlineAt(std::uint32_t at) const {
    std::size_t newline = text_.find('\n', at);
    if (newline == std::string_view::npos) newline = text_.rfind('\n');
    if (newline == std::string_view::npos || newline == 0) return "\n";
    return text_[newline - 1] == '\r' ? "\r\n" : "\n";
  }
  /// Behind the last line of `id`'s content, where a sibling's first line may begin.
  std::uint32_t BehindContent(NodeId id) const {
    std::uint32_t end = outline_.node(id).value.end;
    const NodeId leaf = LastLeaf(id);
    if (IsBlockScalar(outline_.node(leaf))) return end;
    end = LineEnd(end);
    if (end < text_.size() && text_[end] == '\r') ++end;
    return std::min(end + 1, static_cast<std::uint32_t>(text_.size()));
  }
  NodeId LastLeaf(NodeId id) const {
    while (outline_.node(id).style == Style::kBlock && outline_.node(id).first != kNoNode) {
      id = LastChild(id);
    }
    return id;
  }
  NodeId LastChild(NodeId id) const {
    NodeId last = outline_.node(id).first;
    while (last != kNoNode && outline_.node(last).next != kNoNode) last = outline_.node(last).next;
    return last;
  }
  std::vector<NodeId> Children(NodeId id) const {
    std::vector<NodeId> children;
    for (NodeId c = outline_.node(id).first; c != kNoNode; c = outline_.node(c).next) {
      children.push_back(c);
    }
    return children;
  }
  bool IsFlowParent(NodeId id) const {
    const NodeId parent = outline_.parent(id);
    return parent == kNoNode ? outline_.node(id).style == Style::kFlow
                             : outline_.node(parent).style == Style::kFlow;
  }
  std::uint32_t EntryBegin(NodeId id) const {
    const Node& node = outline_.node(id);
    return node.key.empty() ? ItemBegin(id) : node.key.begin;
  }
  /// A flow item begins at its anchor or tag, if it has one.
  std::uint32_t ItemBegin(NodeId id) const { return outline_.node(id).key.begin; }

  /// Behind the colon of an entry or the dash of an item.
  std::uint32_t BehindIndicator(NodeId id) const {
    const Node& node = outline_.node(id);
    std::uint32_t at = node.key.end;
    if (outline_.parent(id) == kNoNode || outline_.node(outline_.parent(id)).kind != Kind::kMap) {
      return at;
    }
    while (at < text_.size() && text_[at] != ':') ++at;
    return at + 1;
  }

  bool IsJson(NodeId id) const {
    const Node& root = outline_.node(0);
    if (root.style == Style::kFlow) {
      return root.first == kNoNode || root.kind == Kind::kSeq ||
             outline_.node(root.first).key_style == Style::kDouble;
    }
    const NodeId first = outline_.node(id).first;
    if (first == kNoNode) return false;
    return outline_.node(first).key_style == Style::kDouble ||
           (outline_.node(id).kind == Kind::kSeq && outline_.node(first).style == Style::kDouble);
  }

  Layout LayoutAt(std::uint32_t offset) const {
    Layout layout = layout_;
    layout.newline = NewlineAt(offset);
    return layout;
  }

  // Adding.

  /// Inserts whole lines (each with its ending) at a line's start, or behind a last line that has
  /// no ending.
  bool InsertLines(std::uint32_t at, std::string lines) {
    const bool at_unended_line = at == text_.size() && at > 0 && text_[at - 1] != '\n';
    if (!at_unended_line) return Insert(at, std::move(lines));
    const std::string_view newline = NewlineAt(at);
    lines.erase(lines.size() - newline.size());
    return Insert(at, std::string(newline) + lines);
  }

  bool AddToBlock(NodeId id, const NodeChange& change) {
    const Node& node = outline_.node(id);
    if (!change.entries.empty()) {
      if (node.kind != Kind::kMap) return Refuse(id, "a map is expected here, to add keys to");
      const std::uint32_t at = BehindContent(id);
      if (!EndsCleanly(id, at)) return false;
      std::string lines;
      for (const NewEntry& entry : change.entries) {
        RenderBlockEntries(Value::Map({{entry.key, entry.value}}), node.indent, LayoutAt(at), lines);
      }
      if (!InsertLines(at, std::move(lines))) return false;
    }
    if (change.items.empty()) return true;
    if (node.kind != Kind::kSeq) return Refuse(id, "a list is expected here, to add an item to");
    return AddItems(id, change);
  }

  /// A last line without an ending that belongs to a block scalar cannot be continued: the ending
  /// would become part of the text.
  bool EndsCleanly(NodeId id, std::uint32_t at) {
    const NodeId leaf = LastLeaf(id);
    if (at < text_.size() || !IsBlockScalar(outline_.node(leaf)) || text_.ends_with('\n')) return true;
    return Refuse(leaf, "the document ends inside a block scalar without a line break, so nothing can follow",
                  "end the file with a line break");
  }

  bool AddItems(NodeId id, const NodeChange& change) {
    const std::uint32_t indent = outline_.node(id).indent;
    const auto insert = [&](ItemPlace::Side side, NodeId sibling, std::uint32_t at) {
      std::string lines;
      for (const NewItem& item : change.items) {
        if (item.place.side != side || item.place.sibling != sibling) continue;
        RenderBlockItem(item.value, indent, LayoutAt(at), lines);
      }
      return lines.empty() || InsertLines(at, std::move(lines));
    };
    for (const NodeId child : Children(id)) {
      if (HasItem(change, ItemPlace::Side::kBefore, child)) {
        const std::uint32_t dash = outline_.node(child).key.begin;
        if (!IsFirstOnLine(dash)) {
          return Refuse(child, "nothing can be inserted before an item on the line of its list");
        }
        if (!insert(ItemPlace::Side::kBefore, child, AboveComments(id, child))) return false;
      }
      const std::uint32_t behind = BehindContent(child);
      if (HasItem(change, ItemPlace::Side::kAfter, child) && !EndsCleanly(child, behind)) return false;
      if (!insert(ItemPlace::Side::kAfter, child, behind)) return false;
    }
    const std::uint32_t end = BehindContent(id);
    if (HasItem(change, ItemPlace::Side::kEnd, kNoNode) && !EndsCleanly(id, end)) return false;
    return insert(ItemPlace::Side::kEnd, kNoNode, end);
  }

  static bool HasItem(const NodeChange& change, ItemPlace::Side side, NodeId sibling) {
    return std::ranges::any_of(change.items, [&](const NewItem& item) {
      return item.place.side == side && item.place.sibling == sibling;
    });
  }

  /// The start of the comment lines right above an item: they stay with it.
  std::uint32_t AboveComments(NodeId seq, NodeId item) const {
    std::uint32_t at = LineStart(outline_.node(item).key.begin);
    std::uint32_t least =
        outline_.parent(seq) == kNoNode ? 0 : LineBehind(LineEnd(BehindIndicator(seq)));
    for (NodeId c = outline_.node(seq).first; c != item; c = outline_.node(c).next) {
      least = BehindContent(c);
    }
    while (at > least) {
      const std::uint32_t above = LineStart(at - 1);
      const std::size_t word = text_.find_first_not_of(" \t", above);
      if (above < least || text_[word] != '#') break;
      at = above;
    }
    return at;
  }

  bool AddToFlow(NodeId id, const NodeChange& change) {
    const Node& node = outline_.node(id);
    const bool json = IsJson(id);
    if ((node.kind == Kind::kMap) != change.items.empty()) {
      return Refuse(id, node.kind == Kind::kMap ? "a list is expected here, to add an item to"
                                                : "a map is expected here, to add keys to");
    }
    std::vector<std::string> added;
    for (const NewEntry& entry : change.entries) {
      const std::string rendered = RenderFlow(Value::Map({{entry.key, entry.value}}), json);
      added.push_back(rendered.substr(1, rendered.size() - 2));
    }
    for (const NewItem& item : change.items) {
      const std::string text = RenderFlow(item.value, json);
      if (item.place.side == ItemPlace::Side::kEnd) added.push_back(text);
    }
    for (const NodeId child : Children(id)) {
      std::string before;
      std::string after;
      for (const NewItem& item : change.items) {
        if (item.place.sibling != child) continue;
        const std::string text = RenderFlow(item.value, json);
        const std::string separator = SeparatorIn(child);
        if (item.place.side == ItemPlace::Side::kBefore) before += text + separator;
        if (item.place.side == ItemPlace::Side::kAfter) after += separator + text;
      }
      if (!before.empty() && !Insert(EntryBegin(child), before)) return false;
      if (!after.empty() && !Insert(outline_.node(child).value.end, after)) return false;
    }
    return added.empty() || AppendToFlow(id, added);
  }

  bool AppendToFlow(NodeId id, const std::vector<std::string>& added) {
    const NodeId last = LastChild(id);
    std::string text;
    if (last == kNoNode) {
      for (const std::string& entry : added) text += (text.empty() ? "" : ", ") + entry;
      return Insert(outline_.node(id).value.begin + 1, text);
    }
    for (const std::string& entry : added) text += SeparatorIn(last) + entry;
    return Insert(outline_.node(last).value.end, text);
  }

  /// `, `, or a comma and a new line where the children stand on lines of their own.
  std::string SeparatorIn(NodeId child) const {
    const std::uint32_t begin = EntryBegin(child);
    const std::uint32_t line = LineStart(begin);
    const std::string_view lead = text_.substr(line, begin - line);
    if (line == 0 || lead.find_first_not_of(" \t") != std::string_view::npos) return ", ";
    return "," + std::string(NewlineAt(line - 1)) + std::string(lead);
  }

  /// Adds to a place that holds nothing yet: no value, null, `{}` or `[]`.
  bool Grow(NodeId id, const NodeChange& change) {
    const NodeView view(outline_, id);
    const Node& node = outline_.node(id);
    if (node.kind == Kind::kScalar && !view.IsNull()) {
      return Refuse(id, change.entries.empty() ? "a list is expected here, to add an item to"
                                               : "a map is expected here, to add keys to");
    }
    if (node.has_property) return Refuse(id, "an empty value with an anchor cannot be filled");
    Value value = change.entries.empty() ? Value::Seq() : Value::Map();
    for (const NewEntry& entry : change.entries) value.Put(entry.key, entry.value);
    for (const NewItem& item : change.items) value.Append(item.value);
    return Replace(id, value);
  }

  // Replacing.

  bool Replace(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    if (node.has_property) return Refuse(id, "a value with an anchor cannot be replaced");
    const bool keeps_flow = node.style == Style::kFlow && node.first != kNoNode && !value.IsScalar();
    if (IsFlowParent(id) || keeps_flow) return ReplaceInFlow(id, value);
    const bool inline_old = (node.kind == Kind::kScalar && !IsBlockScalar(node)) ||
                            node.style == Style::kFlow;
    const bool inline_new = value.IsEmptyCollection() ||
                            (value.IsScalar() && value.text().find('\n') == std::string::npos);
    if (inline_old && inline_new && !IsBelowKey(id)) return ReplaceInline(id, value);
    return ReplaceBlock(id, value);
  }

  bool ReplaceInFlow(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    const NodeId parent = outline_.parent(id);
    const bool json = IsJson(parent == kNoNode ? id : parent);
    std::string text = value.IsScalar() ? ScalarInStyle(value, node.style, json) : RenderFlow(value, json);
    if (!node.value.empty()) return Add(node.value, std::move(text));
    const bool has_colon = node.value.begin > node.key.end;  // `{a: }`, not `{a}`.
    return Insert(node.value.begin, (has_colon ? " " : ": ") + text);
  }

  /// The new scalar in the quotes of the old one.
  static std::string ScalarInStyle(const Value& value, Style old, bool json) {
    const std::string& text = value.text();
    if (value.kind() == Value::Kind::kLiteral) return text;
    if (json || old == Style::kDouble) return DoubleQuoted(text);
    const bool simple = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
    if (old != Style::kSingle || !simple) return EncodeInline(text);
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
    return quoted + "'";
  }

  bool ReplaceInline(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    std::string text = value.IsScalar() ? ScalarInStyle(value, node.style, false) : RenderFlow(value, false);
    if (!node.value.empty()) return Add(node.value, std::move(text));
    return Insert(BehindIndicator(id), " " + text);
  }

  /// True if the value begins on a line below its key or dash.
  bool IsBelowKey(NodeId id) const {
    const Node& node = outline_.node(id);
    return !node.value.empty() && node.value.begin > LineEnd(BehindIndicator(id));
  }

  /// Replaces what follows a key or dash by lines; a comment on the line of the key stays.
  bool ReplaceBlock(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    const NodeId parent = outline_.parent(id);
    const bool is_compact = !IsBelowKey(id) && node.style == Style::kBlock && !node.value.empty();
    if (parent == kNoNode || is_compact) {
      return Refuse(id, "a whole document or a compact list item cannot be replaced");
    }
    const std::uint32_t indicator = BehindIndicator(id);
    const std::uint32_t indent = outline_.node(parent).indent;
    const Layout layout = LayoutAt(indicator);
    std::string rendered;
    RenderBlockValue(value, indent, layout, rendered);
    const std::size_t first_break = rendered.find(layout.newline);
    const std::string head = rendered.substr(0, first_break);
    std::string below = rendered.substr(first_break + layout.newline.size());

    const std::uint32_t head_line_end = LineEnd(indicator);
    const std::uint32_t inline_end =
        IsBelowKey(id) ? indicator : IsBlockScalar(node) ? head_line_end : std::max(node.value.end, indicator);
    if (!Add({indicator, inline_end}, head)) return false;
    const std::uint32_t behind = node.value.empty() ? LineBehind(head_line_end) : BehindContent(id);
    const std::uint32_t from = LineBehind(head_line_end);
    if (behind > from) return Add({from, behind}, std::move(below));
    return below.empty() || InsertLines(from, std::move(below));
  }

  std::uint32_t LineBehind(std::uint32_t line_end) const {
    const std::size_t newline = text_.find('\n', line_end);
    return static_cast<std::uint32_t>(newline == std::string_view::npos ? text_.size() : newline + 1);
  }

  // Removing.

  bool IsRemoved(NodeId id) const {
    const NodeChange* change = changes_.Find(id);
    return change != nullptr && change->remove;
  }

  /// Removes all that shall go from one parent when its last removed child comes up.
  bool RemoveOnce(NodeId id) {
    const NodeId parent = outline_.parent(id);
    if (parent == kNoNode) return Refuse(id, "a whole document cannot be removed by an edit");
    const std::vector<NodeId> children = Children(parent);
    const auto last = std::find_if(children.rbegin(), children.rend(),
                                   [this](NodeId c) { return IsRemoved(c); });
    if (*last != id) return true;
    const NodeChange* additions = changes_.Find(parent);
    const bool grows = additions != nullptr && (!additions->entries.empty() || !additions->items.empty());
    if (std::ranges::all_of(children, [this](NodeId c) { return IsRemoved(c); })) {
      if (grows) return Refuse(parent, "a collection cannot be emptied and filled in one stage");
      return Empty(parent);
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (!IsRemoved(children[i])) continue;
      std::size_t end = i;
      while (end < children.size() && IsRemoved(children[end])) ++end;
      if (!RemoveRun(children, i, end)) return false;
      i = end;
    }
    return true;
  }

  /// Removes children[begin, end), which have a sibling that stays.
  bool RemoveRun(const std::vector<NodeId>& children, std::size_t begin, std::size_t end) {
    const std::uint32_t from = EntryBegin(children[begin]);
    const NodeId last = children[end - 1];
    if (outline_.node(outline_.parent(last)).style == Style::kFlow) {
      if (end < children.size()) return Add({from, EntryBegin(children[end])}, "");
      return Add({outline_.node(children[begin - 1]).value.end, outline_.node(last).value.end}, "");
    }
    if (IsFirstOnLine(from)) return Add({LineStart(from), BehindContent(last)}, "");
    // The first entry of a compact map: the next one takes its place behind the dash.
    const std::uint32_t next = EntryBegin(children[end]);
    const std::uint32_t behind = BehindContent(last);
    if (text_.substr(behind, next - behind).find_first_not_of(" \r\n") != std::string_view::npos) {
      return Refuse(children[begin], "an entry behind a dash cannot be removed: a comment follows it");
    }
    return Add({from, next}, "");
  }

  /// The last child goes: the collection becomes `{}` or `[]`.
  bool Empty(NodeId id) {
    return Replace(id, outline_.node(id).kind == Kind::kMap ? Value::Map() : Value::Seq());
  }

  const Outline& outline_;
  std::string_view text_;
  const ChangeSet& changes_;
  Layout layout_;
  EditSet edits_;
  std::optional<Problem> problem_;
};

}  // namespace

std::variant<EditSet, Problem> Operate(const Outline& outline, const ChangeSet& changes) {
  return Surgeon(outline, changes).Run();
}

}  // namespace cloudlab::yaml
