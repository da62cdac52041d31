#include "yaml/surroundings.hpp"

#include <algorithm>

#include "yaml/bytes.hpp"

namespace cloudlab::yaml {
namespace {

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

}  // namespace

Surroundings::Surroundings(const Outline& outline)
    : outline_(outline), text_(outline.text()), layout_(LearnLayout(outline)) {}

std::uint32_t Surroundings::LineStart(std::uint32_t at) const {
  if (at == 0) return 0;
  const std::size_t newline = text_.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : static_cast<std::uint32_t>(newline + 1);
}

std::uint32_t Surroundings::LineEnd(std::uint32_t from) const {
  const std::size_t newline = text_.find('\n', from);
  if (newline == std::string_view::npos) return static_cast<std::uint32_t>(text_.size());
  const bool crlf = newline > from && text_[newline - 1] == '\r';
  return static_cast<std::uint32_t>(crlf ? newline - 1 : newline);
}

std::uint32_t Surroundings::NextLine(std::uint32_t from) const {
  const std::size_t newline = text_.find('\n', from);
  return static_cast<std::uint32_t>(newline == std::string_view::npos ? text_.size() : newline + 1);
}

std::string_view Surroundings::NewlineAt(std::uint32_t at) const {
  std::size_t newline = text_.find('\n', at);
  if (newline == std::string_view::npos) newline = text_.rfind('\n');
  if (newline == std::string_view::npos || newline == 0) return "\n";
  return text_[newline - 1] == '\r' ? "\r\n" : "\n";
}

bool Surroundings::IsFirstOnLine(std::uint32_t at) const {
  const std::uint32_t start = LineStart(at);
  return text_.substr(start, at - start).find_first_not_of(' ') == std::string_view::npos;
}

Span Surroundings::WholeLines(Span span) const {
  const std::uint32_t start = LineStart(span.begin);
  const std::uint32_t behind = SkipBlanks(span.end);
  const bool alone =
      SkipBlanks(start) == span.begin &&
      (behind == LineEnd(span.end) || (behind < text_.size() && text_[behind] == '#'));
  return alone ? Span{start, NextLine(span.end)} : Span{};
}

bool Surroundings::IsUnendedLine(std::uint32_t at) const {
  return at == text_.size() && at > 0 && text_[at - 1] != '\n';
}

std::vector<NodeId> Surroundings::Children(NodeId id) const {
  std::vector<NodeId> children;
  for (NodeId c = outline_.FirstChild(id); c != kNoNode; c = outline_.node(c).next) {
    children.push_back(c);
  }
  return children;
}

NodeId Surroundings::LastChild(NodeId id) const {
  NodeId last = outline_.FirstChild(id);
  while (last != kNoNode && outline_.node(last).next != kNoNode) last = outline_.node(last).next;
  return last;
}

NodeId Surroundings::LastLeaf(NodeId id) const {
  while (outline_.node(id).style == Style::kBlock && outline_.node(id).has_children) {
    id = LastChild(id);
  }
  return id;
}

std::uint32_t Surroundings::BehindIndicator(NodeId id) const {
  const Node& node = outline_.node(id);
  std::uint32_t at = node.key.end;
  if (node.parent == kNoNode || outline_.node(node.parent).kind != Kind::kMap) return at;
  while (at < text_.size() && text_[at] != ':') ++at;
  return at + 1;
}

std::uint32_t Surroundings::BehindContent(NodeId id) const {
  const std::uint32_t end = outline_.node(id).value.end;
  return IsBlockScalar(outline_.node(LastLeaf(id))) ? end : NextLine(end);
}

std::uint32_t Surroundings::AboveComments(NodeId item, NodeId previous) const {
  const NodeId seq = outline_.parent(item);
  std::uint32_t at = LineStart(Begin(item));
  std::uint32_t least = outline_.parent(seq) == kNoNode ? 0 : NextLine(BehindIndicator(seq));
  if (previous != kNoNode) least = BehindSibling(previous);
  while (at > least) {
    const std::uint32_t above = LineStart(at - 1);
    if (above < least || !LineFrom(above).comment) break;
    at = above;
  }
  return at;
}

bool Surroundings::HasComments(NodeId id) const {
  // Whatever is no key and no scalar is blanks, indicators, anchors, tags and comments.
  const auto has_comment = [this](std::uint32_t begin, std::uint32_t end) {
    const std::string_view gap = text_.substr(begin, end - begin);
    for (std::size_t at = gap.find('#'); at != std::string_view::npos; at = gap.find('#', at + 1)) {
      const char before = begin + at == 0 ? '\n' : text_[begin + at - 1];
      if (before == ' ' || before == '\t' || before == '\n') return true;
    }
    return false;
  };
  const NodeId end = outline_.SubtreeEnd(id);
  std::uint32_t at = outline_.node(id).key.end;
  for (NodeId each = id; each < end; ++each) {
    const Node& node = outline_.node(each);
    if (each != id && !node.key.empty()) {
      if (has_comment(at, node.key.begin)) return true;
      at = node.key.end;
    }
    if (node.kind != Kind::kScalar || node.value.empty()) continue;
    if (has_comment(at, node.value.begin)) return true;
    if (IsBlockScalar(node) && has_comment(node.value.begin, LineEnd(node.value.begin)))
      return true;
    at = node.value.end;
  }
  const std::uint32_t bracket = std::max(at, outline_.node(id).value.end);
  if (has_comment(at, bracket)) return true;
  at = bracket;
  // Behind the last one on its line; a block scalar ends behind its last line.
  const bool is_line_start = at > 0 && text_[at - 1] == '\n';
  return !is_line_start && has_comment(at, LineEnd(at));
}

bool Surroundings::IsBelow(NodeId id) const {
  const Node& node = outline_.node(id);
  return !node.value.empty() && node.value.begin > LineEnd(BehindIndicator(id));
}

bool Surroundings::IsInFlow(NodeId id) const {
  const NodeId parent = outline_.parent(id);
  return outline_.node(parent == kNoNode ? id : parent).style == Style::kFlow;
}

NodeId Surroundings::OutermostFlow(NodeId id) const {
  NodeId flow = kNoNode;
  for (; id != kNoNode; id = outline_.parent(id)) {
    if (outline_.node(id).style == Style::kFlow) flow = id;
  }
  return flow;
}

bool Surroundings::HasTabIndent(Span span) const {
  for (std::uint32_t line = NextLine(span.begin); line < span.end; line = NextLine(line)) {
    if (text_.substr(line, SkipBlanks(line) - line).find('\t') != std::string_view::npos)
      return true;
  }
  return false;
}

bool Surroundings::HasTabBelow(NodeId id) const {
  if (IsInFlow(id)) return false;
  const std::uint32_t from = BehindContent(id);
  const std::size_t word = std::min(text_.find_first_not_of(" \t\r\n", from), text_.size());
  return from < word && text_.substr(from, word - from).find('\t') != std::string_view::npos;
}

bool Surroundings::IsJson(NodeId id) const {
  const Node& root = outline_.node(outline_.root());
  if (root.style == Style::kFlow) {
    return !root.has_children || root.kind == Kind::kSeq ||
           outline_.node(outline_.FirstChild(outline_.root())).key_style == Style::kDouble;
  }
  const NodeId first = outline_.FirstChild(id);
  if (first == kNoNode) return false;
  return outline_.node(first).key_style == Style::kDouble ||
         (outline_.node(id).kind == Kind::kSeq && outline_.node(first).style == Style::kDouble);
}

std::uint32_t Surroundings::SkipBlanks(std::uint32_t at) const {
  while (at < text_.size() && IsBlank(text_[at])) ++at;
  return at;
}

std::uint32_t Surroundings::SkipFlowBlanks(std::uint32_t at) const {
  while (at < text_.size()) {
    if (text_[at] == '#') {
      at = LineEnd(at);
    } else if (IsBlank(text_[at]) || IsBreak(text_[at])) {
      ++at;
    } else {
      break;
    }
  }
  return at;
}

std::uint32_t Surroundings::HeaderEnd(NodeId block_scalar) const {
  std::uint32_t at = outline_.node(block_scalar).value.begin;
  while (at < text_.size() && !IsBlankOrEnd(text_[at])) ++at;
  return at;
}

char Surroundings::Chomping(NodeId block_scalar) const {
  const std::uint32_t begin = outline_.node(block_scalar).value.begin;
  const std::string_view header = text_.substr(begin, HeaderEnd(block_scalar) - begin);
  const std::size_t sign = header.find_first_of("+-");
  return sign == std::string_view::npos ? ' ' : header[sign];
}

Surroundings::Line Surroundings::LineFrom(std::uint32_t at) const {
  Line line;
  while (at + line.spaces < text_.size() && text_[at + line.spaces] == ' ') ++line.spaces;
  at += line.spaces;
  line.blank = at >= text_.size() || IsBreak(text_[at]);
  line.comment = !line.blank && text_[at] == '#';
  return line;
}

Layout Surroundings::LayoutAt(std::uint32_t behind, std::uint32_t column) const {
  Layout layout = layout_;
  layout.newline = NewlineAt(behind == 0 ? 0 : behind - 1);
  // A block scalar would swallow what is indented deeper below it, and the end of the text.
  layout.literals = !IsUnendedLine(behind) && BehindTail(behind, column, false) == behind;
  return layout;
}

std::uint32_t Surroundings::BehindTail(std::uint32_t at, std::uint32_t column,
                                       bool all_blank_lines) const {
  std::uint32_t end = at;
  while (at < text_.size()) {
    const Line line = LineFrom(at);
    if (!line.blank && !line.comment) break;
    at = NextLine(at);
    if (line.spaces > column || (line.blank && all_blank_lines)) {
      end = at;
    } else if (line.comment) {
      break;  // Whatever is deeper below it belongs to it.
    }
  }
  return end;
}

}  // namespace cloudlab::yaml
