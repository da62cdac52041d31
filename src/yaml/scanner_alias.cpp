// Anchors, tags and aliases, and what aliases may stand for.
//
// An anchor remembers how high and how large the tree below its node is, with aliases expanded; a
// collection hands both on when it is closed (NoteClosed), so that nothing is walked again. An
// alias is an error where readers that follow it would meet a tree that is too large or too deep.
#include <algorithm>

#include "yaml/scanner.hpp"

namespace cloudlab::yaml {

namespace {
// go-yaml's limits against aliases that expand to far more than is written (decode.go). It counts
// keys as nodes too, so half of its 100 and 1,000.
constexpr std::uint64_t kAliasFree = 50;
constexpr std::uint64_t kNodesFree = 500;
constexpr double kAliasRatioSmall = 0.99;
constexpr double kAliasRatioLarge = 0.10;
constexpr std::uint64_t kSmallDocument = 400'000;
constexpr std::uint64_t kLargeDocument = 4'000'000;
/// Counts of expanded nodes end here, so that no sum of them overflows.
constexpr std::uint64_t kManyNodes = std::uint64_t{1} << 40U;

double AllowedAliasRatio(std::uint64_t nodes) {
  if (nodes <= kSmallDocument) return kAliasRatioSmall;
  if (nodes >= kLargeDocument) return kAliasRatioLarge;
  const double share = static_cast<double>(nodes - kSmallDocument) /
                       static_cast<double>(kLargeDocument - kSmallDocument);
  return kAliasRatioSmall - (kAliasRatioSmall - kAliasRatioLarge) * share;
}
}  // namespace

/// Anchor and tag in any order, at most one of each, each followed by blanks.
bool Scanner::ReadProperties(Prefix& prefix) {
  while (Here() == '&' || Here() == '!') {
    const std::uint32_t begin = pos_;
    const bool is_anchor = Here() == '&';
    Span& slot = is_anchor ? prefix.anchor : prefix.tag;
    if (!slot.empty()) {
      return Error("CL-Y-SYNTAX", is_anchor ? "a second anchor" : "a second tag", HereSpan());
    }
    ++pos_;
    if (!is_anchor && Here() == '!') ++pos_;
    const std::uint32_t name = pos_;
    const auto is_name = [&](char c) { return IsNameChar(c) || (!is_anchor && c == '.'); };
    while (is_name(Here())) ++pos_;
    if (pos_ == name || !IsBlankOrEnd(Here())) {
      const Span span{begin, pos_ + (AtEnd() ? 0U : 1U)};
      if (is_anchor) {
        return Refuse("CL-Y-ANCHOR", "this is no anchor that every reader takes", span,
                      "quote the text if none is meant");
      }
      return Refuse("CL-Y-TAG", "only the tags `!name` and `!!name` are supported", span,
                    "quote the text if no tag is meant");
    }
    slot = is_anchor ? Span{name, pos_} : Span{begin, pos_};
    SkipBlanks();
    if (Here() == '#' && !IsBlank(At(pos_ - 1))) return LineEnd();
  }
  return true;
}

void Scanner::SetProperties(NodeId node, const Prefix& prefix) {
  if (!prefix.any()) return;
  auto& properties = outline_.properties_;
  outline_.nodes_[node].has_property = true;
  const bool known = !properties.empty() && properties.back().node == node;
  if (!known) properties.push_back({node, {}, {}});
  const bool new_anchor = !prefix.anchor.empty() && properties.back().anchor.empty();
  properties.back().anchor = prefix.anchor;
  properties.back().tag = prefix.tag;
  if (new_anchor) anchors_[prefix.anchor.In(outline_.text_)] = {node};
}

bool Scanner::ReadAlias(NodeId node, const Prefix& prefix) {
  const std::uint32_t begin = pos_++;
  while (IsNameChar(Here())) ++pos_;
  const Span span{begin, pos_};
  if (prefix.any()) {
    return Error("CL-Y-SYNTAX", "an alias cannot have an anchor or a tag of its own", span);
  }
  const bool in_flow = !stack_.empty() && stack_.back().is_flow;
  const bool ends =
      IsBlankOrEnd(Here()) || (in_flow && (Here() == ',' || Here() == ']' || Here() == '}'));
  if (span.size() == 1 || !ends) {
    return Refuse("CL-Y-ANCHOR", "this is no alias that every reader takes", span,
                  "quote the text if none is meant");
  }
  const std::string_view name = outline_.text_.substr(begin + 1, span.size() - 1);
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return Error("CL-Y-ALIAS", "the alias *" + std::string(name) + " has no anchor before it", span,
                 "define &" + std::string(name) + " earlier in the same document");
  }
  const Anchor& target = found->second;
  // A collection without a height is still open: the alias stands in it.
  if (target.height == 0 && outline_.nodes_[target.node].kind != Kind::kScalar) {
    return Error("CL-Y-ALIAS", "the alias *" + std::string(name) + " stands inside its own anchor",
                 span);
  }
  Node& n = outline_.nodes_[node];
  n.kind = Kind::kAlias;
  n.value = span;
  outline_.aliases_.push_back({node, target.node});
  return CheckAliasBudget(target, span) && CheckAliasDepth(target, span);
}

/// Nodes behind aliases are counted as go-yaml's decoder counts them, so that a document that
/// expands beyond its limits is refused here, in time linear in what is written.
bool Scanner::CheckAliasBudget(const Anchor& target, Span span) {
  if (!stack_.empty()) stack_.back().by_aliases += target.size;
  alias_total_ = std::min(alias_total_ + target.size, kManyNodes);
  const std::uint64_t total = outline_.nodes_.size() + alias_total_;
  if (alias_total_ > kAliasFree && total > kNodesFree &&
      static_cast<double>(alias_total_) > AllowedAliasRatio(total) * static_cast<double>(total)) {
    return Error("CL-Y-ALIAS", "the aliases up to here expand to far more than is written", span,
                 "write the repeated content out, or use fewer levels of aliases");
  }
  return true;
}

/// Readers follow aliases by recursion, ours too (Value::From): each alias of a chain adds the
/// levels of its target, so the limit is on the depth of the expanded tree.
bool Scanner::CheckAliasDepth(const Anchor& target, Span span) {
  if (stack_.size() + target.height > kMaxDepth) {
    return Error("CL-Y-LIMIT", "more than 1,000 levels of nesting, with this alias expanded", span,
                 "write the repeated content out with fewer levels");
  }
  if (!stack_.empty()) stack_.back().height = std::max(stack_.back().height, target.height);
  return true;
}

/// Hands what is known of a closed collection to its anchor and to the collection around it.
void Scanner::NoteClosed(const Frame& frame) {
  if (anchors_.empty()) return;
  const std::uint32_t height = frame.height + 1;
  if (const Property* property = outline_.FindProperty(frame.node)) {
    const auto found = anchors_.find(property->anchor.In(outline_.text_));
    if (found != anchors_.end() && found->second.node == frame.node) {
      const std::uint64_t written = outline_.nodes_.size() - frame.node;
      found->second.height = height;
      found->second.size = std::min(written + frame.by_aliases, kManyNodes);
    }
  }
  if (stack_.empty()) return;
  Frame& around = stack_.back();
  around.height = std::max(around.height, height);
  around.by_aliases += frame.by_aliases;
}

}  // namespace cloudlab::yaml
