// Every change is planned against the original text. Nodes are taken from the last to the first, so
// that of two insertions at one offset the inner one comes first; inside a sequence, insertions are
// made in the order of the items that they will stand between.
#include "yaml/surgery.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "yaml/danger.hpp"
#include "yaml/render.hpp"
#include "yaml/scalar.hpp"
#include "yaml/surroundings.hpp"
#include "yaml/view.hpp"

namespace cloudlab::yaml {
namespace {

using text::EditSet;

bool HasItem(const NodeChange& change, ItemPlace::Side side, NodeId sibling) {
  return std::ranges::any_of(change.items, [&](const NewItem& item) {
    return item.place.side == side && item.place.sibling == sibling;
  });
}

/// The new scalar in the quotes of the old one.
std::string ScalarInStyle(const Value& value, Style old, bool json) {
  const std::string& text = value.text();
  if (value.kind() == Value::Kind::kLiteral) return text;
  if (json || old == Style::kDouble) return DoubleQuoted(text);
  const bool simple = std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
  if (old != Style::kSingle || !simple) return EncodeInline(text);
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? "''" : std::string(1, c);
  return quoted + "'";
}

class Surgeon {
 public:
  Surgeon(const Outline& outline, const ChangeSet& changes)
      : outline_(outline), text_(outline.text()), changes_(changes), around_(outline) {}

  std::variant<EditSet, Problem> Run() {
    for (auto it = changes_.changes().rbegin(); it != changes_.changes().rend(); ++it) {
      const auto& [id, change] = *it;
      if (change.remove && IsInsideRemoved(outline_, changes_, id)) continue;
      problem_ = FindDanger(outline_, around_, changes_, id, change);
      if (problem_) return std::move(*problem_);
      if (!Apply(id, change)) return std::move(*problem_);
    }
    return std::move(edits_);
  }

 private:
  bool Refuse(NodeId id, std::string message, std::string hint = {}) {
    problem_ = EditRefusal(outline_, id, std::move(message), std::move(hint));
    return false;
  }

  bool Add(Span span, std::string text) {
    const auto clash = edits_.Add({span, std::move(text)});
    if (!clash) return true;
    problem_ =
        Problem{Problem::Class::kRefusal, "CL-Y-EDIT", "two changes overlap here", "", clash->span};
    return false;
  }
  bool Insert(std::uint32_t offset, std::string text) {
    return Add({offset, offset}, std::move(text));
  }

  bool LosesAllChildren(NodeId id) const {
    const auto children = around_.Children(id);
    return std::ranges::all_of(children, [this](NodeId c) { return changes_.Removes(c); });
  }

  bool Apply(NodeId id, const NodeChange& change) {
    if (change.remove) return RemoveOnce(id);
    if (change.replace) return Replace(id, *change.replace);
    if (!change.HasAdditions()) return true;
    const Node& node = outline_.node(id);
    const bool may_grow = node.kind == (change.entries.empty() ? Kind::kSeq : Kind::kMap) ||
                          NodeView(outline_, id).IsNull() ||
                          (node.kind != Kind::kScalar && !node.has_children);
    if (!may_grow) {
      return Refuse(id, change.entries.empty() ? "a list is expected here, to add an item to"
                                               : "a map is expected here, to add keys to");
    }
    const bool is_empty = node.kind == Kind::kScalar || LosesAllChildren(id);
    if (is_empty) {
      if (node.has_property) return Refuse(id, "an empty value with an anchor cannot be filled");
      return Replace(id, Additions(id, change));
    }
    for (const NewEntry& entry : change.entries) {
      for (const NodeView child : NodeView(outline_, id).children()) {
        if (child.KeyIs(entry.key) && !changes_.Removes(child.id())) {
          return Refuse(child.id(), "the key `" + entry.key + "` exists already");
        }
      }
    }
    if (node.style == Style::kFlow) return AddToFlow(id, change);
    return change.items.empty() ? AddEntries(id, change) : AddItems(id, change);
  }

