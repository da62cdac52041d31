#include "app/message.hpp"

#include <algorithm>


namespace cloudlab::app {
namespace {

/// Lines are cut for display: a caret a thousand columns to the right helps nobody.
constexpr std::size_t kWidest = 100;

/// The line of a place, and below it a caret under its first byte.
std::string Excerpt(const text::Place& place, Places& places) {
  const MaskedLine line = places.LineOf(place);
  const std::size_t from = line.column >= kWidest ? line.column + 1 - kWidest / 2 : 0;
  const std::string shown = line.text.substr(std::min(from, line.text.size()), kWidest);
  const std::size_t caret = line.column - from;
  const std::size_t room = shown.size() > caret ? shown.size() - caret : 1;
  const std::size_t width = std::clamp<std::size_t>(place.span.size(), 1, room);
  std::string lead(caret, ' ');
  for (std::size_t i = 0; i < std::min(caret, shown.size()); ++i) {
    if (shown[i] == '\t') lead[i] = '\t';
  }
  return "  " + shown + "\n  " + lead + "^" + std::string(width - 1, '~') + "\n";
}

}  // namespace

text::LineColumn Places::Of(const text::Place& place) {
  const auto index = indexes_.try_emplace(place.source, place.source->text).first;
  return index->second.Locate(place.span.begin);
}

MaskedLine Places::LineOf(const text::Place& place) {
  return texts_.try_emplace(place.source, place.source->text).first->second.Line(place.span.begin);
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
  if (has_place && !d.place.source->text.empty()) out += Excerpt(d.place, places);
  if (!d.hint.empty()) out += "  hint: " + d.hint + "\n";
  return out;
}

}  // namespace cloudlab::app
