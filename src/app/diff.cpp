#include "app/diff.hpp"

#include <algorithm>

#include "app/masked_text.hpp"

namespace cloudlab::app {
namespace {

constexpr std::size_t kContext = 3;

/// The offset behind the line that begins at `at`, line break included.
std::size_t LineEnd(std::string_view text, std::size_t at) {
  const std::size_t newline = text.find('\n', at);
  return newline == std::string_view::npos ? text.size() : newline + 1;
}

std::string_view LineFrom(std::string_view text, std::size_t at) {
  return text.substr(at, LineEnd(text, at) - at);
}

struct Line {
  char sign = ' ';
  std::size_t at = 0;  ///< In the input for ' ' and '-', in the output for '+'.
};

/// Every line of both texts in the order of a diff.
std::vector<Line> Classify(std::string_view input, const Output& output) {
  std::vector<Line> lines;
  std::size_t from = 0;
  std::size_t to = 0;
  const auto flush = [&](std::size_t from_end, std::size_t to_end) {
    // An edit may begin at the end of a line: that line stays.
    while (from < from_end && to < to_end && LineFrom(input, from) == LineFrom(output.text, to)) {
      lines.push_back({' ', from});
      from = LineEnd(input, from);
      to = LineEnd(output.text, to);
    }
    for (; from < from_end; from = LineEnd(input, from)) lines.push_back({'-', from});
    for (; to < to_end; to = LineEnd(output.text, to)) lines.push_back({'+', to});
  };
  for (const Copied& run : output.copied) {
    // The whole lines inside the run that begin a line on both sides.
    std::size_t at = run.from;
    while (at < run.from + run.size) {
      const std::size_t there = run.to + (at - run.from);
      const bool starts =
          (at == 0 || input[at - 1] == '\n') && (there == 0 || output.text[there - 1] == '\n');
      const std::size_t end = LineEnd(input, at);
      const bool whole =
          end <= run.from + run.size && LineEnd(output.text, there) - there == end - at;
      if (starts && whole && at >= from && there >= to) {
        flush(at, there);
        lines.push_back({' ', at});
        from = end;
        to = there + (end - at);
      }
      at = end;
    }
  }
  flush(input.size(), output.text.size());
  return lines;
}

void PrintLine(const Line& line, std::string_view text, MaskedText& masked, std::string& out) {
  const std::string_view whole = LineFrom(text, line.at);
  out.push_back(line.sign);
  out += masked.Line(line.at).text;
  if (whole.ends_with("\r\n")) out.push_back('\r');
  out.push_back('\n');
  if (!whole.ends_with('\n')) out += "\\ No newline at end of file\n";
}

std::string Range(std::size_t first, std::size_t count) {
  const std::size_t shown = count == 0 ? first - 1 : first;
  return std::to_string(shown) + (count == 1 ? "" : "," + std::to_string(count));
}

}  // namespace

std::string UnifiedDiff(std::string_view input, const Output& output, std::string_view name,
                        const Guard& guard) {
  const std::vector<Line> lines = Classify(input, output);
  MaskedText old_text(input, guard);
  MaskedText new_text(output.text, guard);
  std::string out;
  std::size_t old_line = 1;
  std::size_t new_line = 1;
  std::size_t done = 0;
  const auto count = [&](std::size_t begin, std::size_t end, std::size_t& olds, std::size_t& news) {
    for (std::size_t i = begin; i < end; ++i) {
      olds += lines[i].sign != '+' ? 1 : 0;
      news += lines[i].sign != '-' ? 1 : 0;
    }
  };
  for (std::size_t i = 0; i < lines.size();) {
    if (lines[i].sign == ' ') {
      ++i;
      continue;
    }
    // A hunk: changes that are at most two contexts apart.
    std::size_t end = i + 1;
    for (std::size_t j = end; j < lines.size() && j <= end + 2 * kContext; ++j) {
      if (lines[j].sign != ' ') end = j + 1;
    }
    const std::size_t begin = std::max(i > kContext ? i - kContext : 0, done);
    const std::size_t tail = std::min(end + kContext, lines.size());
    count(done, begin, old_line, new_line);
    std::size_t olds = 0;
    std::size_t news = 0;
    count(begin, tail, olds, news);
    if (out.empty()) out += "--- " + std::string(name) + "\n+++ " + std::string(name) + "\n";
    out += "@@ -" + Range(old_line, olds) + " +" + Range(new_line, news) + " @@\n";
    for (std::size_t j = begin; j < tail; ++j) {
      const bool is_new = lines[j].sign == '+';
      PrintLine(lines[j], is_new ? output.text : input, is_new ? new_text : old_text, out);
    }
    old_line += olds;
    new_line += news;
    done = tail;
    i = tail;
  }
  return out;
}

}  // namespace cloudlab::app
