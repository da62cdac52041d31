#include "policy/network/command_line.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <utility>

#include "policy/network/key_words.hpp"

namespace cloudlab::policy::network {
namespace {

/// Scripts inside of scripts (`sh -c "bash -c '...'"`) are read so many levels deep.
constexpr int kMostDepth = 3;

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsKeyChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.' ||
         c == '-';
}
bool IsNumber(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsDigit); }

/// Where the name of an assignment ends; npos if `word` is none.
std::size_t EndOfName(std::string_view word) {
  std::size_t end = 0;
  while (end < word.size() && IsKeyChar(word[end])) ++end;
  return end > 0 && end < word.size() && word[end] == '=' ? end : std::string_view::npos;
}

/// Clients that take a place on the web as a plain word.
bool FetchesWords(std::string_view program) {
  static constexpr std::array<std::string_view, 3> kClients = {"curl", "wget", "http"};
  program = program.substr(program.rfind('/') + 1);
  return std::ranges::find(kClients, program) != kClients.end();
}

/// True for `cart/health`: a place without a scheme whose host cannot be a file's name.
bool IsPlainPlace(std::string_view word) {
  const std::string_view host = word.substr(0, word.find_first_of(":/"));
  return word.find("://") == std::string_view::npos && !host.empty() &&
         (host.find('.') == std::string_view::npos || host.find(".svc") != std::string_view::npos);
}

/// Reads the words of one command.
class CommandReader {
 public:
  explicit CommandReader(const std::vector<std::string>& words) : words_(words) {}

  std::vector<ConfigText> Run() {
    for (at_ = 0; at_ < words_.size(); ++at_) {
      const std::string_view word = words_[at_];
      if (word.size() > 1 && word.front() == '-' && !IsNumber(word.substr(1))) {
        Option(word);
      } else {
        Word(word);
      }
    }
    GivePorts(texts_);
    return std::move(texts_);
  }

 private:
  void Option(std::string_view word) {
    const std::size_t equals = word.find('=');
    const bool has_value = at_ + 1 < words_.size() && !words_[at_ + 1].starts_with('-');
    if (equals != std::string_view::npos) {
      Add(word.substr(0, equals), word.substr(equals + 1));
    } else if (word == "-h" || word == "-p" || word == "-P") {
      // What these letters mean wherever both are used.
      if (has_value) Add(word == "-h" ? "--host" : "--port", words_[++at_], word);
    } else {
      // `-hdb -P3306`, or `-host db`: only the names of the stream tell.
      if (word.starts_with("-h")) Add("--host", word.substr(2), "-h");
      if (word.starts_with("-P") && IsNumber(word.substr(2))) Add("--port", word.substr(2), "-P");
      if (!has_value || IsFlag(word)) return;
      ++at_;
      Add(word, WithNumber(words_[at_]));
    }
  }

  void Word(std::string_view word) {
    const std::string number = std::to_string(at_ + 1);
    if (const std::size_t name = EndOfName(word); name != std::string_view::npos) {
      Add(word.substr(0, name), word.substr(name + 1));
      return;
    }
    ConfigText text{"", WithNumber(word), number};
    if (at_ > 0 && FetchesWords(words_.front()) && IsPlainPlace(word)) {
      text.text.insert(0, "http://");
    }
    texts_.push_back(std::move(text));
  }

  /// The word here, and the number behind it: `nc -z db 5432`.
  std::string WithNumber(std::string_view word) const {
    std::string text(word);
    if (at_ + 1 < words_.size() && IsNumber(words_[at_ + 1])) text += " " + words_[at_ + 1];
    return text;
  }

  /// Flags of clients of the web: in `curl -f cart/x`, the place is no value of `-f`.
  bool IsFlag(std::string_view option) const {
    return FetchesWords(words_.front()) && option.find_first_not_of("-fiIkLnOqsSv") == option.npos;
  }

  void Add(std::string_view name, std::string_view value, std::string_view evidence = {}) {
    texts_.push_back(
        {std::string(name), std::string(value), std::string(evidence.empty() ? name : evidence)});
  }

