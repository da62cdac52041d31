// Files, line by line.
#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "policy/secrets/detection/command.hpp"
#include "policy/secrets/detection/connection.hpp"
#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/findings.hpp"
#include "policy/secrets/detection/forms.hpp"
#include "policy/secrets/detection/name.hpp"
#include "policy/secrets/detection/pairs.hpp"
#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy::secrets {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string_view Trim(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

template <typename Words>
bool EndsWithOneOf(std::string_view text, const Words& words) {
  return std::ranges::any_of(words, [text](auto word) { return text.ends_with(word); });
}

/// What a file is, as far as it decides how to read it.
enum class Language : std::uint8_t {
  kSettings,  ///< Words without quotes are values.
  kShell,
  kProgram,  ///< Words without quotes are names.
};

Language LanguageOf(std::string_view name, std::string_view text) {
  static constexpr auto kShell = std::to_array<std::string_view>({".sh", ".bash", ".zsh", ".ksh"});
  static constexpr auto kProgram = std::to_array<std::string_view>(
      {".lua",   ".js",   ".mjs",    ".ts",   ".py",   ".rb",     ".go",   ".php",
       ".pl",    ".tpl",  ".java",   ".kt",   ".vcl",  ".groovy", ".rego", ".jsonnet",
       ".star",  ".cue",  ".sql",    ".tmpl", ".md",   ".html",   ".css",  ".graphql",
       ".proto", ".tsx",  ".jsx",    ".cs",   ".rs",   ".c",      ".h",    ".cpp",
       ".ps1",   ".star", ".gotmpl", ".xsl",  ".wasm", ".erl",    ".ex",   ".exs"});
  if (EndsWithOneOf(name, kShell)) return Language::kShell;
  if (EndsWithOneOf(name, kProgram)) return Language::kProgram;
  if (!text.starts_with("#!")) return Language::kSettings;
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.find("sh") != line.npos ? Language::kShell : Language::kProgram;
}

/// `self.password`, `get(x)`, `a[0]`, `x ? y : z`: programs, not values.
bool LooksLikeProgram(std::string_view value) {
  static constexpr auto kParts =
      std::to_array<std::string_view>({"(", ")", "->", "::", " ? ", " + ", "||", "&&", " | ", "[",
                                       "]", "==", " => ", " and ", " or ", "`"});
  for (const std::string_view part : kParts) {
    if (value.find(part) != value.npos) return true;
  }
  // Names of names: letters, with dots between them.
  return value.find('.') != value.npos &&
         std::ranges::all_of(value, [](char c) { return IsLetter(c) || c == '.' || c == '_'; });
}

/// A shell replaces `$x` also inside of other text.
bool HasShellVariable(std::string_view value) {
  for (std::size_t at = value.find('$'); at != value.npos; at = value.find('$', at + 1)) {
    if (at + 1 < value.size() && (IsWordChar(value[at + 1]) || value[at + 1] == '@')) return true;
  }
  return false;
}

/// Reads a file from its first line to its last.
class FileReader {
 public:
  FileReader(std::string_view name, std::string_view text, Findings& findings)
      : name_(name), text_(text), findings_(findings), language_(LanguageOf(name, text)) {}

