// A text is searched as it is, and then once more wherever it is written in a way that can be
// undone: lines with escapes, and lines of base64. Both are rare, so what counts is how fast they
// are told from others.
#include "policy/secrets/leak.hpp"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "base/parallel.hpp"
#include "policy/mask.hpp"
#include "policy/secrets/decoded_view.hpp"
#include "policy/secrets/forms.hpp"

namespace cloudlab::policy::secrets {
namespace {

using Leak = LeakSearch::Leak;
using Marks = LeakSearch::Marks;

constexpr std::size_t kPart = std::size_t{256} << 10U;

std::string_view Words(Form form) {
  switch (form) {
    case Form::kRaw:
      return "as it is";
    case Form::kEscapes:
      return "with escapes";
    case Form::kPercent:
      return "percent-encoded";
    case Form::kBase64:
      return "in base64";
  }
  return "as it is";
}

std::size_t LineEnd(std::string_view text, std::size_t at) {
  return std::min(text.find('\n', at), text.size());
}

/// Searches one part of a text, which begins at a line.
class PartSearch {
 public:
  PartSearch(const PatternTable& table, Marks has, std::string_view text)
      : table_(table), has_(has), text_(text) {}

  std::vector<Leak> Search(std::size_t begin, std::size_t end) {
    std::vector<PatternTable::Match> matches;
    table_.Search(text_, begin, end, matches);
    for (const auto& match : matches) {
      const Pattern& pattern = *match.pattern;
      Add(pattern, pattern.form, match.begin, match.begin + pattern.text.size());
    }
    SearchEscapes(begin, end);
    SearchBase64Lines(begin, end);
    return std::move(leaks_);
  }

 private:
  void Add(const Pattern& pattern, Form form, std::size_t begin, std::size_t end) {
    leaks_.push_back({pattern.id,
                      {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)},
                      Words(form)});
  }

  void SearchEscapes(std::size_t begin, std::size_t end) {
    const std::string_view part = text_.substr(0, end);
    for (std::size_t at = FindEscape(part, begin); at < end; at = FindEscape(part, at)) {
      if (!MayBeEscape(at)) {
        ++at;
        continue;
      }
      const std::size_t feed = at == 0 ? std::string_view::npos : text_.rfind('\n', at - 1);
      const std::size_t line = std::max(feed == std::string_view::npos ? 0 : feed + 1, begin);
      at = LineEnd(text_, at);
      SearchLine(ViewOf(text_, line, at));
    }
  }

  bool MayBeEscape(std::size_t at) const {
    if (text_[at] == '%') return Changes(Undo::kPercents, text_.substr(at, 3));
    if (text_[at] == '\'') return has_.quotes && text_.substr(at + 1, 1) == "'";
    return true;
  }

  /// A line as it is read if it is JSON, JSON in JSON, single-quoted YAML with JSON in it and so
  /// on; and each of these as a URL.
  void SearchLine(const View& line) {
    using enum Undo;
    SearchPercents(line);
    SearchUndone(line, {kPercents, kBackslashes});
    SearchUndone(line, {kBackslashes, kBackslashes, kBackslashes});
    if (!has_.quotes) return;
    SearchUndone(line, {kQuotes, kBackslashes, kBackslashes});
    SearchUndone(line, {kBackslashes, kQuotes});
  }

  void SearchUndone(const View& line, std::initializer_list<Undo> steps) {
    View view;
    const View* before = &line;
    Form form = Form::kEscapes;
    for (const Undo undo : steps) {
      if (!Changes(undo, before->text)) return;
      view = Undone(undo, *before);
      before = &view;
      if (undo == Undo::kPercents) form = Form::kPercent;
      SearchView(view, form);
      SearchPercents(view);
    }
  }

  void SearchPercents(const View& view) {
    if (!Changes(Undo::kPercents, view.text)) return;
    SearchView(Undone(Undo::kPercents, view), Form::kPercent);
    if (!has_.blanks || view.text.find('+') == std::string::npos) return;
    SearchView(Undone(Undo::kPercentsAndPluses, view), Form::kPercent);
  }

  void SearchView(const View& view, Form form) {
    std::vector<PatternTable::Match> matches;
    table_.Search(view.text, 0, view.text.size(), matches);
    for (const auto& match : matches) {
      const Pattern& pattern = *match.pattern;
      // Words that stand on lines of their own are no word together.
      const bool word = pattern.alone_before || pattern.alone_after;
      if (form == Form::kBase64 && word) continue;
      const std::size_t end = match.begin + pattern.text.size();
      Add(pattern, pattern.form == Form::kRaw ? form : pattern.form, view.at[match.begin],
          view.at[end]);
    }
  }