  /// What a place shall hold whose own children all go, or that has none.
  Value Additions(NodeId id, const NodeChange& change) const {
    Value value = change.entries.empty() ? Value::Seq() : Value::Map();
    for (const NewEntry& entry : change.entries) value.Put(entry.key, entry.value);
    const auto take = [&](ItemPlace::Side side, NodeId sibling) {
      for (const NewItem& item : change.items) {
        if (item.place.side == side && item.place.sibling == sibling) value.Append(item.value);
      }
    };
    for (const NodeId child : around_.Children(id)) {
      take(ItemPlace::Side::kBefore, child);
      take(ItemPlace::Side::kAfter, child);
    }
    take(ItemPlace::Side::kEnd, kNoNode);
    return value;
  }

  // Adding lines.

  /// Inserts whole lines (each with its ending) at a line's start, or behind a last line that has
  /// no ending.
  bool InsertLines(std::uint32_t at, std::string lines) {
    if (lines.empty()) return true;
    if (!around_.IsUnendedLine(at)) return Insert(at, std::move(lines));
    return Insert(at,
                  std::string(around_.NewlineAt(at)) + WithoutLastNewline(std::move(lines), at));
  }
  std::string WithoutLastNewline(std::string lines, std::uint32_t at) const {
    lines.erase(lines.size() - around_.NewlineAt(at).size());
    return lines;
  }

  bool AddEntries(NodeId id, const NodeChange& change) {
    const std::uint32_t indent = outline_.node(id).indent;
    const std::uint32_t at = EndOf(id);
    if (!EndsCleanly(id, at)) return false;
    std::string lines;
    for (const NewEntry& entry : change.entries) {
      RenderBlockEntries(Value::Map({{entry.key, entry.value}}), indent,
                         around_.LayoutAt(at, indent), lines);
    }
    return InsertLines(at, std::move(lines));
  }

  bool AddItems(NodeId id, const NodeChange& change) {
    const auto insert = [&](ItemPlace::Side side, NodeId sibling, std::uint32_t at) {
      return !HasItem(change, side, sibling) ||
             InsertItems(id, RenderItems(id, change, {side, sibling}, at), at);
    };
    // Lists may be long, and most additions name no neighbour: the places around an item are
    // looked for only where they are wanted.
    NodeId previous = kNoNode;
    for (NodeId child = outline_.FirstChild(id); child != kNoNode;
         previous = std::exchange(child, outline_.node(child).next)) {
      const bool comes_before = HasItem(change, ItemPlace::Side::kBefore, child);
      const bool comes_after = HasItem(change, ItemPlace::Side::kAfter, child);
      if (!comes_before && !comes_after) continue;
      std::uint32_t before = around_.Begin(child);
      if (around_.IsFirstOnLine(before)) before = around_.AboveComments(child, previous);
      std::uint32_t after = around_.BehindSibling(child);
      if (changes_.Removes(child)) before = after = BeginOfRemovedRun(id, child);
      if (!insert(ItemPlace::Side::kBefore, child, before)) return false;
      if (comes_after && !EndsCleanly(child, after)) return false;
      if (!insert(ItemPlace::Side::kAfter, child, after)) return false;
    }
    if (!HasItem(change, ItemPlace::Side::kEnd, kNoNode)) return true;
    const std::uint32_t end = EndOf(id);
    return EndsCleanly(id, end) && insert(ItemPlace::Side::kEnd, kNoNode, end);
  }

  std::string RenderItems(NodeId seq, const NodeChange& change, ItemPlace place,
                          std::uint32_t at) const {
    const std::uint32_t indent = outline_.node(seq).indent;
    std::string lines;
    for (const NewItem& item : change.items) {
      if (item.place.side != place.side || item.place.sibling != place.sibling) continue;
      RenderBlockItem(item.value, indent, around_.LayoutAt(at, indent), lines);
    }
    return lines;
  }

