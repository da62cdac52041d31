#include "policy/network/variables.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace cloudlab::policy::network {
namespace {

/// So deep are defaults inside of defaults looked into: variables can name each other in a circle.
constexpr int kMostDepth = 4;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameChar(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Defaults are short: what is longer is no variable, and a text of open braces is soon read.
constexpr std::size_t kMostLength = 1000;

/// Where the brace that opens at `open` closes; braces inside are counted.
std::size_t ClosingBrace(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < std::min(text.size(), open + kMostLength); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

/// Variables that hold each other several times grow without end: texts grow by so much at most,
/// and what would be longer stays. An object of the API is not larger itself.
constexpr std::size_t kMostGrowth = 1U << 20U;

/// What `${inside}` stands for.
std::optional<std::string> Substitute(std::string_view inside, const Variables& variables) {
  if (inside.starts_with("env:")) inside.remove_prefix(4);
  const std::size_t colon = inside.find(':');
  const auto found = variables.find(inside.substr(0, colon));
  if (found != variables.end() && !found->second.empty()) return found->second;
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view fallback = inside.substr(colon + 1);
  // `${A:?message}` and `${A:+other}` have none; `${A:0:3}` is a part of A.
  if (fallback.starts_with('?') || fallback.starts_with('+')) return std::nullopt;
  if (fallback.starts_with('-') || fallback.starts_with('=')) fallback.remove_prefix(1);
  if (fallback.empty()) return std::nullopt;
  return std::string(fallback);
}

/// Replaces each variable once; `nested` tells that a default with a variable came in.
std::string ExpandOnce(std::string_view text, const Variables& variables, bool& nested) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = std::min(text.find('$', at), text.size());
    out.append(text.substr(at, dollar - at));
    if (dollar == text.size()) break;
    std::size_t end = dollar + 1;
    std::optional<std::string> value;
    if (end < text.size() && text[end] == '{') {
      const std::size_t close = ClosingBrace(text, end);
      if (close != std::string_view::npos) {
        value = Substitute(text.substr(end + 1, close - end - 1), variables);
        end = close + 1;
      }
    } else {
      while (end < text.size() && IsNameChar(text[end])) ++end;
      const auto found = variables.find(text.substr(dollar + 1, end - dollar - 1));
      if (found != variables.end() && !found->second.empty()) value = found->second;
    }
    if (value && out.size() + value->size() <= dollar + kMostGrowth) {
      nested = nested || value->find("${") != std::string::npos;
      out += *value;
      at = end;
    } else {
      out += '$';
      at = dollar + 1;
    }
  }
  return out;
}

}  // namespace

std::string ExpandKubelet(std::string_view text, const Variables& variables) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const std::size_t close = text[i + 1] == '(' ? text.find(')', i) : std::string_view::npos;
    const auto found = close == std::string_view::npos
                           ? variables.end()
                           : variables.find(text.substr(i + 2, close - i - 2));
    if (found == variables.end() || out.size() + found->second.size() > i + kMostGrowth) {
      out += text[i];
      continue;
    }
    out += found->second;
    i = close;
  }
  return out;
}

std::string ExpandShell(std::string text, const Variables& variables) {
  for (int depth = 0; depth < kMostDepth; ++depth) {
    if (text.find('$') == std::string::npos) break;
    bool nested = false;
    text = ExpandOnce(text, variables, nested);
    if (!nested) break;
  }
  return text;
}

}  // namespace cloudlab::policy::network
