#include "app/message.hpp"

#include <algorithm>

namespace cloudlab::app {
namespace {

/// Lines are cut for display: a caret a thousand columns to the right helps nobody.
constexpr std::size_t kWidest = 100;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

/// How many bytes the character at the front of `text` has, or 0 for what is none: a byte that no
/// UTF-8 has there, or a control character, which a terminal might obey.
std::size_t CharacterSize(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80U) return (lead >= 0x20U && lead != 0x7FU) || lead == '\t' ? 1 : 0;
  const std::size_t size = lead >= 0xF0U ? 4 : lead >= 0xE0U ? 3 : 2;
  if (lead < 0xC2U || lead > 0xF4U || size > text.size()) return 0;
  if (!std::ranges::all_of(text.substr(1, size - 1), IsContinuation)) return 0;
  const bool is_control = lead == 0xC2U && static_cast<unsigned char>(text[1]) < 0xA0U;
  return is_control ? 0 : size;
}

/// `text` with a `?` for every byte that is no text.
std::string Printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t size = CharacterSize(text);
    out += size == 0 ? "?" : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

/// As many blanks as `text` has characters; tabs stay tabs.
std::string Blanks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!IsContinuation(c)) out += c == '\t' ? '\t' : ' ';
  }
  return out;
}

/// The line of a place, and below it a caret under its first character.
std::string Excerpt(const text::Place& place, Places& places) {
  const MaskedLine line = places.LineOf(place);
  std::size_t from = line.column >= kWidest ? line.column + 1 - kWidest / 2 : 0;
  while (from < line.text.size() && IsContinuation(line.text[from])) ++from;
  const std::string_view shown =
      std::string_view(line.text).substr(std::min(from, line.text.size()), kWidest);
  const std::size_t caret = std::min(line.column - from, shown.size());
  const std::string lead = Printable(shown.substr(0, caret));
  const std::string marked =
      Printable(shown.substr(caret, std::max<std::size_t>(place.span.size(), 1)));
  const std::string tail = Printable(shown.substr(caret));
  const std::size_t width = std::max<std::size_t>(Blanks(marked).size(), 1);
  return "  " + lead + tail + "\n  " + Blanks(lead) + "^" + std::string(width - 1, '~') + "\n";
}

}  // namespace

text::LineColumn Places::Of(const text::Place& place) {
  const auto index = indexes_.try_emplace(place.source, place.source->text).first;
  return index->second.Locate(place.span.begin);
}

MaskedLine Places::LineOf(const text::Place& place) {
  const auto text = texts_.try_emplace(place.source, place.source->text, guard_).first;
  return text->second.Line(place.span.begin);
}

std::string PrintMessage(const text::Diagnostic& d, Places& places) {
  std::string out;
  const bool has_place = d.place.source != nullptr;
  text::LineColumn at;
  if (has_place) {
    at = places.Of(d.place);
    out += d.place.source->name + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) +
           ": ";
  }
  out.append(text::Name(d.severity)).append(": ");
  if (!d.object.empty()) out += d.object + ": ";
  out += d.message + " [" + d.code + "]\n";
  if (has_place && !d.place.source->text.empty()) out += Excerpt(d.place, places);
  if (!d.hint.empty()) out += "  hint: " + d.hint + "\n";
  return out;
}

}  // namespace cloudlab::app