  /// Lines of items at a line's start, or before the first dash of a list that begins behind
  /// another dash: then the indentation of the first line moves to the old item.
  bool InsertItems(NodeId seq, std::string lines, std::uint32_t at) {
    if (around_.IsUnendedLine(at) || around_.LineStart(at) == at)
      return InsertLines(at, std::move(lines));
    const std::uint32_t indent = outline_.node(seq).indent;
    return Insert(at, lines.substr(indent) + std::string(indent, ' '));
  }

  /// Where lines go that shall stand behind the last child: before the children at the end that
  /// are removed, so that no two edits meet behind them.
  std::uint32_t EndOf(NodeId id) const {
    const NodeId last = around_.LastChild(id);
    return changes_.Removes(last) ? BeginOfRemovedRun(id, last) : around_.BehindSibling(last);
  }

  /// The place in front of the removed children among which `child` is.
  std::uint32_t BeginOfRemovedRun(NodeId parent, NodeId child) const {
    NodeId first = kNoNode;
    for (const NodeId c : around_.Children(parent)) {
      if (!changes_.Removes(c)) first = kNoNode;
      if (changes_.Removes(c) && first == kNoNode) first = c;
      if (c == child) break;
    }
    const std::uint32_t begin = around_.Begin(first);
    return around_.IsFirstOnLine(begin) ? around_.LineStart(begin) : begin;
  }

  /// A last line without an ending that belongs to a block scalar cannot be continued: the ending
  /// would become part of the text.
  bool EndsCleanly(NodeId id, std::uint32_t at) {
    const NodeId leaf = around_.LastLeaf(id);
    const Node& node = outline_.node(leaf);
    if (!around_.IsUnendedLine(at) || !IsBlockScalar(node) || node.value.end < at) return true;
    if (around_.Chomping(leaf) == '-') return true;
    return Refuse(
        leaf, "the document ends inside a block scalar without a line break, so nothing can follow",
        "end the file with a line break");
  }

  // Adding to flow collections.

  bool AddToFlow(NodeId id, const NodeChange& change) {
    const bool json = around_.IsJson(id);
    NodeId last = kNoNode;  // Of those that stay.
    for (const NodeId child : around_.Children(id)) last = changes_.Removes(child) ? last : child;
    for (const NodeId child : around_.Children(id)) {
      std::string before;
      std::vector<std::string> after;
      for (const NewItem& item : change.items) {
        if (item.place.sibling != child) continue;
        if (changes_.Removes(child))
          return Refuse(child, "an item is placed beside one that is removed");
        const std::string text = RenderFlow(item.value, json);
        if (item.place.side == ItemPlace::Side::kBefore) before += text + SeparatorIn(child);
        if (item.place.side == ItemPlace::Side::kAfter) after.push_back(text);
      }
      if (child == last) AppendRendered(change, json, after);
      if (!before.empty() && !Insert(around_.Begin(child), before)) return false;
      if (!after.empty() && !AddBehind(child, after)) return false;
    }
    return true;
  }

  /// What stands at the end of a flow collection after `change`.
  static void AppendRendered(const NodeChange& change, bool json, std::vector<std::string>& out) {
    for (const NewEntry& entry : change.entries) {
      const std::string rendered = RenderFlow(Value::Map({{entry.key, entry.value}}), json);
      out.push_back(rendered.substr(1, rendered.size() - 2));
    }
    for (const NewItem& item : change.items) {
      if (item.place.side == ItemPlace::Side::kEnd) out.push_back(RenderFlow(item.value, json));
    }
  }

