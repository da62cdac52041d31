// The usual lines of a manifest, `key: text` and `key:`, read many in a row.
//
// Most lines of a rendered chart look like that, so the scanner's speed is decided here. What is
// unusual in the slightest (a quote, an indicator, a comment, a blank line, a text that goes on
// below, an error) is left from its first byte to the grammar in scanner.cpp, which reads the usual
// lines just the same: without this file, only the time would differ.
#include "yaml/scanner.hpp"

namespace cloudlab::yaml {

/// Reads usual lines from pos_ on and leaves pos_ where it met the first other one.
bool Scanner::UsualLines() {
  if (Here() == '\n') NextLine();
  if (pos_ == line_) {
    SkipSpaces();
    if (Here() == '\t') pos_ = line_;  // The grammar wants to see the whole indentation.
  }
  while (true) {
    if (!AlwaysStartsPlain(Here()) || (Here() == '.' && pos_ == line_)) return true;
    CloseDeeper(Column());
    if (stack_.empty() || stack_.back().is_seq || stack_.back().column != Column()) return true;

    UsualLine line;
    if (!IsUsual(line)) return true;
    NodeId id = kNoNode;
    if (!AddChild(stack_.back(), line.key, Style::kPlain, id)) return false;
    outline_.nodes_[id].value = line.value;
    line_ = line.next_line;
    pos_ = line.next_token;
    switch (line.below) {
      case Below::kNothing:
        break;
      case Below::kMap:
        if (!OpenBlock(id, false)) return false;
        break;
      case Below::kSeq:
        if (!OpenBlock(id, true)) return false;
        break;
      case Below::kIndentlessSeq:
        if (!OpenIndentless(id)) return false;
        break;
    }
  }
}

/// True if the line of the key at pos_ is a usual one, all of which is then in `line`.
bool Scanner::IsUsual(UsualLine& line) {
  const std::uint32_t colon =
      known_key_.begin == pos_ ? known_key_.end : FindPlainStop(outline_.text_, pos_);
  if (At(colon) != ':' || IsBlank(data_[colon - 1]) || colon - pos_ > kMaxKeyBytes) return false;
  line.key = {pos_, colon};
  if (At(colon + 1) == '\n') {
    line.value = {colon + 1, colon + 1};
    PeekLine(colon + 2, line);
    return FindBelow(line);
  }
  if (At(colon + 1) != ' ') return false;
  const std::uint32_t begin = FindNoSpace(outline_.text_, colon + 1);
  if (!AlwaysStartsPlain(At(begin))) return false;
  bool has_colon = false;
  line.value.begin = begin;
  PlainLine(begin, line.value.end, has_colon);
  if (has_colon || At(line.value.end) != '\n') return false;
  PeekLine(line.value.end + 1, line);
  const char next = At(line.next_token);
  const bool goes_on = line.next_token - line.next_line > static_cast<std::uint32_t>(Column());
  return next == '#' || (!goes_on && !IsBlank(next) && !IsBreak(next));
}

void Scanner::PeekLine(std::uint32_t begin, UsualLine& line) const {
  line.next_line = begin;
  line.next_token = FindNoSpace(outline_.text_, begin);
}

/// What begins below a key without a value on its line; false if that is not for sure.
bool Scanner::FindBelow(UsualLine& line) {
  const char next = At(line.next_token);
  const auto next_column = static_cast<int>(line.next_token - line.next_line);
  const bool at_dash = next == '-' && IsBlankOrEnd(At(line.next_token + 1));
  line.below = Below::kNothing;
  if (AlwaysStartsPlain(next)) {
    if (next_column <= Column()) return true;
    line.below = Below::kMap;
    return KeyFollows(line.next_token);
  }
  if (!at_dash) return false;
  if (next_column > Column()) line.below = Below::kSeq;
  if (next_column == Column()) line.below = Below::kIndentlessSeq;
  return true;
}

}  // namespace cloudlab::yaml
