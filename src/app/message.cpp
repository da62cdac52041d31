#include "app/message.hpp"

#include <algorithm>

#include "policy/mask.hpp"
#include "text/line_index.hpp"

namespace cloudlab::app {
namespace {

/// Lines are cut for display: a caret a thousand columns to the right helps nobody.
constexpr std::size_t kWidest = 100;

/// `  - name: X` as its key and value; both empty where the line is none.
struct Entry {
  std::string_view key;
  std::string_view value;
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\"'-{,");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t\"',}\r\n") + 1);
}

Entry ReadEntry(std::string_view line) {
  const std::size_t colon = line.find(": ");
  if (colon == std::string_view::npos) return {};
  return {Trimmed(line.substr(0, colon)), Trimmed(line.substr(colon + 2))};
}

/// The name of the variable whose `value:` stands at `offset`: of the `name:` in a line next to it.
std::string_view VariableName(std::string_view buffer, std::size_t offset) {
  const std::string_view line = text::LineAt(buffer, offset);
  const auto line_begin = static_cast<std::size_t>(line.data() - buffer.data());
  if (line_begin > 0) {
    const Entry above = ReadEntry(text::LineAt(buffer, line_begin - 1));
    if (above.key == "name") return above.value;
  }
  const std::size_t next = buffer.find('\n', line_begin);
  if (next == std::string_view::npos) return {};
  const Entry below = ReadEntry(text::LineAt(buffer, next + 1));
  return below.key == "name" ? below.value : std::string_view{};
}

}  // namespace

std::string MaskedLine(std::string_view buffer, std::size_t offset) {
  const std::string_view line = text::LineAt(buffer, offset);
  Entry entry = ReadEntry(line);
  if (entry.value.empty()) return std::string(line);
  std::string_view name = entry.key;
  if (name == "value") {
    const std::string_view variable = VariableName(buffer, offset);
    if (!variable.empty()) name = variable;
  }
  const std::string masked = policy::MaskText(name, entry.value);
  if (masked == entry.value) return std::string(line);
  const auto at = static_cast<std::size_t>(entry.value.data() - line.data());
  return std::string(line.substr(0, at)) + masked + std::string(line.substr(at + entry.value.size()));
}

text::LineColumn Places::Of(const text::Place& place) {
  const auto index = indexes_.try_emplace(place.source, place.source->text).first;
  return index->second.Locate(place.span.begin);
}

std::string PrintMessage(const text::Diagnostic& d, Places& places) {
  std::string out;
  const bool has_place = d.place.source != nullptr;
  text::LineColumn at;
  if (has_place) {
    at = places.Of(d.place);
    out += d.place.source->name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": ";
  }
  out.append(text::Name(d.severity)).append(": ");
  if (!d.object.empty()) out += d.object + ": ";
  out += d.message + " [" + d.code + "]\n";
  if (has_place && !d.place.source->text.empty()) {
    const std::string line = MaskedLine(d.place.source->text, d.place.span.begin);
    const std::size_t from = at.column > kWidest ? at.column - kWidest / 2 : 0;
    const std::string shown = line.substr(std::min(from, line.size()), kWidest);
    const std::size_t caret = at.column - 1 - from;
    const std::size_t room = shown.size() > caret ? shown.size() - caret : 1;
    const std::size_t width = std::clamp<std::size_t>(d.place.span.size(), 1, room);
    std::string lead(caret, ' ');
    for (std::size_t i = 0; i < std::min(caret, shown.size()); ++i) {
      if (shown[i] == '\t') lead[i] = '\t';
    }
    out += "  " + shown + "\n  " + lead + "^" + std::string(width - 1, '~') + "\n";
  }
  if (!d.hint.empty()) out += "  hint: " + d.hint + "\n";
  return out;
}

}  // namespace cloudlab::app