  void SearchBase64Lines(std::size_t begin, std::size_t end) {
    const std::string_view part = text_.substr(0, end);
    for (std::size_t at = FindBase64Line(part, begin); at < end; at = FindBase64Line(part, at)) {
      SearchView(JoinedLines(text_, at, at), Form::kBase64);
    }
  }

  const PatternTable& table_;
  Marks has_;
  std::string_view text_;
  std::vector<Leak> leaks_;
};

/// Where parts begin: at lines, and not between lines of base64.
std::vector<std::size_t> PartsOf(std::string_view text) {
  std::vector<std::size_t> begins = {0};
  for (std::size_t at = kPart; at < text.size(); at += kPart) {
    std::size_t end = LineEnd(text, at);
    at = std::min(end + 1, text.size());
    while (at < text.size()) {
      end = LineEnd(text, at);
      if (!IsBase64Line(text.substr(at, end - at))) break;
      at = std::min(end + 1, text.size());
    }
    if (at < text.size()) begins.push_back(at);
  }
  begins.push_back(text.size());
  return begins;
}

/// In the order of the text, without those that lie inside of others.
void Settle(std::vector<Leak>& leaks) {
  std::ranges::stable_sort(leaks, [](const Leak& a, const Leak& b) {
    return std::pair(a.span.begin, b.span.end) < std::pair(b.span.begin, a.span.end);
  });
  std::uint32_t done = 0;
  std::erase_if(leaks, [&done](const Leak& leak) {
    if (leak.span.end <= done) return true;
    done = leak.span.end;
    return false;
  });
}

bool HoldsBits(char c) { return c != '=' && IsBase64Byte(c); }

/// What is hidden for a leak: of base64, also the characters beside it that hold bits of its first
/// and last byte, unless the one before may belong to an escape.
text::Span HiddenBy(const Leak& leak, std::string_view text) {
  constexpr std::size_t kLongestEscape = 6;
  text::Span span = leak.span;
  if (leak.form != Words(Form::kBase64)) return span;
  const std::size_t look = std::min<std::size_t>(span.begin, kLongestEscape);
  const std::string_view before = text.substr(span.begin - look, look);
  if (!before.empty() && HoldsBits(before.back()) && before.find('\\') == before.npos) --span.begin;
  if (span.end < text.size() && HoldsBits(text[span.end])) ++span.end;
  return span;
}

}  // namespace

void LeakSearch::Add(std::string_view value, std::size_t id) {
  for (Pattern& pattern : PatternsOf(value, id)) table_.Add(std::move(pattern));
  has_.quotes = has_.quotes || value.find('\'') != std::string_view::npos;
  has_.blanks = has_.blanks || value.find(' ') != std::string_view::npos;
}

std::optional<LeakSearch::Leak> LeakSearch::Find(std::string_view text) const {
  const std::vector<Leak> leaks = FindAll(text);
  return leaks.empty() ? std::nullopt : std::optional(leaks.front());
}

std::vector<LeakSearch::Leak> LeakSearch::FindAll(std::string_view text) const {
  if (empty() || text.size() < PatternTable::kShortest) return {};
  const std::vector<std::size_t> begins = PartsOf(text);
  std::vector<std::vector<Leak>> found(begins.size() - 1);
  ForEachTask(found.size(), [&](std::size_t i) {
    found[i] = PartSearch(table_, has_, text).Search(begins[i], begins[i + 1]);
  });
  std::vector<Leak> leaks;
  for (const auto& part : found) leaks.insert(leaks.end(), part.begin(), part.end());
  Settle(leaks);
  return leaks;
}

std::vector<text::Span> LeakSearch::Hidden(std::string_view text) const {
  std::vector<text::Span> spans;
  for (const Leak& leak : FindAll(text)) {
    const text::Span span = HiddenBy(leak, text);
    if (spans.empty() || span.begin > spans.back().end) {
      spans.push_back(span);
    } else {
      spans.back().end = std::max(spans.back().end, span.end);
    }
  }
  return spans;
}

std::string LeakSearch::Scrub(std::string text) const {
  // What stood glued to a value may stand alone behind it. Every turn makes the text shorter.
  for (auto hidden = Hidden(text); !hidden.empty(); hidden = Hidden(text)) {
    std::string scrubbed;
    std::size_t done = 0;
    for (const text::Span span : hidden) {
      scrubbed.append(text, done, span.begin - done).append(kMask);
      done = span.end;
    }
    text = scrubbed.append(text, done);
  }
  return text;
}

}  // namespace cloudlab::policy::secrets
