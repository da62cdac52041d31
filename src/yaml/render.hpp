// Writes a Value as text: block style at an indentation, or flow style on one line.
#pragma once

#include <string>
#include <string_view>

#include "yaml/value.hpp"

namespace cloudlab::yaml {

/// How a document writes its collections, learnt from its own text.
struct Layout {
  std::uint32_t step = 2;           ///< Columns from a map's keys to those of a map below.
  bool indent_sequences = false;    ///< Dashes deeper than their key, by `step`.
  bool literals = true;             ///< Texts of several lines as `|`; else in double quotes.
  std::string_view newline = "\n";  ///< Or "\r\n".
};

/// `value` as a one-line flow value; with `json`, every string and key in double quotes.
std::string RenderFlow(const Value& value, bool json);

/// Appends to `out` what follows `key:` or `-` when `value` is its value, including the final
/// newline: ` scalar\n`, or `\n` and lines below. `indent` is the column of the key or dash.
void RenderBlockValue(const Value& value, std::uint32_t indent, const Layout& layout,
                      std::string& out);
/// Appends the entries of the map `value` as lines, keys at column `indent`.
void RenderBlockEntries(const Value& value, std::uint32_t indent, const Layout& layout,
                        std::string& out);
/// Appends `- item` as lines, the dash at column `indent`.
void RenderBlockItem(const Value& item, std::uint32_t indent, const Layout& layout,
                     std::string& out);

/// A whole new document: the map `value` at column 0, ending with one newline.
std::string RenderDocument(const Value& value, std::string_view newline = "\n");

}  // namespace cloudlab::yaml
