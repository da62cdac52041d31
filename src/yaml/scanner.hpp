// The scanner behind Scan(): one pass over the bytes, an explicit stack of open collections, no
// recursion. Private to src/yaml; the public face is outline.hpp.
//
//   scanner.cpp         documents, block collections
//   scanner_alias.cpp   anchors, tags, aliases
//   scanner_flow.cpp    flow collections
//   scanner_scalar.cpp  plain, quoted and block scalars
//   scanner_usual.cpp   a shortcut for the lines that most manifests consist of
//
// The rules follow libyaml's scanner and parser, from which go-yaml was ported; where the two
// differ, the stricter one holds. Names of libyaml's in comments mark where a rule comes from.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "yaml/bytes.hpp"
#include "yaml/outline.hpp"
#include "yaml/search.hpp"

namespace cloudlab::yaml {

class Scanner {
 public:
  explicit Scanner(std::string_view text);

  ScanResult Run(bool at_stream_start);

 private:
  /// An open collection. `column` is libyaml's "indent": the column of keys or dashes.
  struct Frame {
    NodeId node = kNoNode;
    NodeId last = kNoNode;  ///< Last child so far.
    int column = -1;
    bool is_seq = false;
    bool indentless = false;  ///< A sequence whose dashes stand at its parent map's column.
    bool is_flow = false;     ///< `column` is then that of the block around it.
    bool separated = true;    ///< Flow: a new child may begin (at the start, or behind a comma).
    // Kept once the document has an anchor.
    std::uint32_t height = 0;      ///< Levels below this one, with aliases expanded.
    std::uint64_t by_aliases = 0;  ///< Nodes that aliases below stand for.
  };
  /// The properties read before a value.
  struct Prefix {
    Span anchor;
    Span tag;
    bool any() const { return !anchor.empty() || !tag.empty(); }
  };
  /// The node that an anchor names, and what an alias of it stands for.
  struct Anchor {
    NodeId node = kNoNode;
    std::uint32_t height = 0;  ///< Levels, aliases expanded; 0: a scalar, or still open.
    std::uint64_t size = 1;    ///< Nodes, aliases expanded.
  };

  // Every method below that returns bool returns false after setting problem_.

  // scanner.cpp
  bool Document();
  bool Body();
  bool NextToken();
  bool BlockToken(int column);
  bool MapEntry(Frame& frame);
  bool SeqItem(Frame& frame);
  bool ValueBelow(NodeId node, bool parent_is_map);
  bool BlockNode(NodeId node, bool may_be_collection);
  bool BehindProperties(bool may_be_collection);
  bool OpenIndentless(NodeId node);
  bool OpenBlock(NodeId node, bool is_seq);
  bool Content(NodeId node, bool may_be_collection, const Prefix& prefix);
  bool ReadKey(Span& key, Style& style);
  bool ReadOtherKey(Span& key, Style& style);
  bool KeyFollows(std::uint32_t from);
  bool LineEnd();
  bool DocumentEnd();

  bool Push(NodeId node, int column, bool is_seq, bool indentless, bool is_flow);
  void Pop();
  /// Closes the collections that a token at `column` does not belong to.
  void CloseDeeper(int column) {
    while (!stack_.empty() && stack_.back().column > column) Pop();
    if (stack_.empty() || !stack_.back().indentless) return;
    if (stack_.back().column == column && !AtDash()) Pop();
  }
  NodeId AddNode(NodeId parent, Span key, Style key_style) {
    outline_.nodes_.push_back(
        {.key = key, .value = {key.end, key.end}, .parent = parent, .key_style = key_style});
    return static_cast<NodeId>(outline_.nodes_.size() - 1);
  }
  bool AddChild(Frame& frame, Span key, Style key_style, NodeId& id) {
    if (outline_.nodes_.size() >= kMaxNodes) return TooManyNodes(key);
    id = AddNode(frame.node, key, key_style);
    Node* nodes = outline_.nodes_.data();
    if (frame.last == kNoNode) {
      nodes[frame.node].has_children = true;  // It stands right behind it.
    } else {
      nodes[frame.last].next = id;
    }
    frame.last = id;
    return true;
  }
  bool TooManyNodes(Span key);

  // scanner_alias.cpp
  bool ReadProperties(Prefix& prefix);
  void SetProperties(NodeId node, const Prefix& prefix);
  bool ReadAlias(NodeId node, const Prefix& prefix);
  bool CheckAliasBudget(const Anchor& target, Span span);
  bool CheckAliasDepth(const Anchor& target, Span span);
  void NoteClosed(const Frame& frame);