  /// Adds behind a child of a flow collection. A comment on the child's line stays with it.
  bool AddBehind(NodeId child, const std::vector<std::string>& added) {
    const std::string separator = SeparatorIn(child);
    const std::uint32_t end = outline_.node(child).value.end;
    std::string text;
    for (const std::string& entry : added) text += separator + entry;
    if (NeedsBlankBehind(child)) text.insert(0, " ");
    if (text_[end] == '#') text += " ";
    const std::uint32_t line_end = around_.LineEnd(end);
    const std::string_view rest = text_.substr(end, line_end - end);
    const std::size_t comment = rest.find('#');
    const bool has_comment =
        comment != std::string_view::npos &&
        rest.substr(0, comment).find_first_not_of(" \t,") == std::string_view::npos;
    const NodeId next = outline_.node(child).next;
    const bool next_goes = next != kNoNode && changes_.Removes(next);  // And the comma with it.
    if (separator == ", " || !has_comment || next_goes) return Insert(end, text);
    // Lines of their own: the comma stands before the comment, the rest behind it.
    if (rest.substr(0, comment).find(',') == std::string_view::npos) {
      return Insert(end, text.substr(0, text.find(',') + 1)) &&
             Insert(line_end, text.substr(text.find(',') + 1));
    }
    return Insert(line_end, text.substr(text.find(',') + 1) + ",");
  }

  /// `{a: }`, `[&x ]`: a comma right behind would not be read as one by every reader.
  bool NeedsBlankBehind(NodeId child) const {
    const Node& node = outline_.node(child);
    const char before = node.value.begin == 0 ? ' ' : text_[node.value.begin - 1];
    return node.value.empty() && (before == ':' || (node.has_property && before != ' '));
  }

  /// `, `, or a comma and a new line where the children stand on lines of their own.
  std::string SeparatorIn(NodeId child) const {
    const std::uint32_t begin = around_.Begin(child);
    const std::uint32_t line = around_.LineStart(begin);
    const std::string_view lead = text_.substr(line, begin - line);
    if (line == 0 || lead.find_first_not_of(" \t") != std::string_view::npos) return ", ";
    return "," + std::string(around_.NewlineAt(line - 1)) + std::string(lead);
  }

  // Replacing.

  bool Replace(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    if (node.has_property) return Refuse(id, "a value with an anchor cannot be replaced");
    const bool keeps_flow =
        node.style == Style::kFlow && node.has_children && !value.IsScalar();
    if (around_.IsInFlow(id) || keeps_flow) return ReplaceInFlow(id, value);
    const bool inline_old = node.style != Style::kBlock && !IsBlockScalar(node);
    const bool inline_new = value.IsEmptyCollection() ||
                            (value.IsScalar() && value.text().find('\n') == std::string::npos);
    if (inline_old && inline_new) return ReplaceInline(id, value);
    if (outline_.parent(id) == kNoNode) return ReplaceRoot(id, value);
    if (outline_.node(outline_.parent(id)).kind == Kind::kSeq && IsAloneBehindDash(id)) {
      return ReplaceItem(id, value);
    }
    return ReplaceBlock(id, value);
  }

  bool ReplaceInFlow(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    const NodeId parent = outline_.parent(id);
    const bool json = around_.IsJson(parent == kNoNode ? id : parent);
    std::string text =
        value.IsScalar() ? ScalarInStyle(value, node.style, json) : RenderFlow(value, json);
    if (!node.value.empty()) return Add(node.value, std::move(text));
    const bool has_colon = node.value.begin > node.key.end;  // `{a: }`, not `{a}`.
    return Insert(node.value.begin, (has_colon ? " " : ": ") + text);
  }

  bool ReplaceInline(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    std::string text =
        value.IsScalar() ? ScalarInStyle(value, node.style, false) : RenderFlow(value, false);
    if (!node.value.empty()) return Add(node.value, std::move(text));
    return Insert(around_.BehindIndicator(id), " " + text);
  }

