// Which policies take part in a run, and in which order: the one list of policy kinds, the choice
// that a Pipeline makes, and the references between documents.
//
// A new capability adds its line to the table in registry.cpp; nothing else here changes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/version.hpp"
#include "kube/workload.hpp"
#include "policy/document.hpp"
#include "policy/policy.hpp"
#include "policy/profile.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::policy {

/// What the Pipeline document says; empty fields where it says nothing or there is none.
struct PipelineSettings {
  const Document* document = nullptr;
  std::string environment;
  std::string ns;
  std::optional<kube::Version> kube_version;
  std::vector<kube::PodTemplatePath> pod_template_paths;
  bool allow_stream_policies = false;
  bool validates = false;  ///< `mode: Validate`: the run only looks.

  /// The place of `spec.<field>`, for findings about it; none without a document.
  text::Place PlaceOf(std::string_view field) const;
};

/// Reads the Pipeline of `documents`; two of them are an error.
PipelineSettings ReadPipeline(const DocumentSet& documents, text::Diagnostics& diagnostics);

/// The names under `policies` of the Pipeline, those of documents that stand there included.
std::vector<std::string> ListedNames(const PipelineSettings& pipeline);

/// The policies of the run, by stage and inside a stage by name: those that the Pipeline lists, or
/// all. What was allowed in from the stream takes part without being listed.
std::vector<std::unique_ptr<Policy>> MakePolicies(const DocumentSet& documents,
                                                  const PipelineSettings& pipeline,
                                                  text::Diagnostics& diagnostics);

/// Reports tiers that a policy names but no profile defines.
void CheckTierNames(const DocumentSet& documents, const Profiles& profiles,
                    text::Diagnostics& diagnostics);

/// True for the kinds that decide about manifests: not for Pipeline, EnvironmentProfile and
/// PolicyException.
bool IsPolicyKind(std::string_view kind);
/// The names of all documents that are policies, sorted.
std::vector<std::string> PolicyNames(const DocumentSet& documents);
/// The word for a policy kind's capability in `cloudlab.dev/skip`: "tier"; empty for other kinds.
std::string_view CapabilityOf(std::string_view kind);
/// All such words.
std::vector<std::string> Capabilities();

}  // namespace cloudlab::policy