  // scanner_usual.cpp
  /// What begins on the line below a key.
  enum class Below : std::uint8_t { kNothing, kMap, kSeq, kIndentlessSeq };
  struct UsualLine {
    Span key;
    Span value;
    Below below = Below::kNothing;
    std::uint32_t next_line = 0;
    std::uint32_t next_token = 0;
  };
  bool UsualLines();
  bool IsUsual(UsualLine& line);
  bool FindBelow(UsualLine& line);
  void PeekLine(std::uint32_t begin, UsualLine& line) const;

  // scanner_flow.cpp
  bool FlowRoot(NodeId node);
  bool OpenFlow(NodeId node);
  bool FlowStep();
  bool FlowItem();
  bool FlowEntry();
  bool FlowKey(Span& key, Style& style);
  bool FlowValue(NodeId node);
  bool FlowPlain(Span& span, bool& multiline);
  bool SkipFlowBlanks();

  // scanner_scalar.cpp
  bool PlainScalar(NodeId node);
  bool Continuation(bool& goes_on);
  void PlainLine(std::uint32_t from, std::uint32_t& end, bool& colon) const;
  bool MayStartPlain(std::uint32_t at) const;
  bool CanStartPlain(std::uint32_t at) const {
    return AlwaysStartsPlain(At(at)) || MayStartPlain(at);
  }
  bool QuotedScalar(NodeId node);
  bool Quoted(Span& span, bool& multiline);
  bool Escape();
  bool BlockScalar(NodeId node);
  bool BlockScalarHeader(bool& keep, std::uint32_t& increment);
  bool BlockScalarIndent(std::uint32_t& indent);

  // Reading.
  char At(std::uint32_t offset) const { return offset < size_ ? data_[offset] : '\0'; }
  char Here() const { return At(pos_); }
  int Column() const { return static_cast<int>(pos_ - line_); }
  bool AtEnd() const { return pos_ >= size_; }
  bool AtDash() const { return Here() == '-' && IsBlankOrEnd(At(pos_ + 1)); }
  /// `---` or `...` at column 0 with a blank or an end behind it.
  bool AtMarker() const;
  void SkipSpaces() { pos_ = FindNoSpace(outline_.text_, pos_); }
  void SkipBlanks() {
    while (IsBlank(Here())) ++pos_;
  }
  /// The offset of the line's end: of its LF, of the CR before it, or of the end of the text.
  std::uint32_t LineEndOffset(std::uint32_t from) const;
  /// Puts pos_ and line_ behind the line break at pos_.
  void NextLine();
  int ParentColumn() const { return stack_.empty() ? -1 : stack_.back().column; }

  bool Error(std::string_view code, std::string message, Span span, std::string hint = {});
  bool Refuse(std::string_view code, std::string message, Span span, std::string hint = {});
  /// The byte at pos_, for messages.
  Span HereSpan() const;

  const char* data_;
  std::uint32_t size_;
  std::uint32_t pos_ = 0;
  std::uint32_t line_ = 0;  ///< Where the line of pos_ begins.
  std::vector<Frame> stack_;
  Outline outline_;
  std::unordered_map<std::string_view, Anchor> anchors_;  ///< Of equal names the last.
  std::uint64_t alias_total_ = 0;
  Span known_key_;  ///< The plain key that KeyFollows() found last, so that it is read once.
  std::optional<Problem> problem_;
};

/// The part of a plain scalar (block context) on the line of `from`: `end` is behind its last
/// character, and `colon` tells whether a `:` that ends a key stopped it.
inline void Scanner::PlainLine(std::uint32_t from, std::uint32_t& end, bool& colon) const {
  colon = false;
  std::uint32_t at = from;
  while (true) {
    at = FindPlainStop(outline_.text_, at);
    const char c = At(at);
    if (c == ':' && IsBlankOrEnd(At(at + 1))) {
      colon = true;
      break;
    }
    if (c == '#' && at > from && IsBlank(data_[at - 1])) break;
    if (c == '\n' || c == '\0') break;
    ++at;
  }
  while (at > from && (IsBlank(data_[at - 1]) || data_[at - 1] == '\r')) --at;
  end = at;
}

}  // namespace cloudlab::yaml
