#include "policy/secrets/detection/pairs.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

namespace cloudlab::policy::secrets {
namespace {

/// Strings in strings in strings are read; what is deeper is text.
constexpr int kMostDepth = 3;

bool IsAlnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsKeyChar(char c) { return IsAlnum(c) || c == '_' || c == '.' || c == '-' || c == '/'; }

/// A string in quotes.
struct Quoted {
  std::string_view text;
  std::size_t end = 0;  ///< Behind the closing quote.
  Quoting quoting = Quoting::kNone;
};

/// The string that begins at `at`, if it is closed in the line.
std::optional<Quoted> ReadQuoted(std::string_view line, std::size_t at) {
  const bool nested = line.substr(at).starts_with("\\\"");
  const char mark = nested ? '"' : line[at];
  if (mark != '"' && mark != '\'') return std::nullopt;
  const std::size_t begin = at + (nested ? 2 : 1);
  for (std::size_t i = begin; i < line.size(); ++i) {
    if (nested) {
      if (line.substr(i).starts_with("\\\\")) {
        i += 2;  // Of `\\\"`, a quote inside of the nested string.
        continue;
      }
      if (line.substr(i).starts_with("\\\"")) {
        return Quoted{line.substr(begin, i - begin), i + 2, Quoting::kBackslash};
      }
      if (line[i] == '"') return std::nullopt;
      continue;
    }
    if (mark == '"' && line[i] == '\\') {
      ++i;
      continue;
    }
    if (line[i] != mark) continue;
    if (mark == '\'' && i + 1 < line.size() && line[i + 1] == '\'' && i > begin) {
      ++i;
      continue;
    }
    return Quoted{line.substr(begin, i - begin), i + 1,
                  mark == '"' ? Quoting::kBackslash : Quoting::kDoubled};
  }
  return std::nullopt;
}

/// The value of an attribute of XML, in which nothing is escaped but by entities.
std::optional<Quoted> ReadAttribute(std::string_view line, std::size_t at) {
  const std::size_t close = line.find(line[at], at + 1);
  if (close == line.npos) return std::nullopt;
  return Quoted{line.substr(at + 1, close - at - 1), close + 1, Quoting::kXml};
}

/// Reads one line, or what is in one string.
class Reader {
 public:
  Reader(std::string_view line, std::vector<Pair>& pairs, bool xml = false)
      : line_(line), pairs_(pairs), xml_(xml) {}

  void Read() {
    while (at_ < line_.size()) {
      const char c = line_[at_];
      if (IsKeyChar(c)) {
        ReadWord();
      } else if (c == '"' || c == '\'' || c == '\\') {
        ReadString();
      } else if (c == ':' || c == '=') {
        ReadValue();
      } else {
        if (c == '{' || c == '(' || c == '[') brackets_.push_back(c);
        if ((c == '}' || c == ')' || c == ']') && !brackets_.empty()) brackets_.pop_back();
        if (!IsBlank(c)) {
          if (!(c == '!' || c == '<' || c == '>' || c == '+' || c == '?') || !KeyIsOpen()) Forget();
          before_ = c;
        }
        ++at_;
      }
    }
  }

 private:
  bool KeyIsOpen() const { return !key_.empty(); }
  void Forget() { key_ = {}; }

  char InBracket() const { return brackets_.empty() ? '\0' : brackets_.back(); }

  std::optional<Quoted> StringAt(std::size_t at) const {
    const bool attribute = xml_ && (line_[at] == '"' || line_[at] == '\'');
    return attribute ? ReadAttribute(line_, at) : ReadQuoted(line_, at);
  }

  void ReadWord() {
    const std::size_t begin = at_;
    while (at_ < line_.size() && IsKeyChar(line_[at_])) ++at_;
    if (!key_.empty() && !quoted_key_) ++words_;
    if (key_.empty()) first_ = begin;
    key_ = line_.substr(begin, at_ - begin);
    key_before_ = begin == 0 ? '\0' : line_[begin - 1];
    quoted_key_ = false;
  }

  void ReadString() {
    const bool opens = at_ == 0 || !IsAlnum(line_[at_ - 1]);
    const auto string = opens ? StringAt(at_) : std::nullopt;
    if (!string) {
      Forget();
      before_ = line_[at_];
      ++at_;
      return;
    }
    key_ = string->text;
    key_before_ = at_ == 0 ? '\0' : line_[at_ - 1];
    if (key_.empty()) key_ = {};
    first_ = at_;
    quoted_key_ = true;
    at_ = string->end;
    // What is not followed by a separator is a string of its own.
    std::size_t next = at_;
    while (next < line_.size() && IsBlank(line_[next])) ++next;
    const bool is_key = next < line_.size() && (line_[next] == ':' || line_[next] == '=');
    if (!is_key) Push({{}, {string->text, string->quoting}, true});
  }

