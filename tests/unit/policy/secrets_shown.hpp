// Findings as text to read: the text that was searched, with each secret in brackets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/secrets/detection/detect.hpp"

namespace cloudlab::policy::secrets {

/// `postgres://app:[pw]@db`
inline std::string Shown(std::string_view text, const std::vector<Found>& found) {
  std::string shown;
  std::size_t at = 0;
  for (const Found& each : found) {
    shown.append(text.substr(at, each.span.begin - at)).append("[");
    shown.append(each.span.In(text)).append("]");
    at = each.span.end;
  }
  return shown.append(text.substr(at));
}

/// A text that is marked so, without the marks.
inline std::string Unmarked(std::string_view marked) {
  std::string text;
  for (const char c : marked) {
    if (c != '[' && c != ']') text += c;
  }
  return text;
}

}  // namespace cloudlab::policy::secrets
