// Flow collections: `[a, b]` and `{k: v}`, over one line or many, JSON among them.
//
// FlowStep() does one thing at a time to the innermost open collection: close it, take a comma, or
// begin a child. Indentation means nothing here, but document markers still end everything.
#include "yaml/scanner.hpp"

namespace cloudlab::yaml {

/// A whole flow collection at pos_, as the value of `node` in block context.
bool Scanner::FlowRoot(NodeId node) {
  const std::size_t depth = stack_.size();
  const std::uint32_t line = line_;
  if (!OpenFlow(node)) return false;
  while (stack_.size() > depth) {
    if (!FlowStep()) return false;
  }
  const std::uint32_t end = pos_;
  SkipBlanks();
  if (Here() == ':' && IsBlankOrEnd(At(pos_ + 1)) && line == line_) {
    return Refuse("CL-Y-KEY", "a list or map as key is not supported", outline_.nodes_[node].value,
                  "if this is an unrendered template (`{{ ... }}`), render it first");
  }
  pos_ = end;
  return LineEnd();
}

bool Scanner::OpenFlow(NodeId node) {
  const bool is_seq = Here() == '[';
  Node& n = outline_.nodes_[node];
  n.kind = is_seq ? Kind::kSeq : Kind::kMap;
  n.style = Style::kFlow;
  n.value = {pos_, pos_ + 1};
  if (!Push(node, ParentColumn(), is_seq, false, true)) return false;
  ++pos_;
  return true;
}

bool Scanner::FlowStep() {
  if (!SkipFlowBlanks()) return false;
  Frame& frame = stack_.back();
  const char c = Here();
  if (c == (frame.is_seq ? ']' : '}')) {
    ++pos_;
    outline_.nodes_[frame.node].value.end = pos_;
    const Frame closed = frame;
    stack_.pop_back();
    NoteClosed(closed);
    return true;
  }
  if (AtEnd()) {
    return Error("CL-Y-SYNTAX",
                 frame.is_seq ? "this list is never closed" : "this map is never closed",
                 outline_.nodes_[frame.node].value,
                 frame.is_seq ? "close it with `]`" : "close it with `}`");
  }
  if (frame.separated) {
    frame.separated = false;
    return frame.is_seq ? FlowItem() : FlowEntry();
  }
  if (c == ',') {
    ++pos_;
    frame.separated = true;
    return true;
  }
  if (c == ':' && frame.is_seq) {
    return Refuse("CL-Y-KEY", "a key of this form is not supported here", HereSpan(),
                  "put `{}` around a pair, and use plain names as keys");
  }
  return Error("CL-Y-SYNTAX",
               frame.is_seq ? "a `,` or `]` is expected here" : "a `,` or `}` is expected here",
               HereSpan());
}

bool Scanner::FlowItem() {
  NodeId id = kNoNode;
  if (!AddChild(stack_.back(), {pos_, pos_}, Style::kPlain, id)) return false;
  return FlowValue(id);
}

bool Scanner::FlowEntry() {
  Span key;
  Style style = Style::kPlain;
  if (!FlowKey(key, style)) return false;
  NodeId id = kNoNode;
  if (!AddChild(stack_.back(), key, style, id)) return false;
  if (Here() != ':') return true;  // `{a, b}`: a key without a value.
  if (line_ > key.begin) {
    return Error("CL-Y-SYNTAX", "the colon must stand on the line of its key", HereSpan());
  }
  if (pos_ - key.begin > kMaxKeyBytes) {
    return Refuse("CL-Y-KEY", "the key is longer than 1,000 bytes", key);
  }
  ++pos_;
  outline_.nodes_[id].value = {pos_, pos_};
  if (!SkipFlowBlanks()) return false;
  if (Here() == ',' || Here() == '}') return true;
  return FlowValue(id);
}

/// A key and the blanks behind it.
bool Scanner::FlowKey(Span& key, Style& style) {
  bool multiline = false;
  const char c = Here();
  if (c == '"' || c == '\'') {
    style = c == '"' ? Style::kDouble : Style::kSingle;
    if (!Quoted(key, multiline)) return false;
    SkipBlanks();
  } else if (c == '&' || c == '!' || c == '*' || c == '[' || c == '{' || c == ':' || c == '?') {
    return Refuse("CL-Y-KEY", "only plain and quoted keys are supported", HereSpan(),
                  c == '{' ? "if this is an unrendered template (`{{ ... }}`), render it first"
                           : "keys are plain names in Kubernetes");
  } else if (!FlowPlain(key, multiline)) {
    return false;
  }
  if (multiline) return Refuse("CL-Y-KEY", "a key over several lines is not supported", key);
  return true;
}

bool Scanner::FlowValue(NodeId node) {
  Prefix prefix;
  while (Here() == '&' || Here() == '!') {
    if (!ReadProperties(prefix)) return false;
    SetProperties(node, prefix);
    outline_.nodes_[node].value = {pos_, pos_};
    if (!SkipFlowBlanks()) return false;
  }
  Node& n = outline_.nodes_[node];
  switch (Here()) {
    case '[':
    case '{':
      return OpenFlow(node);
    case '*':
      return ReadAlias(node, prefix);
    case '"':
    case '\'':
      return QuotedScalar(node);
    case ',':
    case ']':
    case '}':
      if (prefix.any()) return true;
      break;
    default:
      break;
  }
  bool multiline = false;
  n.style = Style::kPlain;
  return FlowPlain(n.value, multiline);
}

/// A plain scalar, left behind the blanks that follow it.
bool Scanner::FlowPlain(Span& span, bool& multiline) {
  const char first = Here();
  if (first == '?' || first == ':' || (first == '-' && IsFlowIndicator(At(pos_ + 1)))) {
    return Refuse("CL-Y-FLOW",
                  "readers disagree about this text inside a list or map in flow style", HereSpan(),
                  "quote it");
  }
  if (!CanStartPlain(pos_)) {
    return Error("CL-Y-SYNTAX", std::string("a value cannot begin with `") + first + "`",
                 HereSpan(), "quote the text, or remove the character");
  }
  const std::uint32_t begin = pos_;
  const auto least = static_cast<std::uint32_t>(ParentColumn() + 1);
  std::uint32_t end = pos_;
  while (!AtEnd()) {
    const char c = data_[pos_];
    if (IsFlowIndicator(c)) break;
    if (c == '#' && (pos_ == line_ || IsBlank(At(pos_ - 1)))) break;
    if (c == ':' && IsBlankOrEnd(At(pos_ + 1))) break;
    if (c == '?' || (c == ':' && IsFlowIndicator(At(pos_ + 1)))) {
      return Refuse("CL-Y-FLOW",
                    "readers disagree about this text inside a list or map in flow style",
                    HereSpan(), "quote the value");
    }
    if (IsBreak(c)) {
      NextLine();
      while (Here() == ' ' || (Here() == '\t' && pos_ - line_ >= least)) ++pos_;
      if (Here() == '\t') {
        return Error("CL-Y-TAB", "a tab in the indentation of this line", HereSpan(),
                     "indent with spaces");
      }
      if (AtMarker()) break;
      continue;
    }
    ++pos_;
    if (!IsBlank(c)) end = pos_;
  }
  span = {begin, end};
  multiline = std::string_view(data_ + begin, end - begin).find('\n') != std::string_view::npos;
  return true;
}

/// Blanks, line breaks and comments between the tokens of a flow collection.
bool Scanner::SkipFlowBlanks() {
  while (true) {
    const std::uint32_t begin = pos_;
    SkipBlanks();
    if (Here() == '#') {
      if (pos_ == begin && pos_ != line_ && !IsBlank(At(pos_ - 1))) {
        return Refuse("CL-Y-COMMENT", "a `#` without a space before it", HereSpan(),
                      "put a space before a comment, or quote the text");
      }
      pos_ = LineEndOffset(pos_);
    }
    if (AtMarker()) {
      return Error("CL-Y-SYNTAX", "a document marker inside a list or map in flow style",
                   {pos_, pos_ + 3}, "close the list or map before it");
    }
    if (!IsBreak(Here())) return true;
    NextLine();
  }
}

}  // namespace cloudlab::yaml
