// The table of policy kinds, and everything that connects documents by name.
#include "policy/registry.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/autoscaling.hpp"
#include "policy/diagnose.hpp"
#include "policy/network.hpp"
#include "policy/secrets.hpp"
#include "policy/sidecar.hpp"
#include "policy/suggest.hpp"
#include "policy/text_at.hpp"
#include "policy/tier.hpp"

namespace cloudlab::policy {
namespace {

template <typename T>
std::unique_ptr<Policy> Make(const Document& document) {
  return std::make_unique<T>(document);
}

struct PolicyKind {
  std::string_view kind;
  std::string_view capability;  ///< Its word in `cloudlab.dev/skip`.
  std::unique_ptr<Policy> (*make)(const Document&);
};

constexpr std::array<PolicyKind, 5> kPolicyKinds = {{
    {"SidecarPolicy", "sidecar", Make<SidecarPolicy>},
    {"ResourceTierPolicy", "tier", Make<ResourceTierPolicy>},
    {"AutoscalingPolicy", "autoscaling", Make<AutoscalingPolicy>},
    {"NetworkAccessPolicy", "network", Make<NetworkAccessPolicy>},
    {"SecretReferencePolicy", "secrets", Make<SecretReferencePolicy>},
}};

const PolicyKind* FindPolicyKind(std::string_view kind) {
  const auto* found = std::ranges::find(kPolicyKinds, kind, &PolicyKind::kind);
  return found == kPolicyKinds.end() ? nullptr : found;
}

/// The name that an item of `policies` is, or that the document there has.
std::string NameOfItem(yaml::NodeView item) {
  item = item.Resolved();
  return item.IsMap() ? item.Find({"metadata", "name"}).Text() : item.Text();
}

/// The names that the Pipeline lists, each checked; nothing if it lists none.
std::optional<std::vector<std::string>> ListedPolicies(const DocumentSet& documents,
                                                       const PipelineSettings& pipeline,
                                                       text::Diagnostics& diagnostics) {
  if (pipeline.document == nullptr || pipeline.document->spec.Find("policies") == nullptr) {
    return std::nullopt;
  }
  const std::vector<std::string> known = PolicyNames(documents);
  std::vector<std::string> listed;
  for (const yaml::NodeView item : pipeline.document->root.Find({"spec", "policies"}).children()) {
    listed.push_back(NameOfItem(item));
    if (item.Resolved().IsMap()) continue;  // Checked when it was read.
    if (std::ranges::find(known, listed.back()) != known.end()) continue;
    diagnostics.Add(Error("CL-P-POLICY", "no policy is called \"" + listed.back() + "\"",
                          pipeline.document->PlaceOf(item), Suggestion(listed.back(), known)));
  }
  return listed;
}

/// Every node of `policy` that names a tier.
std::vector<yaml::NodeView> TierNodes(const Document& policy) {
  const yaml::NodeView spec = policy.root.Find("spec");
  std::vector<yaml::NodeView> nodes = {spec.Find("tier")};
  for (const std::string_view list : {"containers", "presets"}) {
    for (const yaml::NodeView item : spec.Find(list).children()) {
      nodes.push_back(item.Resolved().Find("tier"));
    }
  }
  std::erase_if(nodes, [](yaml::NodeView node) { return !node; });
  return nodes;
}

}  // namespace

bool Policy::IsAbout(const kube::ObjectId& id) const {
  return kube::FindWorkloadKind(id.group(), id.kind) != nullptr;
}

std::unique_ptr<Policy> MakePolicy(const Document& document) {
  const PolicyKind* kind = FindPolicyKind(document.kind);
  return kind == nullptr ? nullptr : kind->make(document);
}

text::Place PipelineSettings::PlaceOf(std::string_view field) const {
  return document == nullptr ? text::Place() : document->PlaceAt({"spec", field});
}

PipelineSettings ReadPipeline(const DocumentSet& documents, text::Diagnostics& diagnostics) {
  PipelineSettings settings;
  const std::vector<const Document*> pipelines = documents.OfKind("Pipeline");
  if (pipelines.empty()) return settings;
  for (std::size_t i = 1; i < pipelines.size(); ++i) {
    diagnostics.Add(Error("CL-P-PIPELINES",
                          "a second Pipeline; the first one is " + pipelines[0]->name + " in " +
                              pipelines[0]->source->name,
                          pipelines[i]->name_place(), "a run has one Pipeline"));
  }
  const yaml::Value& spec = pipelines[0]->spec;
  settings.document = pipelines[0];
  settings.environment = TextAt(spec, "environment");
  settings.ns = TextAt(spec, "namespace");
  settings.kube_version = kube::Version::Parse(TextAt(spec, "kubeVersion"));
  settings.allow_stream_policies = TextAt(spec, "allowStreamPolicies") == "true";
  settings.validates = TextAt(spec, "mode") == "Validate";
  if (const yaml::Value* paths = spec.Find("podTemplatePaths")) {
    for (const yaml::Value& path : paths->items()) {
      settings.pod_template_paths.push_back(
          {TextAt(path, "group"), TextAt(path, "kind"), TextAt(path, "path")});
    }
  }
  return settings;
}

std::vector<std::string> ListedNames(const PipelineSettings& pipeline) {
  std::vector<std::string> names;
  if (pipeline.document == nullptr) return names;
  for (const yaml::NodeView item : pipeline.document->root.Find({"spec", "policies"}).children()) {
    names.push_back(NameOfItem(item));
  }
  return names;
}

std::vector<std::unique_ptr<Policy>> MakePolicies(const DocumentSet& documents,
                                                  const PipelineSettings& pipeline,
                                                  text::Diagnostics& diagnostics) {
  const std::optional<std::vector<std::string>> listed =
      ListedPolicies(documents, pipeline, diagnostics);
  std::vector<std::unique_ptr<Policy>> policies;
  for (const Document& document : documents.documents()) {
    const bool takes_part = !listed || document.origin == DocumentOrigin::kStream ||
                            std::ranges::find(*listed, document.name) != listed->end();
    if (!takes_part) continue;
    if (std::unique_ptr<Policy> policy = MakePolicy(document)) {
      policies.push_back(std::move(policy));
    }
  }
  std::ranges::stable_sort(policies, [](const auto& a, const auto& b) {
    return std::pair(a->stage(), std::string_view(a->name())) <
           std::pair(b->stage(), std::string_view(b->name()));
  });
  return policies;
}

void CheckTierNames(const DocumentSet& documents, const Profiles& profiles,
                    text::Diagnostics& diagnostics) {
  std::vector<std::string> known;
  for (const auto& [name, profile] : profiles.all()) {
    for (const auto& [tier, value] : profile.tiers) known.push_back(tier);
  }
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
  for (const Document& document : documents.documents()) {
    if (!IsPolicyKind(document.kind)) continue;
    for (const yaml::NodeView node : TierNodes(document)) {
      const std::string tier = node.Text();
      if (std::ranges::find(known, tier) != known.end()) continue;
      diagnostics.Add(Error("CL-P-TIER", "no EnvironmentProfile has a tier \"" + tier + "\"",
                            document.PlaceOf(node),
                            known.empty() ? "add an EnvironmentProfile" : Suggestion(tier, known)));
    }
  }
}

std::vector<std::string> PolicyNames(const DocumentSet& documents) {
  std::vector<std::string> names;
  for (const Document& document : documents.documents()) {
    if (IsPolicyKind(document.kind)) names.push_back(document.name);
  }
  std::ranges::sort(names);
  return names;
}

bool IsPolicyKind(std::string_view kind) { return FindPolicyKind(kind) != nullptr; }

std::string_view CapabilityOf(std::string_view kind) {
  const PolicyKind* found = FindPolicyKind(kind);
  return found == nullptr ? std::string_view() : found->capability;
}

std::vector<std::string> Capabilities() {
  std::vector<std::string> words;
  for (const PolicyKind& kind : kPolicyKinds) words.emplace_back(kind.capability);
  return words;
}

}  // namespace cloudlab::policy
