#include "policy/secrets/detection/command.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

#include "policy/secrets/detection/connection.hpp"
#include "policy/secrets/detection/detect.hpp"
#include "policy/secrets/detection/forms.hpp"
#include "policy/secrets/detection/name.hpp"
#include "policy/secrets/detection/value_shape.hpp"

namespace cloudlab::policy::secrets {
namespace {

constexpr int kOptionScore = 75;

bool IsNameChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
}
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

/// A word of a command line, without the quotes around it.
struct ShellWord {
  std::string_view text;
  bool quoted = false;
  bool expands = false;  ///< In double quotes or none: `$x` is replaced.
  bool ends = false;     ///< A command ends behind it.
};

/// The next word at `at`, which is moved behind it.
std::optional<ShellWord> NextWord(std::string_view line, std::size_t& at) {
  while (at < line.size() && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r')) ++at;
  if (at >= line.size()) return std::nullopt;
  ShellWord word;
  const char mark = line[at];
  if (mark == '"' || mark == '\'') {
    const std::size_t close = line.find(mark, at + 1);
    if (close != line.npos) {
      word.text = line.substr(at + 1, close - at - 1);
      word.quoted = true;
      word.expands = mark == '"';
      at = close + 1;
      return word;
    }
  }
  const std::size_t begin = at;
  char open = '\0';
  for (; at < line.size(); ++at) {
    const char c = line[at];
    if (open == '\0' && (c == ' ' || c == '\t' || c == '\r')) break;
    if (open == '\0' && (c == ';' || c == '|' || c == '&' || c == ')')) break;
    if ((c == '"' || c == '\'') && at > begin && line[at - 1] == '=' && open == '\0') {
      open = line.find(c, at + 1) != line.npos ? c : '\0';
    } else if (c == open) {
      open = '\0';
    }
  }
  word.text = line.substr(begin, at - begin);
  word.expands = true;
  if (at < line.size() && std::string_view(";|&)").find(line[at]) != std::string_view::npos) {
    word.ends = true;
    ++at;
  }
  return word;
}

bool IsValue(std::string_view value, bool expands) {
  if (value.empty() || value.starts_with('-') || value.starts_with('=')) return false;
  if (IsHarmless(value) && !(IsInteger(value) && value.size() > 3)) return false;
  if (expands && value.find('$') != value.npos && !value.starts_with("$2")) return false;
  // `--password PASSWORD` of a manual.
  return !std::ranges::all_of(value, [](char c) { return IsUpper(c) || c == '_'; }) &&
         value.find_first_of("()|<>`") == value.npos;
}

std::string_view Unquoted(std::string_view value) {
  const bool quoted = value.size() > 1 && (value.front() == '"' || value.front() == '\'') &&
                      value.back() == value.front();
  return quoted ? value.substr(1, value.size() - 2) : value;
}

/// The name of an option: `--db-password`, `-password`; empty for `-p`.
std::string_view OptionName(std::string_view word) {
  if (word.size() < 3 || word[0] != '-') return {};
  while (word.starts_with('-')) word.remove_prefix(1);
  if (word.starts_with("D") && word.size() > 2) word.remove_prefix(1);
  return word.size() > 1 && std::ranges::all_of(word, IsNameChar) ? word : std::string_view{};
}

void AddOption(const Piece& piece, std::string_view name, std::string_view value,
               Findings& findings) {
  const NameRating rating = RateName(name);
  if (rating.kind != NameKind::kSecret && rating.kind != NameKind::kObject) return;
  const bool object = rating.kind == NameKind::kObject || rating.label == "SECRET";
  if (object && LooksLikeObjectName(value)) return;
  if (IsAllowed(name, findings.detection())) return;
  if (piece.comment && (IsProse(value) || LooksLikeObjectName(value))) return;
  if (value.find("://") != value.npos) return;
  findings.Add({value, piece.quoting, piece.comment}, {.written = value,
                                                       .value = std::string(value),
                                                       .score = kOptionScore,
                                                       .kind = "secret of an option",
                                                       .label = rating.label,
                                                       .rank = Rank::kNamed});
}

void AddProgramPassword(const Piece& piece, std::string_view value, Findings& findings) {
  findings.Add({value, piece.quoting, piece.comment}, {.written = value,
                                                       .value = std::string(value),
                                                       .score = kOptionScore,
                                                       .kind = "password of a command",
                                                       .label = "PASSWORD",
                                                       .rank = Rank::kNamed});
}

/// What an option of a program takes.
struct ProgramOption {
  std::string_view program;
  std::string_view option;
  bool joined;  ///< `-px`, not `-p x`.
  bool user;    ///< `user:x`
};
constexpr auto kProgramOptions = std::to_array<ProgramOption>({
    {"mysql", "-p", true, false},
    {"mysqldump", "-p", true, false},
    {"mysqladmin", "-p", true, false},
    {"mariadb", "-p", true, false},
    {"mariadb-dump", "-p", true, false},
    {"mariadb-admin", "-p", true, false},
    {"redis-cli", "-a", false, false},
    {"valkey-cli", "-a", false, false},
    {"curl", "-u", false, true},
    {"curl", "--user", false, true},
    {"sshpass", "-p", false, false},
    {"mongo", "-p", false, false},
    {"mongosh", "-p", false, false},
    {"mongodump", "-p", false, false},
    {"ldapsearch", "-w", false, false},
    {"ldapadd", "-w", false, false},
    {"ldapmodify", "-w", false, false},
    {"sqlcmd", "-P", false, false},
});

/// True if a program of the table may be called in the line.
bool MayRunProgram(std::string_view line) {
  return std::ranges::any_of(kProgramOptions, [line](const ProgramOption& row) {
    return line.find(row.program) != line.npos;
  });
}

const ProgramOption* FindProgramOption(std::string_view program, std::string_view word) {
  program = program.substr(program.rfind('/') + 1);
  for (const ProgramOption& row : kProgramOptions) {
    if (row.program != program) continue;
    if (row.joined ? word.size() > 2 && word.starts_with(row.option) : word == row.option)
      return &row;
  }
  return nullptr;
}

/// Looks at the words of one command, one after another.
class CommandReader {
 public:
  CommandReader(Findings& findings) : findings_(&findings) {}

  /// `word` stands in `findings`' text.
  void Read(const Piece& piece, const ShellWord& word, Findings& findings) {
    findings_ = &findings;
    const std::string_view text = word.text;
    if (expected_ != nullptr) {
      TakeExpected(piece, word);
      return;
    }
    if (!option_.empty()) {
      if (IsValue(text, word.expands)) AddOption(piece, option_, text, findings);
      option_ = {};
      if (!text.starts_with('-')) return;
    }
    if (program_.empty() && text.find('=') == text.npos) program_ = text;
    if (const ProgramOption* row = FindProgramOption(program_, text)) {
      expected_ = row;
      if (row->joined) TakeExpected(piece, {text.substr(row->option.size()), false, word.expands});
      return;
    }
    const std::size_t equals = text.find('=');
    if (equals != text.npos && equals > 0 && findings.detection().dsn) {
      FindInConnection(text.substr(0, equals), {Unquoted(text.substr(equals + 1))}, findings);
    }
    if (equals == text.npos) {
      option_ = OptionName(text);
    } else if (text[0] == '-') {
      const std::string_view value = text.substr(equals + 1);
      if (IsValue(Unquoted(value), word.expands && !value.starts_with('\''))) {
        AddOption(piece, OptionName(text.substr(0, equals)), Unquoted(value), findings);
      }
    }
  }

  /// What follows is another command.
  void End() {
    program_ = {};
    option_ = {};
    expected_ = nullptr;
  }

 private:
  void TakeExpected(const Piece& piece, const ShellWord& word) {
    std::string_view value = Unquoted(word.text);
    const bool user = expected_->user;
    expected_ = nullptr;
    if (!IsValue(value, word.expands)) return;
    const std::size_t colon = value.find(':');
    if (user && colon == value.npos) return;
    if (user) value.remove_prefix(colon + 1);
    if (IsValue(value, word.expands)) AddProgramPassword(piece, value, *findings_);
  }

  Findings* findings_;
  std::string_view program_;
  std::string_view option_;
  const ProgramOption* expected_ = nullptr;
};

bool IsAssignment(std::string_view argument) {
  const std::size_t equals = argument.find('=');
  if (equals == argument.npos || equals == 0) return false;
  const std::string_view name = argument.substr(0, equals);
  return std::ranges::all_of(name, [](char c) { return IsNameChar(c); }) && name[0] != '-';
}

/// What stands in one argument by itself.
void FindInArgument(std::string_view argument, Findings& findings) {
  const Piece piece = {argument};
  FindCredentials({}, piece, findings);
  FindInAuthorization(piece, false, findings);
  FindTokens(piece, findings);
  if (!IsAssignment(argument)) return;
  const std::size_t equals = argument.find('=');
  const std::string_view value = Unquoted(argument.substr(equals + 1));
  if (!IsAllowed(argument.substr(0, equals), findings.detection())) {
    FindNamed(argument.substr(0, equals), {value}, true, findings);
    if (findings.detection().dsn) FindInConnection(argument.substr(0, equals), {value}, findings);
  }
}

}  // namespace

void FindInOptions(const Piece& line, Findings& findings) {
  const std::string_view text = line.text;
  if (text.find(" -") == text.npos && !text.starts_with('-')) return;
  if (!MayTell(text) && !MayRunProgram(text)) return;
  CommandReader command(findings);
  std::size_t at = 0;
  while (const auto word = NextWord(text, at)) {
    command.Read(line, *word, findings);
    if (word->ends) command.End();
  }
}

std::vector<FoundArgument> FindInArguments(std::span<const std::string> arguments,
                                           const Detection& detection) {
  std::vector<FoundArgument> all;
  std::vector<Findings> findings;
  findings.reserve(arguments.size());
  for (const std::string& argument : arguments) findings.emplace_back(argument, detection);
  if (arguments.empty()) return all;
  CommandReader command(findings.front());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool script = argument.find_first_of("\n;") != argument.npos ||
                        (i > 0 && (arguments[i - 1] == "-c" || arguments[i - 1] == "-ec" ||
                                   arguments[i - 1] == "-exc" || arguments[i - 1] == "-lc"));
    const bool json = argument.starts_with('{');
    if ((script && argument.find(' ') != argument.npos) || json) {
      command.End();
      for (Found& found : FindInFile(json ? "argument.json" : "script.sh", argument, detection)) {
        all.push_back({i, std::move(found)});
      }
      continue;
    }
    FindInArgument(argument, findings[i]);
    if (detection.names) command.Read({argument}, {argument, false, false}, findings[i]);
    for (Found& found : findings[i].Take()) all.push_back({i, std::move(found)});
  }
  return all;
}

}  // namespace cloudlab::policy::secrets
