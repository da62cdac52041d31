// Mutants of YAML seeds, for the fuzzers: one to three small changes that look like what people and
// template engines do to YAML, so that many stay valid. The same seed gives the same mutants.
#pragma once

#include <cstdint>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cloudlab::fuzz {

inline std::vector<std::string> ReadFiles(const std::vector<std::string>& paths) {
  std::vector<std::string> texts;
  for (const std::string& path : paths) {
    std::ifstream in(path, std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return texts;
}

class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, std::uint64_t seed)
      : seeds_(std::move(seeds)), random_(seed) {}

  /// A number below `bound`, from the same random numbers.
  std::size_t Below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

  std::string Next() {
    std::string text = Excerpt(seeds_[Below(seeds_.size())]);
    const std::size_t changes = 1 + Below(3);
    for (std::size_t i = 0; i < changes && !text.empty(); ++i) Change(text);
    return text;
  }

  /// One small change to a text that is not empty.
  void Change(std::string& text) {
    switch (Below(10)) {
      case 0:
        text.insert(Below(text.size() + 1), Token());
        break;
      case 1:
        text.insert(Below(text.size() + 1), 1, Character());
        break;
      case 2:
        text[Below(text.size())] = Character();
        break;
      case 3:
        text.erase(Below(text.size()), 1 + Below(3));
        break;
      case 4:
        Reindent(text);
        break;
      case 5:
        MoveLine(text);
        break;
      case 6:
        AddBehindLine(text);
        break;
      case 7:
        ReplaceScalar(text);
        break;
      case 8:
        text += Excerpt(seeds_[Below(seeds_.size())]);
        break;
      default:
        InsertLine(text);
        break;
    }
  }

 private:
  static std::vector<std::string> Lines(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      lines.push_back(text.substr(at, end - at));
      at = end;
    }
    return lines;
  }

  /// Some adjacent lines of the seed, or all of it: short streams find more per second.
  std::string Excerpt(const std::string& seed) {
    if (Below(4) == 0) return seed;
    const auto lines = Lines(seed);
    const std::size_t begin = Below(lines.size());
    const std::size_t end = begin + 1 + Below(std::min<std::size_t>(lines.size() - begin, 9));
    std::string text;
    for (std::size_t i = begin; i < end && i < lines.size(); ++i) text += lines[i];
    return text;
  }

  char Character() {
    static const std::string kCharacters =
        "  \n\n:-#,[]{}\"'|>&*!?%@`\t\rabk01~.=<\\/+_\xC3\xA9\xEF\xBB\xBF\x85\x7F";
    return kCharacters[Below(kCharacters.size())];
  }

  std::string Token() {
    static const std::vector<std::string> kTokens = {
        ": ",      "- ",           " #c",          "\n",     "\n  ",   "\n- ",
        "\n---\n", "\n...\n",      "&a ",          "*a",     "!!str ", "!t ",
        "&a\n",    "!!map # c\n",  "{a: b}",       "[a, b]", "\"q\"",  "'s'",
        "|\n",     ">-\n",         "|+\n",         "|2\n",   "~",      "null",
        "\r\n",    "\t",           "{}",           "[]",     "\\n",    "\\u0041",
        "\\/",     "\xC3\xA9",     "\xE2\x80\xA8", "k: v\n", "? ",     "<<: *a\n",
        "--- ",    "%YAML 1.2\n",  "::",           "-",      ":",      ",",
        " ",       "\xEF\xBB\xBF", "{{ .x }}",     "\\\n"};
    return kTokens[Below(kTokens.size())];
  }

  void Join(const std::vector<std::string>& lines, std::string& text) {
    text.clear();
    for (const auto& line : lines) text += line;
  }

  void Reindent(std::string& text) {
    auto lines = Lines(text);
    std::string& line = lines[Below(lines.size())];
    if (Below(2) == 0) {
      line.insert(0, 1 + Below(3), ' ');
    } else {
      line.erase(0, std::min(line.find_first_not_of(' '), 1 + Below(3)));
    }
    Join(lines, text);
  }

  void MoveLine(std::string& text) {
    auto lines = Lines(text);
    const std::size_t from = Below(lines.size());
    const std::string line = lines[from];
    if (Below(2) == 0) lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(from));
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(Below(lines.size() + 1)), line);
    Join(lines, text);
  }

  void AddBehindLine(std::string& text) {
    static const std::vector<std::string> kTails = {" # c", " ",   "\t", "  # {", " x",     ":",
                                                    ": y",  " &b", "\r", "\n\n",  "\n # c", "\n\t"};
    auto lines = Lines(text);
    std::string& line = lines[Below(lines.size())];
    const std::size_t end = line.find_last_not_of("\r\n");
    line.insert(end == std::string::npos ? 0 : end + 1, kTails[Below(kTails.size())]);
    Join(lines, text);
  }

  /// Puts another value behind a colon or a dash.
  void ReplaceScalar(std::string& text) {
    static const std::vector<std::string> kValues = {"\"a\\tb\"",
                                                     "'it''s'",
                                                     "|\n        deep\n",
                                                     "&n v",
                                                     "*n",
                                                     "!!int 3",
                                                     "{x: 1, y: [z]}",
                                                     "[]",
                                                     "a b",
                                                     "a:b",
                                                     "a #b",
                                                     "",
                                                     "-1",
                                                     "- x",
                                                     "x: y",
                                                     "\"two\n  lines\"",
                                                     "two\n          lines",
                                                     ">\n         f\n\n         g"};
    const std::size_t at = text.find(Below(2) == 0 ? ": " : "- ", Below(text.size()));
    if (at == std::string::npos) return;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    text.replace(at + 2, end - at - 2, kValues[Below(kValues.size())]);
  }

  void InsertLine(std::string& text) {
    static const std::vector<std::string> kLines = {
        "# c\n",      "\n",   "   \n", "k: v\n", "- i\n", "---\n",  "...\n",
        "\"k\": v\n", "k:\n", "-\n",   "&a\n",   "}\n",   "  # c\n"};
    auto lines = Lines(text);
    const std::size_t at = Below(lines.size() + 1);
    std::string line = kLines[Below(kLines.size())];
    if (at < lines.size() && Below(2) == 0) {
      line.insert(0, std::min(lines[at].find_first_not_of(' '), lines[at].size()), ' ');
    }
    lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(at), line);
    Join(lines, text);
  }

  std::vector<std::string> seeds_;
  std::mt19937_64 random_;
};

}  // namespace cloudlab::fuzz
