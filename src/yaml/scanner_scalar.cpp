// Plain, quoted and block scalars: where they end, and whether every reader would agree.
// Nothing is decoded here (scalar.cpp does that on demand).
#include <algorithm>
#include <string>

#include "yaml/escape.hpp"
#include "yaml/scanner.hpp"
#include "yaml/search.hpp"

namespace cloudlab::yaml {

bool Scanner::MayStartPlain(std::uint32_t at) const {
  switch (At(at)) {
    case '-':
    case '?':
    case ':':
      return !IsBlankOrEnd(At(at + 1));
    case '\0':
    case ' ':
    case '\t':
    case '\n':
    case '\r':
    case ',':
    case '[':
    case ']':
    case '{':
    case '}':
    case '#':
    case '&':
    case '*':
    case '!':
    case '|':
    case '>':
    case '\'':
    case '"':
    case '%':
    case '@':
    case '`':
      return false;
    default:
      return true;
  }
}

/// A plain scalar in block context, which goes on over lines indented deeper than its parent.
bool Scanner::PlainScalar(NodeId node) {
  if (!CanStartPlain(pos_)) {
    const bool template_text = Here() == '%' || Here() == '`' || Here() == '@';
    return Error(Here() == '\t' ? "CL-Y-TAB" : "CL-Y-SYNTAX",
                 std::string("a value cannot begin with `") + Here() + "`", HereSpan(),
                 template_text ? "quote the text" : "quote the text, or remove the character");
  }
  const std::uint32_t begin = pos_;
  std::uint32_t end = pos_;
  std::uint32_t last_line = line_;
  bool colon = false;
  PlainLine(pos_, end, colon);
  bool goes_on = true;
  while (goes_on && !colon) {
    pos_ = end;
    if (!Continuation(goes_on)) return false;
    if (!goes_on) break;
    last_line = line_;
    PlainLine(pos_, end, colon);
  }
  Node& n = outline_.nodes_[node];
  n.value = {begin, end};
  n.style = Style::kPlain;
  // A line break was found behind the scalar: its line holds nothing more.
  if (!goes_on && line_ > end) return true;
  pos_ = end;
  line_ = last_line;
  return LineEnd();
}

/// Looks behind the end of a plain scalar's line, and behind empty lines, for more of it: a line
/// indented deeper than the parent that is no comment. Leaves pos_ at its first character.
bool Scanner::Continuation(bool& goes_on) {
  const auto least = static_cast<std::uint32_t>(ParentColumn() + 1);
  goes_on = false;
  SkipBlanks();
  if (!IsBreak(Here())) return true;  // A comment or the end of the text.
  bool tab = false;
  while (IsBreak(Here())) {
    NextLine();
    SkipSpaces();
    tab = Here() == '\t';
    if (tab && pos_ - line_ >= least) SkipBlanks();
    if (Here() == '\t') break;
  }
  const bool deep = pos_ - line_ >= least && Here() != '\t';
  goes_on = deep && !AtEnd() && Here() != '#' && !AtMarker();
  if (goes_on || !tab) return true;
  return Error("CL-Y-TAB", "a tab in the indentation of this line", {pos_, pos_},
               "indent with spaces");
}

bool Scanner::QuotedScalar(NodeId node) {
  Span span;
  bool multiline = false;
  const Style style = Here() == '"' ? Style::kDouble : Style::kSingle;
  if (!Quoted(span, multiline)) return false;
  Node& n = outline_.nodes_[node];
  n.value = span;
  n.style = style;
  return true;
}

/// A quoted scalar at pos_, left behind its closing quote.
bool Scanner::Quoted(Span& span, bool& multiline) {
  const std::uint32_t begin = pos_;
  const char quote = Here();
  ++pos_;
  while (true) {
    if (AtEnd()) {
      return Error("CL-Y-SYNTAX", "this quote is never closed", {begin, begin + 1},
                   "close it before the end of the document");
    }
    const char c = data_[pos_];
    if (c == quote) {
      if (quote == '\'' && At(pos_ + 1) == '\'') {
        pos_ += 2;
        continue;
      }
      ++pos_;
      span = {begin, pos_};
      return true;
    }
    if (c == '\\' && quote == '"') {
      if (IsBreak(At(pos_ + 1))) multiline = true;
      if (!Escape()) return false;
    } else if (IsBreak(c)) {
      multiline = true;
      NextLine();
      if (AtMarker()) {
        return Error("CL-Y-SYNTAX", "a document marker inside quotes", {pos_, pos_ + 3},
                     "close the quote, or indent the line");
      }
    } else {
      ++pos_;
    }
  }
}

/// An escape in double quotes, one of escape.hpp.
bool Scanner::Escape() {
  const std::uint32_t begin = pos_;
  ++pos_;
  const char c = Here();
  if (IsBreak(c)) {
    NextLine();
    if (!AtMarker()) return true;
    return Error("CL-Y-SYNTAX", "a document marker inside quotes", {pos_, pos_ + 3});
  }
  const std::uint32_t digits = EscapeDigits(c);
  if (digits == 0 && !EscapedCodePoint(c)) {
    return Error("CL-Y-ESCAPE", "YAML has no such escape", {begin, AtEnd() ? pos_ : pos_ + 1},
                 c == '/' ? "write `/` without the backslash" : "write `\\\\` for a backslash");
  }
  ++pos_;
  std::uint32_t code_point = 0;
  for (std::uint32_t i = 0; i < digits; ++i, ++pos_) {
    const std::optional<std::uint32_t> digit = HexDigit(Here());
    if (!digit) {
      return Error("CL-Y-ESCAPE", "hexadecimal digits are missing in this escape", {begin, pos_});
    }
    code_point = code_point << 4U | *digit;
  }
  if ((code_point >= 0xD800 && code_point <= 0xDFFF) || code_point > 0x10FFFF) {
    return Error("CL-Y-ESCAPE", "this escape is no Unicode character (a surrogate, or too large)",
                 {begin, pos_}, "write the character itself, or `\\U` with eight digits");
  }
  return true;
}

/// A literal or folded scalar. Its value ends behind the line break of its last line; with `+`,
/// behind the blank lines that it keeps.
bool Scanner::BlockScalar(NodeId node) {
  const std::uint32_t begin = pos_;
  const Style style = Here() == '|' ? Style::kLiteral : Style::kFolded;
  bool keep = false;
  std::uint32_t increment = 0;
  if (!BlockScalarHeader(keep, increment)) return false;
  const std::uint32_t header_end = LineEndOffset(pos_);
  const auto base = static_cast<std::uint32_t>(std::max(ParentColumn(), 0));
  std::uint32_t indent = increment == 0 ? 0 : base + increment;
  pos_ = header_end;
  if (!AtEnd()) NextLine();
  if (indent == 0 && !BlockScalarIndent(indent)) return false;
  const std::uint32_t first_line = pos_;
  std::uint32_t end = pos_;  // Behind the last line that belongs to the text.
  while (!AtEnd()) {
    std::uint32_t spaces = 0;
    while (spaces < indent && At(pos_ + spaces) == ' ') ++spaces;
    const char c = At(pos_ + spaces);
    if (spaces < indent && c == '\t') {
      return Error("CL-Y-TAB", "a tab in the indentation of this text", {pos_, pos_ + spaces + 1},
                   "indent with spaces");
    }
    const bool blank = IsBreak(c) || pos_ + spaces >= size_;
    if (!blank && spaces < indent) break;
    pos_ = LineEndOffset(pos_ + spaces);
    const bool at_end = AtEnd();
    if (!at_end) NextLine();
    if (!blank || keep) end = pos_;
    if (at_end) break;
  }
  Node& n = outline_.nodes_[node];
  n.value = {begin, end};
  n.style = style;
  n.indent = end == first_line ? 0 : indent;  // An empty text has no indentation.
  return true;
}

/// `|` or `>` with indentation and chomping indicators, blanks and a comment.
bool Scanner::BlockScalarHeader(bool& keep, std::uint32_t& increment) {
  const std::uint32_t begin = pos_++;
  bool chomping = false;
  while (true) {
    const char c = Here();
    if ((c == '+' || c == '-') && !chomping) {
      chomping = true;
      keep = c == '+';
    } else if (c >= '1' && c <= '9' && increment == 0) {
      increment = static_cast<std::uint32_t>(c - '0');
    } else {
      break;
    }
    ++pos_;
  }
  const std::uint32_t indicators_end = pos_;
  SkipBlanks();
  const bool comment = Here() == '#' && pos_ > indicators_end;
  if (IsBreak(Here()) || AtEnd() || comment) return true;
  return Error("CL-Y-SYNTAX", "text behind the indicator of a block scalar", {begin, pos_ + 1},
               "put the text on the next line, or quote it");
}

/// The indentation of a block scalar from its first line that is not blank.
bool Scanner::BlockScalarIndent(std::uint32_t& indent) {
  const auto least = static_cast<std::uint32_t>(std::max(ParentColumn() + 1, 1));
  std::uint32_t deepest_blank = 0;
  std::uint32_t at = pos_;
  while (true) {
    std::uint32_t spaces = 0;
    while (At(at + spaces) == ' ') ++spaces;
    const char c = At(at + spaces);
    if (c == '\t') {
      return Error("CL-Y-TAB", "a tab in the indentation of this text", {at, at + spaces + 1},
                   "indent with spaces");
    }
    if (IsBreak(c)) {
      deepest_blank = std::max(deepest_blank, spaces);
      at = LineEndOffset(at + spaces);
      if (At(at) == '\r') ++at;
      ++at;
      continue;
    }
    if (at + spaces >= size_) deepest_blank = std::max(deepest_blank, spaces);
    const bool has_text = at + spaces < size_ && spaces >= least;
    if (has_text && deepest_blank > spaces) {
      return Refuse("CL-Y-INDENT",
                    "a blank line at the start of this text is indented deeper than the text",
                    {at, at + spaces + 1}, "remove the spaces of the blank line");
    }
    indent = std::max({has_text ? spaces : 0, deepest_blank, least});
    return true;
  }
}

}  // namespace cloudlab::yaml
