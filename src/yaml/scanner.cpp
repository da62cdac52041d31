// Documents and block collections.
//
// Body() takes one token at the start of a line (or behind a dash) at a time, closes the block
// collections that end there, and hands it to the entry or item that it begins. A value either
// ends on the spot or opens a collection, whose first token the next round of Body() takes.
#include "yaml/scanner.hpp"

#include <cstring>

namespace cloudlab::yaml {

namespace {
/// What manifests usually are, so that a document needs one allocation for nodes and one for
/// frames.
constexpr std::size_t kBytesPerNode = 16;
constexpr std::size_t kUsualDepth = 24;
/// Up to here, nodes are copied out of a buffer that the next document uses again.
constexpr std::size_t kSmallOutline = 4096;

}  // namespace

ScanResult Scan(std::string_view document, bool at_stream_start) {
  if (document.size() > kMaxDocumentBytes) {
    ScanResult result;
    result.problem = Problem{
        Problem::Class::kError, "CL-Y-LIMIT", "the document is larger than 32 MiB", "split it", {}};
    return result;
  }
  return Scanner(document).Run(at_stream_start);
}

ScanResult ScanItem(std::string_view lines) {
  ScanResult result = Scan(lines, false);
  if (result.outline.empty()) return result;
  const Node& sequence = result.outline.node(0);
  if (sequence.kind == Kind::kSeq && sequence.has_children) result.outline.root_ = 1;
  return result;
}

Scanner::Scanner(std::string_view text)
    : data_(text.data()), size_(static_cast<std::uint32_t>(text.size())) {
  outline_.text_ = text;
}

ScanResult Scanner::Run(bool at_stream_start) {
  const bool has_mark = outline_.text_.starts_with(kByteOrderMark);
  if (has_mark && at_stream_start) pos_ = line_ = kByteOrderMark.size();
  if (auto bad = CheckBytes(outline_.text_.substr(pos_))) {
    bad->span.begin += pos_;
    bad->span.end += pos_;
    problem_ = std::move(bad);
    return {{}, std::move(problem_)};
  }
  // A stream holds thousands of small documents: their nodes gather in one buffer, so that each
  // needs one allocation of the right size.
  static thread_local std::vector<Node> buffer;
  outline_.nodes_.swap(buffer);
  outline_.nodes_.clear();
  outline_.nodes_.reserve(size_ / kBytesPerNode + 8);
  stack_.reserve(kUsualDepth);
  if (!Document()) return {{}, std::move(problem_)};
  if (outline_.nodes_.size() > kSmallOutline) {
    outline_.nodes_.shrink_to_fit();
  } else {
    buffer.assign(outline_.nodes_.begin(), outline_.nodes_.end());
    outline_.nodes_.swap(buffer);
  }
  return {std::move(outline_), std::nullopt};
}

bool Scanner::Document() {
  if (!NextToken()) return false;
  if (AtEnd()) return true;
  if (!AtMarker()) return Body() && DocumentEnd();
  if (Here() == '.') {
    return Error("CL-Y-SYNTAX", "the end of a document `...` without a document", HereSpan());
  }
  // A marker: what stands on its line cannot be a block collection (libyaml: no simple key there).
  pos_ += 3;
  SkipBlanks();
  const NodeId root = AddNode(kNoNode, {pos_, pos_}, Style::kPlain);
  if (Here() == '#' || IsBreak(Here()) || AtEnd()) {
    outline_.nodes_[root].value = {pos_, pos_};
    if (!NextToken()) return false;
    if (AtEnd() || AtMarker()) {
      // Nothing but comments: the tree has an empty scalar, which is as good as no content.
      outline_.nodes_.clear();
      return DocumentEnd();
    }
    if (!BlockNode(root, true)) return false;
  } else if (!BlockNode(root, false)) {
    return false;
  }
  return Body() && DocumentEnd();
}

bool Scanner::Body() {
  while (true) {
    if (!UsualLines() || !NextToken()) return false;
    if (AtEnd() || AtMarker()) break;
    if (!BlockToken(Column())) return false;
  }
  while (!stack_.empty()) Pop();
  return true;
}

bool Scanner::BlockToken(int column) {
  CloseDeeper(column);
  if (stack_.empty()) {
    if (!outline_.nodes_.empty()) {
      return Error("CL-Y-SYNTAX", "there is text behind the end of the document's content",
                   HereSpan(), "start a new document with a line `---`, or mend the indentation");
    }
    return BlockNode(AddNode(kNoNode, {pos_, pos_}, Style::kPlain), true);
  }
  Frame& frame = stack_.back();
  if (frame.column < column) {
    return Error("CL-Y-INDENT", "this line is indented deeper than the lines that it belongs to",
                 HereSpan(), "align it with its siblings");
  }
  if (frame.is_seq) {
    if (AtDash()) return SeqItem(frame);
    return Error("CL-Y-INDENT", "a list item `- ` is expected here", HereSpan(),
                 "a key at the column of the dashes ends no list; mend the indentation");
  }
  if (AtDash()) {
    return Error("CL-Y-INDENT", "a list item stands where a key is expected", HereSpan(),
                 "mend the indentation");
  }
  return MapEntry(frame);
}

bool Scanner::MapEntry(Frame& frame) {
  Span key;
  Style style = Style::kPlain;
  if (!ReadKey(key, style)) return false;
  if (data_[key.begin] == '-' && key.begin == line_ && key.In(outline_.text_).starts_with("---")) {
    return Refuse("CL-Y-KEY",
                  "a document marker with text behind it: Helm cuts here, others read a key", key,
                  "put a line break behind `---`, or quote the key");
  }
  NodeId id = kNoNode;
  if (!AddChild(frame, key, style, id)) return false;
  SkipBlanks();
  ++pos_;  // The colon.
  outline_.nodes_[id].value = {pos_, pos_};
  const std::uint32_t behind_colon = pos_;
  SkipBlanks();
  if (IsBreak(Here()) || AtEnd() || (Here() == '#' && pos_ > behind_colon)) {
    return ValueBelow(id, true);
  }
  return BlockNode(id, false);
}

bool Scanner::SeqItem(Frame& frame) {
  const Span dash{pos_, pos_ + 1};
  NodeId id = kNoNode;
  if (!AddChild(frame, dash, Style::kPlain, id)) return false;
  ++pos_;
  outline_.nodes_[id].value = {pos_, pos_};
  const std::uint32_t behind_dash = pos_;
  SkipSpaces();
  if (Here() == '\t') {
    return Error("CL-Y-TAB", "a tab stands behind the dash", HereSpan(), "use spaces");
  }
  if (IsBreak(Here()) || AtEnd() || (Here() == '#' && pos_ > behind_dash)) {
    return ValueBelow(id, false);
  }
  return BlockNode(id, true);
}

/// The value of `node`, whose own line holds nothing more, stands below it or is absent.
bool Scanner::ValueBelow(NodeId node, bool parent_is_map) {
  if (!NextToken()) return false;
  if (AtEnd() || AtMarker()) return true;
  const int parent = ParentColumn();
  const int column = Column();
  if (column > parent) return BlockNode(node, true);
  if (column == parent && parent_is_map && AtDash()) {
    return OpenIndentless(node);
  }
  return true;
}

/// A node whose first byte is at pos_. `may_be_collection` is false behind `key:` and `---`, where
/// YAML allows no block collection on the same line.
bool Scanner::BlockNode(NodeId node, bool may_be_collection) {
  const bool parent_is_map = !stack_.empty() && !stack_.back().is_seq;
  Prefix prefix;
  while (Here() == '&' || Here() == '!') {
    if (!ReadProperties(prefix)) return false;
    SetProperties(node, prefix);
    outline_.nodes_[node].value = {pos_, pos_};
    if (!IsBreak(Here()) && !AtEnd() && Here() != '#') {
      return BehindProperties(may_be_collection) && Content(node, false, prefix);
    }
    // The properties stand alone on their line: their value is below, as it would be without them.
    if (!NextToken()) return false;
    if (AtEnd() || AtMarker()) return true;
    if (Column() == ParentColumn() && parent_is_map && AtDash()) return OpenIndentless(node);
    if (Column() <= ParentColumn()) return true;
    may_be_collection = true;
  }
  return Content(node, may_be_collection, prefix);
}

/// Content on the line of an anchor or a tag: what looks like a key there would own the property.
bool Scanner::BehindProperties(bool may_be_collection) {
  if (AtDash()) {
    return Error("CL-Y-SYNTAX", "a list cannot begin behind an anchor or a tag", HereSpan(),
                 "put the list on the next line");
  }
  if (may_be_collection && KeyFollows(pos_)) {
    return Refuse("CL-Y-KEY", "this key has an anchor or a tag", HereSpan(),
                  "remove it: keys are plain names in Kubernetes");
  }
  return true;
}

/// A sequence whose dashes stand at the column of its key.
bool Scanner::OpenIndentless(NodeId node) {
  Node& n = outline_.nodes_[node];
  n.kind = Kind::kSeq;
  n.style = Style::kBlock;
  n.value = {pos_, pos_};
  return Push(node, Column(), true, true, false);
}

bool Scanner::OpenBlock(NodeId node, bool is_seq) {
  Node& n = outline_.nodes_[node];
  n.kind = is_seq ? Kind::kSeq : Kind::kMap;
  n.style = Style::kBlock;
  n.value = {pos_, pos_};
  return Push(node, Column(), is_seq, false, false);
}

bool Scanner::Content(NodeId node, bool may_be_collection, const Prefix& prefix) {
  const char c = Here();
  if (!may_be_collection && AlwaysStartsPlain(c)) return PlainScalar(node);  // The usual case.
  if (AtDash()) {
    if (may_be_collection) return OpenBlock(node, true);
    return Error("CL-Y-SYNTAX", "a list cannot begin on this line", HereSpan(),
                 "put the list on the next line, or quote the text");
  }
  if ((c == '?' || c == ':') && IsBlankOrEnd(At(pos_ + 1))) {
    return Refuse(
        "CL-Y-KEY",
        c == '?' ? "a complex key (`? `) is not supported" : "an empty key is not supported",
        HereSpan(), "keys are plain names in Kubernetes");
  }
  if (may_be_collection && KeyFollows(pos_)) {
    if (c != '*') return OpenBlock(node, false);
    return Refuse("CL-Y-KEY", "an alias as key is not supported", HereSpan());
  }
  switch (c) {
    case '*':
      return ReadAlias(node, prefix) && LineEnd();
    case '|':
    case '>':
      return BlockScalar(node);
    case '[':
    case '{':
      return FlowRoot(node);
    case '"':
    case '\'':
      return QuotedScalar(node) && LineEnd();
    default:
      return PlainScalar(node);
  }
}

/// A key at pos_: leaves pos_ behind it, before the colon and its blanks.
bool Scanner::ReadKey(Span& key, Style& style) {
  const std::uint32_t begin = pos_;
  if (CanStartPlain(begin)) {
    std::uint32_t end = known_key_.end;
    bool colon = known_key_.begin == begin && end > begin;
    if (!colon) PlainLine(begin, end, colon);
    if (!colon) {
      return Error("CL-Y-SYNTAX", "a key and a colon are expected here", {begin, end},
                   "write `key: value`, or indent a text that goes on deeper than its key");
    }
    key = {begin, end};
    pos_ = end;
  } else if (!ReadOtherKey(key, style)) {
    return false;
  }
  if (pos_ - begin > kMaxKeyBytes) {
    return Refuse("CL-Y-KEY", "the key is longer than 1,000 bytes", {begin, pos_});
  }
  return true;
}

/// A key in quotes, or what stands in the place of a key.
bool Scanner::ReadOtherKey(Span& key, Style& style) {
  const char c = Here();
  if (c == '"' || c == '\'') {
    style = c == '"' ? Style::kDouble : Style::kSingle;
    bool multiline = false;
    if (!Quoted(key, multiline)) return false;
    const std::uint32_t end = pos_;
    SkipBlanks();
    if (multiline || Here() != ':' || !IsBlankOrEnd(At(pos_ + 1))) {
      return Error("CL-Y-SYNTAX", "a colon is expected behind the key", HereSpan());
    }
    pos_ = end;
    return true;
  }
  if (c == '&' || c == '!' || c == '*' || c == '[' || c == '{' || c == '?' || c == ':') {
    return Refuse("CL-Y-KEY", "only plain and quoted keys are supported", HereSpan(),
                  c == '{' ? "if this is an unrendered template, render it first"
                           : "keys are plain names in Kubernetes");
  }
  return Error(c == '\t' ? "CL-Y-TAB" : "CL-Y-SYNTAX",
               c == '%' ? "a directive inside a document" : "no key can begin like this",
               HereSpan(), "quote it");
}

/// True if a plain or quoted key and its colon begin at `from` and end on the same line.
bool Scanner::KeyFollows(std::uint32_t from) {
  const char c = At(from);
  if (c == '*') {
    ++from;
    while (IsNameChar(At(from))) ++from;
    while (IsBlank(At(from))) ++from;
    return At(from) == ':' && IsBlankOrEnd(At(from + 1));
  }
  if (c == '"' || c == '\'') {
    std::uint32_t at = from + 1;
    while (at < size_ && !IsBreak(data_[at])) {
      if (data_[at] == c) {
        if (c == '"' || At(at + 1) != '\'') break;
        ++at;
      } else if (c == '"' && data_[at] == '\\') {
        ++at;
      }
      ++at;
    }
    if (At(at) != c) return false;
    ++at;
    while (IsBlank(At(at))) ++at;
    return At(at) == ':' && IsBlankOrEnd(At(at + 1));
  }
  if (!CanStartPlain(from)) return false;
  std::uint32_t end = from;
  bool colon = false;
  PlainLine(from, end, colon);
  if (colon) known_key_ = {from, end};
  return colon;
}

/// Nothing but blanks and a comment may follow on this line.
bool Scanner::LineEnd() {
  const std::uint32_t begin = pos_;
  SkipBlanks();
  const char c = Here();
  if (IsBreak(c) || AtEnd()) return true;
  if (c == '#') {
    if (pos_ > begin || IsBlank(At(pos_ - 1))) return true;
    return Refuse("CL-Y-COMMENT", "a `#` without a space before it", HereSpan(),
                  "put a space before a comment, or quote the text");
  }
  if (c == ':' && IsBlankOrEnd(At(pos_ + 1))) {
    return Error("CL-Y-SYNTAX", "a second `key: value` on one line", HereSpan(),
                 "quote the text if the colon belongs to it");
  }
  return Error("CL-Y-SYNTAX", "there is text behind the end of the value", HereSpan(),
               "quote the whole value");
}

/// Behind the content: blanks and comments, perhaps after a line `...`.
bool Scanner::DocumentEnd() {
  if (AtEnd()) return true;
  if (Here() == '-') {
    return Error("CL-Y-SYNTAX", "a document marker inside a document", HereSpan());
  }
  pos_ += 3;
  if (!LineEnd() || !NextToken()) return false;
  if (AtEnd()) return true;
  return Error("CL-Y-SYNTAX", "there is text behind the end of the document `...`", HereSpan(),
               "begin the next document with a line `---`");
}

/// Puts pos_ at the next token: over blanks, comments and empty lines. A tab before a token at
/// the start of a line is an error in libyaml and go-yaml (no simple key may follow a tab).
bool Scanner::NextToken() {
  while (true) {
    if (pos_ == line_) {
      SkipSpaces();
      if (Here() == '\t') {
        return Error("CL-Y-TAB", "a tab in the indentation of this line", HereSpan(),
                     "indent with spaces");
      }
    } else {
      SkipBlanks();
    }
    if (Here() == '#') pos_ = LineEndOffset(pos_);
    if (AtEnd() || !IsBreak(Here())) break;
    NextLine();
  }
  if (pos_ == line_ && Here() == '%') {
    return Refuse("CL-Y-DIRECTIVE", "directives (`%YAML`, `%TAG`) are not supported", HereSpan(),
                  "remove the line; Helm's readers reject it");
  }
  return true;
}

bool Scanner::AtMarker() const {
  if (pos_ != line_ || pos_ + 3 > size_ || (Here() != '-' && Here() != '.')) return false;
  const bool marker =
      std::memcmp(data_ + pos_, "---", 3) == 0 || std::memcmp(data_ + pos_, "...", 3) == 0;
  return marker && IsBlankOrEnd(At(pos_ + 3));
}

std::uint32_t Scanner::LineEndOffset(std::uint32_t from) const {
  if (from >= size_) return size_;
  const void* found = std::memchr(data_ + from, '\n', size_ - from);
  if (found == nullptr) return size_;
  auto end = static_cast<std::uint32_t>(static_cast<const char*>(found) - data_);
  if (end > from && data_[end - 1] == '\r') --end;
  return end;
}

void Scanner::NextLine() {
  if (Here() == '\r') ++pos_;
  if (Here() == '\n') ++pos_;
  line_ = pos_;
}

bool Scanner::Push(NodeId node, int column, bool is_seq, bool indentless, bool is_flow) {
  if (stack_.size() >= kMaxDepth) {
    return Error("CL-Y-LIMIT", "more than 1,000 levels of nesting", HereSpan());
  }
  if (!is_flow) outline_.nodes_[node].indent = static_cast<std::uint32_t>(column);
  stack_.push_back({node, kNoNode, column, is_seq, indentless, is_flow, true});
  return true;
}

/// Closes the innermost block collection; it ends where its last child ends.
void Scanner::Pop() {
  const Frame frame = stack_.back();
  stack_.pop_back();
  Node& node = outline_.nodes_[frame.node];
  node.value.end = outline_.nodes_[frame.last].value.end;
  NoteClosed(frame);
}

bool Scanner::TooManyNodes(Span key) {
  return Error("CL-Y-LIMIT", "more than 4,000,000 nodes in one document", key);
}

bool Scanner::Error(std::string_view code, std::string message, Span span, std::string hint) {
  problem_ = Problem{Problem::Class::kError, code, std::move(message), std::move(hint), span};
  return false;
}

bool Scanner::Refuse(std::string_view code, std::string message, Span span, std::string hint) {
  problem_ = Problem{Problem::Class::kRefusal, code, std::move(message), std::move(hint), span};
  return false;
}

Span Scanner::HereSpan() const { return {pos_, AtEnd() ? pos_ : pos_ + 1}; }

}  // namespace cloudlab::yaml
