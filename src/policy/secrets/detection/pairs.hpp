// Keys with their values in one line of any configuration: `key: value`, `"key": "value"` (also
// several of a minified JSON, also inside of another string), `key = value`, `export KEY=value`,
// `{key: value}`, `key="value"` of XML and calls of functions, `<key>value</key>`.
//
// A line is read once from left to right; strings in quotes are read as what they are. Labels of
// metrics (`up{key="value"}`) and comparisons (`key == "value"`) are no settings.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/secrets/detection/findings.hpp"

namespace cloudlab::policy::secrets {

struct Pair {
  std::string_view key;
  Piece value;
  bool quoted = false;   ///< The value is, or is XML's.
  bool leading = false;  ///< The key begins its line.
  bool typed = false;    ///< Words of a program stand before the key: `const key`.
  char separator = ':';  ///< `:`, `=`, or `<` of XML.
};

/// Appends the pairs of `line`, and the strings in quotes that are no value of one.
void ReadPairs(std::string_view line, std::vector<Pair>& pairs);

}  // namespace cloudlab::policy::secrets