  void Read() {
    std::string_view rest = text_;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      ReadLine(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    FindTokens({text_}, findings_);
  }

 private:
  /// A key above, whose value stands below it.
  struct Parent {
    std::size_t indent;
    std::string_view key;
  };

  void ReadLine(std::string_view line) {
    ++number_;
    const std::string_view whole = line;
    line = Trim(line);
    if (line.empty()) return;
    Piece piece = {line};
    piece.comment = StripComment(piece.text);
    std::size_t indent = static_cast<std::size_t>(line.data() - whole.data());
    while (piece.text.starts_with("- ") || piece.text == "-") {
      piece.text.remove_prefix(1);
      const std::size_t blanks = std::min(piece.text.find_first_not_of(" \t"), piece.text.size());
      piece.text.remove_prefix(blanks);
      indent += 1 + blanks;
      item_ = true;
    }
    if (piece.text.empty()) return;
    if (ReadSection(piece.text)) return;
    if (!piece.comment) CloseParents(indent);
    ReadForms(piece);
    ReadPairsOf(piece, indent);
    item_ = false;
  }

  /// Takes the mark of a comment away; what stands in it is read as if it were not one.
  bool StripComment(std::string_view& line) const {
    static constexpr auto kMarks = std::to_array<std::string_view>({"#", "//", ";", "<!--", "/*"});
    bool comment = false;
    for (const std::string_view mark : kMarks) {
      if (!line.starts_with(mark) || line.starts_with("#{")) continue;
      comment = true;
      line.remove_prefix(mark.size());
      break;
    }
    if (!comment && line.starts_with("-- ")) {
      comment = true;
      line.remove_prefix(3);
    }
    if (!comment) return false;
    while (!line.empty() && (IsBlank(line.front()) || line.front() == '#')) line.remove_prefix(1);
    return true;
  }

  /// `[section]` of ini and TOML.
  bool ReadSection(std::string_view line) {
    if (line.front() != '[' || line.back() != ']' || line.size() < 3) return false;
    if (line.find_first_of("\",:{") != line.npos) return false;
    parents_.clear();
    while (line.front() == '[') line.remove_prefix(1);
    while (!line.empty() && line.back() == ']') line.remove_suffix(1);
    section_ = line;
    return true;
  }

  void CloseParents(std::size_t indent) {
    while (!parents_.empty() && parents_.back().indent >= indent) parents_.pop_back();
  }

  /// What is found whatever the keys are.
  void ReadForms(const Piece& line) {
    const Detection& detection = findings_.detection();
    if (detection.dsn) FindInUrls(line, findings_);
    if (!detection.names) return;
    FindInSql(line, findings_);
    FindInAuthorization(line, false, findings_);
    FindInDirective(line, findings_);
    FindInPasswordFile(name_, line, findings_);
    FindInOptions(line, findings_);
  }

  void ReadPairsOf(const Piece& line, std::size_t indent) {
    pairs_.clear();
    ReadPairs(line.text, pairs_);
    bool leading = false;
    for (Pair& pair : pairs_) {
      pair.value.comment = line.comment;
      leading |= pair.leading;
      ReadPair(pair, indent, line.comment);
    }
    // An item of a list: `passwords:` above it names it.
    if (!leading && item_ && !line.comment && !parents_.empty()) {
      Pair item = {parents_.back().key, line, false, true};
      if (line.text.front() == '"' || line.text.front() == '\'') return;
      NameValue(item.key, item);
    }
  }

  void ReadPair(Pair& pair, std::size_t indent, bool comment) {
    if (!pair.quoted && !pair.value.text.empty()) TrimBare(pair);
    const std::string_view value = pair.value.text;
    const bool opens = value.empty() || value == "|" || value == ">" || value == "|-" ||
                       value == ">-" || value == "{" || value == "[";
    if (pair.leading && opens && !pair.quoted && !comment) {
      parents_.push_back({indent, pair.key});
      return;
    }
    if (value.empty()) return;
    const bool code = !pair.quoted && (pair.typed || language_ == Language::kProgram);
    if (findings_.detection().dsn && !code && value.find('=') != value.npos) {
      FindInSettings(pair.value, findings_);
    }
    if (findings_.detection().dsn && !pair.key.empty()) {
      FindInConnection(pair.key, pair.value, findings_);
    }
    if (pair.key.empty()) return;
    if (EqualsIgnoringCase(pair.key, "auth") && pair.quoted) {
      FindInRegistryAuth(pair.value, findings_);
    }
    NameValue(pair.key, pair);
    ReadNamedValue(pair, indent);
  }

  /// `name: DB_PASSWORD` and `value: x`, beside or below each other, in any order.
  void ReadNamedValue(const Pair& pair, std::size_t indent) {
    const bool name = EqualsIgnoringCase(pair.key, "name") || EqualsIgnoringCase(pair.key, "key");
    if (!name && !EqualsIgnoringCase(pair.key, "value")) return;
    // Of minified JSON it is not known which value belongs to the name behind it.
    const bool same_line = number_ == beside_line_ && !name;
    const bool next_line = number_ == beside_line_ + 1 && !item_;
    if ((same_line || next_line) && indent == beside_indent_ && beside_is_name_ != name) {
      NameValue(name ? pair.value.text : beside_.value.text, name ? beside_ : pair);
    }
    beside_ = pair;
    beside_is_name_ = name;
    beside_line_ = number_;
    beside_indent_ = indent;
  }

  /// Takes away what is no part of a value without quotes.
  void TrimBare(Pair& pair) const {
    std::string_view& value = pair.value.text;
    if (value.front() == '#') value = {};
    const std::size_t remark = std::min(value.find(" #"), value.find(" //"));
    if (remark != value.npos) value = value.substr(0, remark);
    // YAML's anchors and tags.
    while (value.size() > 1 && (value[0] == '&' || value.starts_with("!!"))) {
      const std::size_t blank = value.find(' ');
      if (blank == value.npos) break;
      value = Trim(value.substr(blank));
    }
    if (language_ == Language::kShell) value = value.substr(0, value.find_first_of(" \t;&|"));
    // A quote that was opened on a line above.
    if (!value.empty() && (value.back() == '"' || value.back() == '\'') &&
        std::ranges::count(value, value.back()) % 2 == 1) {
      value.remove_suffix(1);
    }
    while (!value.empty() &&
           (value.back() == ';' || value.back() == ',' || IsBlank(value.back()))) {
      value.remove_suffix(1);
    }
  }

  /// True if the value of the pair is the text that stands there.
  bool IsLiteral(const Pair& pair) const {
    const std::string_view value = pair.value.text;
    if (language_ == Language::kShell && pair.value.quoting != Quoting::kDoubled &&
        HasShellVariable(value)) {
      return false;
    }
    if (pair.quoted) return pair.value.text.find("$(") == value.npos && !IsProse(value);
    if (pair.typed || language_ == Language::kProgram) return false;
    if (value == "|" || value == ">" || HasShellVariable(value.substr(0, 2))) return false;
    if (value.front() == '"' || value.front() == '\'' || value.front() == '*') return false;
    if (LooksLikeProgram(value) || IsProse(value)) return false;
    const bool words = std::ranges::all_of(value, [](char c) { return IsLetter(c) || c == ' '; });
    return !(pair.value.comment && words);
  }

  /// Titles: `"password": "Password"`.
  static bool IsTitle(std::string_view key, std::string_view value) {
    return value.front() >= 'A' && value.front() <= 'Z' && EqualsIgnoringCase(key, value);
  }

  void NameValue(std::string_view key, const Pair& pair) {
    if (!findings_.detection().names || !IsLiteral(pair) || IsTitle(key, pair.value.text)) return;
    const std::string_view parent = !parents_.empty() ? parents_.back().key : section_;
    std::string_view name = key;
    const NameKind alone = RateName(key).kind;
    const bool alone_says = alone != NameKind::kNone && alone != NameKind::kWeak;
    if (!alone_says && !parent.empty() && (pair.leading || item_)) {
      joined_.assign(parent).append(".").append(key);
      // `key` below `secret` is which key of a Secret.
      const NameKind together = RateName(joined_).kind;
      if (alone == NameKind::kNone && together != NameKind::kWeak) name = joined_;
    }
    if (findings_.detection().allow.empty() || !(IsAllowed(key, findings_.detection()) ||
                                                 IsAllowed(FullName(key), findings_.detection()))) {
      FindNamed(name, pair.value, true, findings_);
    }
  }

  std::string FullName(std::string_view key) const {
    std::string name;
    if (!section_.empty()) name.append(section_).append(".");
    for (const Parent& parent : parents_) name.append(parent.key).append(".");
    return name.append(key);
  }

  std::string_view name_;
  std::string_view text_;
  Findings& findings_;
  Language language_;
  std::vector<Parent> parents_;
  std::string_view section_;
  std::vector<Pair> pairs_;
  std::string joined_;
  bool item_ = false;
  std::size_t number_ = 1;
  Pair beside_;
  bool beside_is_name_ = false;
  std::size_t beside_line_ = 0;
  std::size_t beside_indent_ = 0;
};

}  // namespace

std::vector<Found> FindInFile(std::string_view name, std::string_view text,
                              const Detection& detection) {
  if (text.empty() || (!detection.allow.empty() && IsAllowed(name, detection))) return {};
  Findings findings(text, detection);
  FileReader(name, text, findings).Read();
  return findings.Take();
}

}  // namespace cloudlab::policy::secrets
