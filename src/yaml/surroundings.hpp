// What stands around a node: its lines, where a neighbour may begin, how collections are written
// there. Surgery asks here; nothing is changed.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "yaml/outline.hpp"
#include "yaml/render.hpp"

namespace cloudlab::yaml {

inline bool IsBlockScalar(const Node& node) {
  return node.kind == Kind::kScalar &&
         (node.style == Style::kLiteral || node.style == Style::kFolded);
}

class Surroundings {
 public:
  explicit Surroundings(const Outline& outline);

  // Lines. A line's end is the offset of its LF, or of the CR before it.
  std::uint32_t LineStart(std::uint32_t at) const;
  std::uint32_t LineEnd(std::uint32_t from) const;
  /// The start of the next line, or the end of the text.
  std::uint32_t NextLine(std::uint32_t from) const;
  /// The line ending of the line at `at`, or of the document where that line has none.
  std::string_view NewlineAt(std::uint32_t at) const;
  bool IsFirstOnLine(std::uint32_t at) const;
  /// The lines of `span` if nothing else but blanks and a comment behind it stands there; else
  /// empty.
  Span WholeLines(Span span) const;
  /// True for the end of a text whose last line has no ending.
  bool IsUnendedLine(std::uint32_t at) const;

  // Nodes.
  std::vector<NodeId> Children(NodeId id) const;
  NodeId LastChild(NodeId id) const;
  /// The innermost last node of a block collection, or `id` itself.
  NodeId LastLeaf(NodeId id) const;
  /// The key's first byte, the dash, or the start of a flow item.
  std::uint32_t Begin(NodeId id) const { return outline_.node(id).key.begin; }
  /// Behind the colon of an entry or the dash of an item.
  std::uint32_t BehindIndicator(NodeId id) const;
  /// Behind the last line of `id`'s content, where a sibling's first line may begin.
  std::uint32_t BehindContent(NodeId id) const;
  /// Behind the comments below the content of a block child as well, if they belong to it.
  std::uint32_t BehindSibling(NodeId child) const {
    return BehindTail(BehindContent(child), outline_.node(outline_.parent(child)).indent, false);
  }
  /// The start of the comment lines right above `item`: they stay with it. `previous` is the item
  /// before it, or kNoNode.
  std::uint32_t AboveComments(NodeId item, NodeId previous) const;
  /// True if a comment stands in the value of `id`, or between its key and the value.
  bool HasComments(NodeId id) const;
  /// True if the value begins on a line below its key or dash.
  bool IsBelow(NodeId id) const;
  bool IsInFlow(NodeId id) const;
  /// The flow collection around `id`, or `id` itself, that stands in no other one; or kNoNode.
  NodeId OutermostFlow(NodeId id) const;
  /// True if a line in `span` but its first has a tab in its indentation.
  bool HasTabIndent(Span span) const;
  /// True if a line of blanks with a tab follows the content of `id`. The scanner takes it behind
  /// plain scalars in block context only, as libyaml does.
  bool HasTabBelow(NodeId id) const;
  /// True if collections at `id` are written as JSON.
  bool IsJson(NodeId id) const;
  std::uint32_t SkipBlanks(std::uint32_t at) const;
  /// Over blanks, line breaks and comments inside a flow collection.
  std::uint32_t SkipFlowBlanks(std::uint32_t at) const;
  /// The end of a block scalar's `|` and what belongs to it, such as `|2-`.
  std::uint32_t HeaderEnd(NodeId block_scalar) const;
  /// The chomping of a block scalar: `+`, `-`, or a space.
  char Chomping(NodeId block_scalar) const;

  /// The layout for lines that end where `behind` begins, in a collection at `column`.
  Layout LayoutAt(std::uint32_t behind, std::uint32_t column) const;
  /// Behind the comments and odd blank lines below `at` that belong to a content at `column`,
  /// because they are indented deeper; with `all_blank_lines`, behind those as well.
  std::uint32_t BehindTail(std::uint32_t at, std::uint32_t column, bool all_blank_lines) const;

 private:
  struct Line {
    std::uint32_t spaces = 0;
    bool blank = false;
    bool comment = false;
  };
  Line LineFrom(std::uint32_t at) const;

  const Outline& outline_;
  std::string_view text_;
  Layout layout_;
};

}  // namespace cloudlab::yaml
