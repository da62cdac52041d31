// A block sequence is cut at its dashes. What stands between the last line of one item and the dash
// of the next is the former's, but for comment lines right above the dash: editors and go-yaml take
// those for the next one's head.
#include "kube/krm_list.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "yaml/surroundings.hpp"

namespace cloudlab::kube {
namespace {

constexpr std::string_view kGroup = "config.kubernetes.io/";
constexpr std::array<std::string_view, 3> kVersions = {
    "config.kubernetes.io/v1", "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1"};

constexpr const char* kWay =
    "kustomize and kpt send a ResourceList; for a stream of manifests there are "
    "cloudlab-postrender and `cloudlab-krm fn CONFIG -`";

yaml::Problem Error(std::string_view code, std::string message, std::string hint,
                    yaml::Span span = {}) {
  return {yaml::Problem::Class::kError, code, std::move(message), std::move(hint), span};
}

yaml::Span SpanOf(yaml::NodeView node) { return node ? node.node().value : yaml::Span{}; }

/// Where the value begins, with its anchor and its tag.
std::size_t ValueBegin(yaml::NodeView node) {
  std::size_t begin = node.node().value.begin;
  if (const yaml::Property* property = node.outline().FindProperty(node.id())) {
    if (!property->tag.empty()) begin = std::min<std::size_t>(begin, property->tag.begin);
    if (!property->anchor.empty()) begin = std::min<std::size_t>(begin, property->anchor.begin - 1);
  }
  return begin;
}

bool IsBlank(const yaml::Slice& slice) {
  const yaml::ScanResult scan = yaml::Scan(slice.text, slice.offset == 0);
  return !scan.problem && scan.outline.empty();
}

}  // namespace

std::optional<yaml::Problem> KrmList::Read(std::string_view text) {
  std::vector<yaml::Slice> documents = yaml::Split(text);
  // Comments or a lone marker around the list are no documents.
  if (documents.size() > 1) std::erase_if(documents, IsBlank);
  if (documents.empty()) return Error("CL-K-INPUT", "the input is empty", kWay);
  if (documents.size() > 1) {
    const auto begin = static_cast<std::uint32_t>(documents[1].offset);
    return Error("CL-K-INPUT", "the input is a stream of several documents, not one ResourceList",
                 kWay, {begin, begin + 3});
  }
  offset_ = documents.front().offset;
  auto problem = ReadFields(documents.front().text);
  if (problem) {
    problem->span.begin += static_cast<std::uint32_t>(offset_);
    problem->span.end += static_cast<std::uint32_t>(offset_);
  }
  return problem;
}

std::optional<yaml::Problem> KrmList::ReadFields(std::string_view text) {
  yaml::ScanResult scan = yaml::Scan(text, offset_ == 0);
  if (scan.problem) return std::move(scan.problem);
  outline_ = std::move(scan.outline);
  text_ = outline_.text();
  const auto [version, kind, items, config, results] =
      root().FindEach<5>({"apiVersion", "kind", "items", "functionConfig", "results"});
  if (!root().IsMap() || !kind.TextIs("ResourceList") || !version.Text().starts_with(kGroup)) {
    return Error("CL-K-INPUT", "the input is no ResourceList of config.kubernetes.io", kWay,
                 kind ? kind.node().value : SpanOf(root()));
  }
  api_version_ = version.Text();
  if (std::ranges::find(kVersions, api_version_) == kVersions.end()) {
    return Error("CL-K-VERSION", "unknown version \"" + api_version_ + "\" of the ResourceList",
                 "known are v1, v1beta1 and v1alpha1", version.node().value);
  }
  for (const char* field : {"items", "functionConfig", "results"}) {
    if (!root().HasDuplicate(field)) continue;
    return Error("CL-K-INPUT", "field \"" + std::string(field) + "\" stands twice",
                 "leave one of them out", root().Find(field).node().key);
  }
  function_config_ = config.Given().Resolved();
  results_ = results;
  items_ = items;
  if (items.Given() && !items.IsSeq()) {
    return Error("CL-K-INPUT", "`items` is no list", "write the objects as its items",
                 items.node().value);
  }
  if (auto problem = CheckAliases()) return problem;
  if (!items.Given()) return std::nullopt;
  is_flow_ = items.IsFlow();
  if (is_flow_) {
    CutValues();
  } else {
    CutLines();
  }
  return std::nullopt;
}

yaml::NodeId KrmList::PartOf(yaml::NodeId id, const std::vector<yaml::NodeId>& items) const {
  const auto is_in = [&](yaml::NodeView part) {
    return part && part.id() <= id && id < outline_.SubtreeEnd(part.id());
  };
  if (is_in(results_)) return results_.id();
  if (!is_in(items_) || items.empty() || id < items.front()) return is_in(items_) ? items_.id() : 0;
  return *std::prev(std::ranges::upper_bound(items, id));
}

std::optional<yaml::Problem> KrmList::CheckAliases() const {
  std::vector<yaml::NodeId> items;
  for (const yaml::NodeView item : items_.children()) items.push_back(item.id());
  for (const yaml::AliasTarget& alias : outline_.aliases()) {
    if (PartOf(alias.alias, items) == PartOf(alias.target, items)) continue;
    return yaml::Problem{yaml::Problem::Class::kRefusal, "CL-K-ALIAS",
                         "the alias refers to an anchor outside of its item",
                         "write the value out in both places", outline_.node(alias.alias).value};
  }
  return std::nullopt;
}

void KrmList::CutLines() {
  const yaml::Surroundings around(outline_);
  yaml::NodeId previous = yaml::kNoNode;
  std::uint32_t begin = 0;
  const auto close = [&](std::uint32_t end) {
    if (previous == yaml::kNoNode) return;
    slices_.push_back({text_.substr(begin, end - begin), offset_ + begin, true});
  };
  for (const yaml::NodeView item : items_.children()) {
    const std::uint32_t next = previous == yaml::kNoNode
                                   ? around.LineStart(around.Begin(item.id()))
                                   : around.AboveComments(item.id(), previous);
    close(next);
    begin = next;
    previous = item.id();
  }
  if (previous != yaml::kNoNode) close(around.BehindSibling(previous));
}

void KrmList::CutValues() {
  for (const yaml::NodeView item : items_.children()) {
    const std::size_t begin = ValueBegin(item);
    slices_.push_back({text_.substr(begin, item.node().value.end - begin), offset_ + begin, false});
  }
}

}  // namespace cloudlab::kube
