// The outline of one document: a flat vector of nodes, each with the byte spans of its key and of
// its value. Nothing is decoded and nothing is copied; comments and blanks are the bytes between.
//
// The law of the scanner: what it accepts is a subset of what libyaml and go-yaml accept, with the
// same tree. Everything else is a Problem with a place and a reason. A Problem is either an Error,
// which the readers behind Helm and kustomize report too, or a Refusal: they may accept it, but we
// cannot edit it safely. Refused are: complex keys (`? `, collections, aliases, anchors or tags as
// keys), single pairs in flow sequences, `?` in plain flow scalars, directives, lone CR and the
// Unicode line breaks, tags other than `!name` and `!!name`, and keys of more than 1,000 bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/span.hpp"

namespace cloudlab::yaml {

using text::Span;

inline constexpr std::size_t kMaxDocumentBytes = 32U << 20U;
inline constexpr std::size_t kMaxNodes = 4'000'000;
inline constexpr std::size_t kMaxDepth = 1'000;
inline constexpr std::size_t kMaxKeyBytes = 1'000;

using NodeId = std::uint32_t;
inline constexpr NodeId kNoNode = ~NodeId{0};

enum class Kind : std::uint8_t { kScalar, kMap, kSeq, kAlias };

/// Scalars are plain, quoted or block scalars; collections are block or flow.
enum class Style : std::uint8_t { kPlain, kSingle, kDouble, kLiteral, kFolded, kBlock, kFlow };

/// One value and, in a map, its key; in a sequence, its dash. There are very many: half of a line of
/// the cache is enough for one.
struct Node {
  Span key;    ///< The key as written, quotes included; a block sequence's dash; else empty.
  Span value;  ///< Without anchor and tag. Empty, where it would stand, if there is no value.
  NodeId parent = kNoNode;
  NodeId next = kNoNode;  ///< Next sibling.
  std::uint32_t indent =
      0;  ///< Block collections: column of keys or dashes. Block scalars: of text.
  Kind kind = Kind::kScalar;
  Style style = Style::kPlain;
  Style key_style = Style::kPlain;
  bool has_property : 1 = false;  ///< An anchor or a tag stands before the value.
  bool has_children : 1 = false;
};
static_assert(sizeof(Node) == 32);

/// The anchor and the tag of a node; kept aside because they are rare.
struct Property {
  NodeId node = kNoNode;
  Span anchor;  ///< The name behind `&`, or empty.
  Span tag;     ///< As written, `!!str`, or empty.
};

/// An alias and the node that it stands for.
struct AliasTarget {
  NodeId alias = kNoNode;
  NodeId target = kNoNode;
};

struct Problem {
  enum class Class : std::uint8_t { kError, kRefusal };
  Class what = Class::kError;
  std::string_view code;  ///< A diagnostic code; see docs/diagnostics.md.
  std::string message;
  std::string hint;  ///< The way out, or empty.
  Span span;         ///< In the scanned text.
};

struct ScanResult;

class Outline {
 public:
  /// The text that was scanned; the outline does not own it.
  std::string_view text() const { return text_; }
  /// True for a document without content: nothing but comments, blanks and markers.
  bool empty() const { return nodes_.empty(); }
  /// Nodes in the order of their text; the first one is the root, but see ScanItem().
  const std::vector<Node>& nodes() const { return nodes_; }
  /// kNoNode for an empty document.
  NodeId root() const { return nodes_.empty() ? kNoNode : root_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  NodeId parent(NodeId id) const { return nodes_[id].parent; }
  /// The first child of `id`; the others follow by Node::next.
  NodeId FirstChild(NodeId id) const { return nodes_[id].has_children ? id + 1 : kNoNode; }

  const std::vector<Property>& properties() const { return properties_; }
  const std::vector<AliasTarget>& aliases() const { return aliases_; }
  /// One past the last node inside `id`: nodes stand in the order of the text.
  NodeId SubtreeEnd(NodeId id) const;
  /// The properties of `id`, or null.
  const Property* FindProperty(NodeId id) const;
  /// The node that the alias `id` stands for.
  NodeId TargetOf(NodeId id) const;
  /// True if `id` stands inside a node that an alias refers to: an edit there would show twice.
  bool IsShared(NodeId id) const;

 private:
  friend class Scanner;
  friend ScanResult ScanItem(std::string_view lines);

  std::string_view text_;
  std::vector<Node> nodes_;
  std::vector<Property> properties_;
  std::vector<AliasTarget> aliases_;
  NodeId root_ = 0;
};

/// The outline of one slice of a stream (see Split), or the first Problem in it.
struct ScanResult {
  Outline outline;
  std::optional<Problem> problem;
};

/// Scans one document. `at_stream_start` permits a byte order mark. Linear in the text, iterative,
/// memory at most kMaxNodes nodes; never throws on any input.
ScanResult Scan(std::string_view document, bool at_stream_start = true);

/// Scans whole lines that were cut out of a block sequence: one item with its dash. The root of the
/// outline is what stands behind the dash.
ScanResult ScanItem(std::string_view lines);

}  // namespace cloudlab::yaml
