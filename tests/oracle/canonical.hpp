// One spelling for the tree of a YAML stream, so that readers can be compared: our scanner's
// outlines and libyaml's events both print to it, and so does the Go program in goyaml/.
//
//   {k v ...} maps, [v ...] sequences, one of p s d l f and a length before a scalar's text,
//   * and a name for an alias; & and ! with a name before a value. Flow collections print ( ) < >.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cloudlab::oracle {

/// The tree as our scanner sees it, or nothing if it does not accept the stream.
std::optional<std::string> ByOutline(std::string_view stream);

/// The tree as libyaml sees it, or nothing if it does not accept the stream.
std::optional<std::string> ByLibyaml(std::string_view stream);

/// A canonical tree without its styles: what is left is kinds, keys, texts, anchors, tags and
/// aliases.
std::string WithoutStyles(std::string_view canonical);

/// FNV-1a, 64 bits: how trees are compared with another process.
std::uint64_t Hash(std::string_view canonical);

}  // namespace cloudlab::oracle