  /// Replaces a document that is a block collection.
  bool ReplaceRoot(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    if (node.style != Style::kBlock) {
      return Refuse(id, "a document that is a scalar cannot be replaced by this value");
    }
    const std::uint32_t end = around_.BehindContent(id);
    const Layout layout = around_.LayoutAt(end, node.indent);
    std::string text;
    if (value.IsScalar() || value.IsEmptyCollection()) {
      text = RenderFlow(value, false).append(layout.newline);
    } else if (value.IsMap()) {
      RenderBlockEntries(value, node.indent, layout, text);
      text.erase(0, node.indent);
    } else {
      for (const Value& item : value.items()) RenderBlockItem(item, node.indent, layout, text);
      text.erase(0, node.indent);
    }
    return ReplaceToLineEnd({node.value.begin, end}, std::move(text));
  }

  /// True if nothing but the old value, or what is removed with it, stands on the line of the dash.
  bool IsAloneBehindDash(NodeId id) const {
    const Node& node = outline_.node(id);
    if (around_.IsBelow(id)) return false;
    if (node.style == Style::kBlock) return true;  // A compact collection.
    const std::uint32_t end = IsBlockScalar(node) ? around_.HeaderEnd(id) : node.value.end;
    return text_.substr(end, around_.LineEnd(end) - end).find('#') == std::string_view::npos;
  }

  bool ReplaceItem(NodeId id, const Value& value) {
    const std::uint32_t dash = around_.BehindIndicator(id);
    const std::uint32_t column = outline_.node(outline_.parent(id)).indent;
    const std::uint32_t end = around_.BehindContent(id);
    std::string text;
    RenderBlockItem(value, column, around_.LayoutAt(end, column), text);
    return ReplaceToLineEnd({dash, end}, text.substr(column + 1));
  }

  /// Replaces text that ends where a line does by text that ends with a line break.
  bool ReplaceToLineEnd(Span span, std::string text) {
    if (around_.IsUnendedLine(span.end)) text = WithoutLastNewline(std::move(text), span.end);
    return Add(span, std::move(text));
  }

  /// Replaces what follows a key or dash by lines; comments on the line of the key and between it
  /// and the old value stay.
  bool ReplaceBlock(NodeId id, const Value& value) {
    const Node& node = outline_.node(id);
    const std::uint32_t indicator = around_.BehindIndicator(id);
    const bool is_below = around_.IsBelow(id);
    std::uint32_t inline_end = is_below              ? indicator
                               : IsBlockScalar(node) ? around_.HeaderEnd(id)
                                                     : std::max(node.value.end, indicator);
    const std::uint32_t comment = around_.SkipBlanks(inline_end);
    const bool has_comment = comment < around_.LineEnd(inline_end);
    const std::string_view blanks = text_.substr(inline_end, comment - inline_end);
    const bool tidy = !has_comment || blanks.find('\t') != std::string_view::npos;
    if (tidy) inline_end = comment;
    const std::uint32_t next_line = around_.NextLine(inline_end);
    const std::uint32_t from = is_below ? around_.LineStart(node.value.begin) : next_line;
    const std::uint32_t behind =
        is_below || IsBlockScalar(node) ? around_.BehindContent(id) : next_line;

    const Node& parent = outline_.node(outline_.parent(id));
    Layout layout = around_.LayoutAt(behind, parent.indent);
    layout.literals = layout.literals && from == next_line;
    layout.indent_sequences = layout.indent_sequences || parent.kind == Kind::kSeq;
    std::string rendered;
    RenderBlockValue(value, parent.indent, layout, rendered);
    const std::size_t first_break = rendered.find(layout.newline);
    const std::string head = rendered.substr(0, first_break) + (tidy && has_comment ? " " : "");
    if (!Add({indicator, inline_end}, head)) return false;
    std::string below = rendered.substr(first_break + layout.newline.size());
    if (from == behind) return InsertLines(from, std::move(below));
    return below.empty() ? Add({from, behind}, "")
                         : ReplaceToLineEnd({from, behind}, std::move(below));
  }

