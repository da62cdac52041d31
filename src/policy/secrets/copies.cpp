// The part of the planner that looks for copies: a value that is secret in one place is secret in
// every place.
#include <algorithm>
#include <optional>

#include "base/parallel.hpp"
#include "policy/secrets/leak.hpp"
#include "policy/secrets/names.hpp"
#include "policy/secrets/planner.hpp"

namespace cloudlab::policy::secrets {
namespace {

using yaml::NodeView;
using Where = Site::Where;

/// The innermost scalar that holds the byte at `offset` of its document.
NodeView ScalarAt(const yaml::Outline& outline, std::uint32_t offset) {
  // Nodes stand in the order of the text, so the last one that begins before it is the innermost.
  const auto& nodes = outline.nodes();
  const auto behind = std::upper_bound(
      nodes.begin(), nodes.end(), offset,
      [](std::uint32_t at, const yaml::Node& node) { return at < node.value.begin; });
  for (auto at = behind; at != nodes.begin();) {
    --at;
    if (at->value.end <= offset) {
      if (at->kind == yaml::Kind::kScalar) return {};
      continue;
    }
    if (at->kind != yaml::Kind::kScalar) return {};
    return {outline, static_cast<yaml::NodeId>(at - nodes.begin())};
  }
  return {};
}

}  // namespace

/// Looks for the values that are replaced in variables and ConfigMaps where nothing else told that
/// they are secret: there they are replaced, too.
void Planner::FindCopies() {
  std::map<std::string, std::string_view> values;  // With what they are.
  for (const auto& [m, s] : replaced_) {
    for (const Found& found : plan_.members_[m].sites[s].found) {
      if (found.value.size() < PatternTable::kShortest || plan_.members_[m].sites[s].binary)
        continue;
      if (found.value.find('\n') != std::string::npos) continue;
      values.emplace(found.value, found.kind);
    }
  }
  std::erase_if(values, [&](const auto& item) { return dictionary_.Knows(item.first); });
  if (values.empty()) return;
  LeakSearch search;
  std::vector<std::pair<std::string, std::string_view>> known(values.begin(), values.end());
  for (std::size_t i = 0; i < known.size(); ++i) search.Add(known[i].first, i);
  search.Prepare();
  struct Copy {
    const kube::Manifest* manifest = nullptr;
    NodeView scalar;
    std::size_t value = 0;
  };
  const auto& manifests = index_.manifests();
  const auto copies =
      CollectFromChunks<Copy>(manifests.size(), [&](std::size_t i, std::vector<Copy>& found) {
        const kube::Manifest& manifest = manifests[i];
        const bool config = manifest.id.kind == "ConfigMap" && manifest.id.group().empty();
        if (!config && !manifest.pod) return;
        const yaml::Outline& outline = manifest.root.outline();
        const text::Span own = manifest.root.node().value;
        for (const LeakSearch::Leak& leak : search.FindAll(own.In(outline.text()))) {
          if (leak.form != "as it is") continue;
          const NodeView scalar = ScalarAt(outline, own.begin + leak.span.begin);
          if (scalar) found.push_back({&manifest, scalar, leak.id});
        }
        // Of values that begin alike, the longer one is meant.
        std::ranges::stable_sort(found, std::ranges::greater(),
                                 [&](const Copy& copy) { return known[copy.value].first.size(); });
      });
  for (const Copy& copy : copies) {
    AddCopy(*copy.manifest, copy.scalar, known[copy.value].first, known[copy.value].second);
  }
}

void Planner::AddCopy(const kube::Manifest& manifest, NodeView scalar, const std::string& value,
                      std::string_view kind) {
  const NodeView parent = scalar.parent();
  const bool entry = manifest.id.kind == "ConfigMap" && parent == manifest.root.Find("data");
  const bool variable = scalar.Key() == "value" && parent.parent().Key() == "env";
  if (!entry && !variable) return;
  const auto known = member_numbers_.find(&manifest);
  if (known == member_numbers_.end()) {
    std::optional<Member> added = member_of_(manifest);
    if (!added) return;
    member_numbers_[&manifest] = plan_.members_.size();
    plan_.members_.push_back(*std::move(added));
  }
  const std::size_t m = member_numbers_[&manifest];
  Member& member = plan_.members_[m];
  auto at = std::ranges::find(member.sites, scalar, &Site::node);
  if (at == member.sites.end()) {
    Site site{.where = entry ? Where::kConfigEntry : Where::kVariable, .node = scalar};
    site.name = entry ? scalar.Key() : parent.Find("name").Text();
    site.text = scalar.Text();
    if (variable) {
      site.in = parent.parent().parent();
      site.container = site.in.Find("name").Text();
    }
    member.sites.push_back(std::move(site));
    at = std::prev(member.sites.end());
  }
  const std::string label =
      Stem(std::string(kind)).find("TOKEN") == std::string::npos ? "PASSWORD" : "TOKEN";
  for (std::size_t begin = at->text.find(value); begin != std::string::npos;
       begin = at->text.find(value, begin + value.size())) {
    const text::Span span{static_cast<std::uint32_t>(begin),
                          static_cast<std::uint32_t>(begin + value.size())};
    const bool inside = (begin > 0 && IsTokenByte(at->text[begin - 1])) ||
                        (span.end < at->text.size() && IsTokenByte(at->text[span.end]));
    const bool overlaps = inside || std::ranges::any_of(at->found, [&](const Found& found) {
                            return found.span.begin < span.end && span.begin < found.span.end;
                          });
    if (overlaps) continue;
    Found found{
        .span = span, .value = value, .score = 100, .kind = "copy of a secret", .label = label};
    found.whole = span.size() == at->text.size();
    at->found.insert(std::ranges::upper_bound(at->found, span.begin, {},
                                              [](const Found& f) { return f.span.begin; }),
                     std::move(found));
  }
  if (!at->found.empty()) {
    const auto s = static_cast<std::size_t>(at - member.sites.begin());
    if (!IsReplaced(m, s)) Judge(m, s);
  }
}

}  // namespace cloudlab::policy::secrets