  /// At a separator. A value without quotes is one behind a key that leads the line, or in a flow.
  void ReadValue() {
    const std::size_t separator = at_;
    const char mark = line_[at_++];
    Pair pair;
    pair.key = key_;
    pair.separator = mark;
    pair.typed = words_ > 0 && !IsShellWord();
    const char behind = at_ < line_.size() ? line_[at_] : '\n';
    bool settles = !key_.empty() && key_before_ != '$' && key_before_ != '@' && behind != '~';
    if (behind == '=' || (behind == '>' && mark == '=')) {
      ++at_;  // `==`, `:=`, `=>`.
      settles = settles && !(mark == '=' && behind == '=');
      pair.typed = true;
    }
    const char before = separator == 0 ? '\0' : line_[separator - 1];
    if (before == '!' || before == '<' || before == '>' || before == '~') settles = false;
    // Labels of metrics, and of log lines.
    if (mark == '=' && InBracket() == '{' && !IsBlank(before)) settles = false;
    if (mark == ':' && !quoted_key_ && !IsBlank(behind) && behind != '\n' && behind != '=' &&
        behind != '"')
      settles = false;
    pair.leading = brackets_.empty() && OnlyBlanks(first_) && words_ < 4;
    Finish();
    if (!settles) return;
    while (at_ < line_.size() && IsBlank(line_[at_])) ++at_;
    if (at_ == line_.size()) {
      if (pair.leading) Push(pair);  // A key whose values are on the lines below.
      return;
    }
    if (const auto string = StringAt(at_)) {
      pair.value = {string->text, string->quoting};
      pair.quoted = true;
      at_ = string->end;
      Push(pair);
    } else if (pair.leading || (InBracket() == '{' && mark == ':')) {
      ReadBare(pair);
    }
  }

  void ReadBare(Pair pair) {
    const std::size_t begin = at_;
    std::size_t end = line_.size();
    if (!pair.leading) end = std::min(line_.find_first_of(",}", begin), line_.size());
    const char c = line_[begin];
    if (c == '{' || c == '[' || c == '(') {
      if (pair.leading) Push(pair);
      return;
    }
    // Strings and pairs further on in the line are found when it is read on.
    if (!pair.leading) at_ = end;
    while (end > begin && IsBlank(line_[end - 1])) --end;
    pair.value = {line_.substr(begin, end - begin)};
    Push(pair);
  }

  bool OnlyBlanks(std::size_t end) const {
    return line_.substr(0, end).find_first_not_of(" \t\"'") == line_.npos;
  }

  /// The words before the key are those of a shell or a Dockerfile.
  bool IsShellWord() const {
    static constexpr auto kWords =
        std::to_array<std::string_view>({"export ", "set ", "env ", "ENV ", "ARG ", "setenv ",
                                         "declare -x ", "local ", "readonly ", "-e ", "--env "});
    std::string_view line = line_.substr(std::min(line_.find_first_not_of(" \t"), line_.size()));
    return words_ == 1 &&
           std::ranges::any_of(kWords, [line](auto w) { return line.starts_with(w); });
  }

  void Finish() {
    Forget();
    words_ = 0;
    before_ = line_[at_ - 1];
  }

  void Push(const Pair& pair) { pairs_.push_back(pair); }

  std::string_view line_;
  std::vector<Pair>& pairs_;
  bool xml_;  ///< Begins with an element.
  std::size_t at_ = 0;
  std::string_view key_;   ///< The last word or string, if a separator may follow it.
  std::size_t first_ = 0;  ///< Where the words before it begin.
  std::size_t words_ = 0;  ///< How many words stand before it.
  bool quoted_key_ = false;
  char key_before_ = '\0';
  char before_ = '\0';
  std::string brackets_;
};

/// `<key>value</key>`, `<element name="key">value</element>`.
void ReadElements(std::string_view line, std::vector<Pair>& pairs) {
  for (std::size_t open = line.find('<'); open != line.npos; open = line.find('<', open + 1)) {
    if (open + 1 >= line.size() || !IsAlnum(line[open + 1])) continue;
    const std::size_t end = line.find_first_of("<>", open + 1);
    if (end == line.npos) return;
    const std::size_t close = line[end] == '>' ? line.find('<', end) : line.npos;
    if (close == line.npos || close + 1 >= line.size() || line[close + 1] != '/') continue;
    const std::string_view tag = line.substr(open + 1, end - open - 1);
    const std::string_view element = tag.substr(0, tag.find(' '));
    const std::string_view content = line.substr(end + 1, close - end - 1);
    if (content.empty() || !line.substr(close + 2).starts_with(element)) continue;
    std::string_view key = element.substr(element.rfind(':') + 1);
    const std::size_t name = tag.find(" name=\"");
    if (name != tag.npos) {
      key = tag.substr(name + 7);
      key = key.substr(0, key.find('"'));
    }
    pairs.push_back({key, {content, Quoting::kXml}, true, false, false, '<'});
  }
}

bool HoldsPairs(std::string_view text) {
  return text.size() > 6 && text.find_first_of(":=") != text.npos &&
         text.find_first_of("\"'{") != text.npos;
}

}  // namespace

void ReadPairs(std::string_view line, std::vector<Pair>& pairs) {
  if (line.find('<') != line.npos) ReadElements(line, pairs);
  std::size_t read = pairs.size();
  const std::size_t begin = line.find_first_not_of(" \t");
  const bool xml = begin != line.npos && begin + 1 < line.size() && line[begin] == '<' &&
                   IsAlnum(line[begin + 1]);
  Reader(line, pairs, xml).Read();
  for (int depth = 1; depth < kMostDepth; ++depth) {
    const std::size_t end = pairs.size();
    for (; read < end; ++read) {
      const Pair outer = pairs[read];
      if (!outer.quoted || !HoldsPairs(outer.value.text)) continue;
      const std::size_t first = pairs.size();
      Reader(outer.value.text, pairs).Read();
      for (std::size_t i = first; i < pairs.size(); ++i) {
        pairs[i].leading = false;
        if (!pairs[i].quoted) pairs[i].value.quoting = outer.value.quoting;
      }
    }
  }
}

}  // namespace cloudlab::policy::secrets