  // Removing.

  /// Removes all that shall go from one parent when its last removed child comes up.
  bool RemoveOnce(NodeId id) {
    const NodeId parent = outline_.parent(id);
    if (parent == kNoNode) return Refuse(id, "a whole document cannot be removed by an edit");
    const std::vector<NodeId> children = around_.Children(parent);
    const auto last = std::find_if(children.rbegin(), children.rend(),
                                   [this](NodeId c) { return changes_.Removes(c); });
    if (*last != id) return true;
    if (LosesAllChildren(parent)) {
      const NodeChange* additions = changes_.Find(parent);
      if (additions != nullptr && additions->HasAdditions()) return true;  // Apply() replaces it.
      return Replace(parent,
                     outline_.node(parent).kind == Kind::kMap ? Value::Map() : Value::Seq());
    }
    for (std::size_t i = 0; i < children.size(); ++i) {
      if (!changes_.Removes(children[i])) continue;
      std::size_t end = i;
      while (end < children.size() && changes_.Removes(children[end])) ++end;
      if (!RemoveRun(children, i, end)) return false;
      i = end;
    }
    return true;
  }

  /// Removes children[begin, end), which have a sibling that stays.
  bool RemoveRun(const std::vector<NodeId>& children, std::size_t begin, std::size_t end) {
    const std::uint32_t from = around_.Begin(children[begin]);
    const NodeId last = children[end - 1];
    const Node& parent = outline_.node(outline_.parent(last));
    if (parent.style == Style::kFlow) {
      if (end < children.size()) return Add({from, around_.Begin(children[end])}, "");
      return RemoveFlowEnd(children[begin - 1], children[begin], last);
    }
    // Comments inside what goes must not end up in a block scalar before it, nor blank lines in
    // one that keeps them.
    const NodeId leaf = children[begin] - 1;
    const bool keeps_blank_lines =
        IsBlockScalar(outline_.node(leaf)) && around_.Chomping(leaf) == '+';
    const std::uint32_t behind =
        around_.BehindTail(around_.BehindContent(last), parent.indent, keeps_blank_lines);
    if (around_.IsFirstOnLine(from)) return Add({around_.LineStart(from), behind}, "");
    // The first entry of a compact map: the next one takes its place behind the dash, unless
    // something stands between them.
    const std::uint32_t next = around_.Begin(children[end]);
    if (text_.substr(behind, next - behind).find_first_not_of(" \r\n") == std::string_view::npos) {
      return Add({from, next}, "");
    }
    const std::size_t dash = text_.find_last_not_of(' ', from - 1);
    return Add({static_cast<std::uint32_t>(dash + 1), behind},
               std::string(around_.NewlineAt(from)));
  }

  /// Removes the last children of a flow collection, with the comma before or behind them.
  bool RemoveFlowEnd(NodeId stays, NodeId first, NodeId last) {
    const std::uint32_t comma = around_.SkipFlowBlanks(outline_.node(stays).value.end);
    const std::uint32_t end = outline_.node(last).value.end;
    const std::uint32_t next = around_.SkipFlowBlanks(end);
    const bool has_last_comma = text_[next] == ',';
    const Span whole_lines =
        around_.WholeLines({around_.Begin(first), has_last_comma ? next + 1 : end});
    if (whole_lines.empty()) return Add({comma, end}, text_[end] == '#' ? " " : "");
    if (!has_last_comma && !Add({comma, comma + 1}, "")) return false;
    return Add(whole_lines, "");
  }

  const Outline& outline_;
  std::string_view text_;
  const ChangeSet& changes_;
  Surroundings around_;
  EditSet edits_;
  std::optional<Problem> problem_;
};

}  // namespace

std::variant<EditSet, Problem> Operate(const Outline& outline, const ChangeSet& changes) {
  return Surgeon(outline, changes).Run();
}

}  // namespace cloudlab::yaml