  const std::vector<std::string>& words_;
  std::size_t at_ = 0;
  std::vector<ConfigText> texts_;
};

/// Splits a script into commands, and those into words without their quotes.
class Splitter {
 public:
  explicit Splitter(std::string_view script) : script_(script) {}

  std::vector<std::vector<std::string>> Run() {
    while (at_ < script_.size()) {
      const char c = script_[at_];
      if (c == '\\' && at_ + 1 < script_.size()) {
        if (script_[at_ + 1] != '\n') Take(script_[at_ + 1]);
        at_ += 2;
      } else if (c == '\'' || c == '"') {
        Quoted(c);
      } else if (c == '#' && !open_) {
        at_ = std::min(script_.find('\n', at_), script_.size());
      } else if (c == '\n' || std::string_view(";|&()`").find(c) != std::string_view::npos) {
        EndCommand();
        ++at_;
      } else if (IsSpace(c)) {
        EndWord();
        ++at_;
      } else {
        Take(c);
        ++at_;
      }
    }
    EndCommand();
    return std::move(commands_);
  }

 private:
  void Take(char c) {
    word_ += c;
    open_ = true;
  }

  /// A quote without its end is an apostrophe.
  void Quoted(char quote) {
    std::size_t end = at_ + 1;
    while (end < script_.size() && script_[end] != quote) {
      end += script_[end] == '\\' && quote == '"' ? 2 : 1;
    }
    if (end >= script_.size()) {
      Take(quote);
      ++at_;
      return;
    }
    word_.append(script_.substr(at_ + 1, end - at_ - 1));
    open_ = true;
    at_ = end + 1;
  }

  void EndWord() {
    if (open_) words_.push_back(std::move(word_));
    word_.clear();
    open_ = false;
  }

  void EndCommand() {
    EndWord();
    if (!words_.empty()) commands_.push_back(std::move(words_));
    words_.clear();
  }

  std::string_view script_;
  std::size_t at_ = 0;
  std::string word_;
  bool open_ = false;  // A word has begun; it may be empty ("").
  std::vector<std::string> words_;
  std::vector<std::vector<std::string>> commands_;
};

/// Takes off what only introduces a command: `until nc`, `exec app`, `export A=b`.
void DropIntroduction(std::vector<std::string>& words) {
  static constexpr std::array<std::string_view, 15> kWords = {
      "!",  "do",    "elif", "else", "env",   "eval",  "exec", "export",
      "if", "local", "then", "time", "until", "while", "sudo"};
  const auto first = std::ranges::find_if_not(
      words, [](std::string_view word) { return std::ranges::find(kWords, word) != kWords.end(); });
  words.erase(words.begin(), first);
}

}  // namespace

std::vector<ConfigText> ReadCommand(const std::vector<std::string>& words) {
  return CommandReader(words).Run();
}

std::vector<ConfigText> ReadScript(std::string_view script, Variables variables) {
  std::vector<ConfigText> texts;
  std::vector<std::string> scripts = {std::string(script)};
  for (int depth = 0; depth < kMostDepth && !scripts.empty(); ++depth) {
    std::vector<std::string> inner;
    for (const std::string& text : scripts) {
      for (std::vector<std::string>& words : Splitter(text).Run()) {
        DropIntroduction(words);
        for (std::string& word : words) {
          word = ExpandShell(std::move(word), variables);
          const std::size_t name = EndOfName(word);
          if (name != std::string::npos && word.find('$') == std::string::npos) {
            variables[word.substr(0, name)] = word.substr(name + 1);
          }
          if (std::ranges::any_of(word, IsSpace)) inner.push_back(word);
        }
        std::vector<ConfigText> found = ReadCommand(words);
        std::move(found.begin(), found.end(), std::back_inserter(texts));
      }
    }
    scripts = std::move(inner);
  }
  GivePorts(texts);  // What one command assigns belongs to what others do.
  return texts;
}

}  // namespace cloudlab::policy::network
