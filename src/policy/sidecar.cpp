#include "policy/sidecar.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "kube/resource_metrics.hpp"
#include "policy/annotations.hpp"
#include "policy/ownership.hpp"
#include "policy/pod_edit.hpp"
#include "policy/sidecar/clashes.hpp"
#include "policy/sidecar/container.hpp"
#include "policy/sidecar/metadata.hpp"
#include "policy/sidecar/objects.hpp"
#include "policy/sidecar/presets.hpp"
#include "policy/sidecar/surroundings.hpp"
#include "policy/text_at.hpp"
#include "policy/variables.hpp"

namespace cloudlab::policy {
namespace {

using sidecar::Injection;

constexpr std::array<std::string_view, 4> kSystemNamespaces{"kube-system", "kube-public",
                                                            "kube-node-lease", "istio-system"};
/// The fields of a policy whose texts may hold template variables.
constexpr std::array<const char*, 7> kTemplated{
    "container", "volumes", "env", "volumeMounts", "podAnnotations", "podLabels", "objects"};

/// Expands the templated fields and the presets of `spec`; a `template` of Vault is Vault's own.
std::optional<Variables::Flaw> ExpandSpec(const Variables& variables, yaml::Value& spec) {
  const auto expand = [&](const std::string& where, yaml::Value& value) {
    auto flaw = variables.Expand(value);
    if (flaw) flaw->message = where + ": " + flaw->message;
    return flaw;
  };
  for (const char* field : kTemplated) {
    yaml::Value* value = spec.Find(field);
    if (value == nullptr) continue;
    if (auto flaw = expand(std::string("spec.") + field, *value)) return flaw;
  }
  yaml::Value* presets = spec.Find("presets");
  if (presets == nullptr) return std::nullopt;
  for (yaml::Value& preset : presets->mutable_items()) {
    for (auto& [key, value] : preset.mutable_entries()) {
      if (key == "secrets") continue;
      if (auto flaw = expand("spec.presets." + key, value)) return flaw;
    }
  }
  return std::nullopt;
}

/// Everything that the parts share; nothing if the policy's text cannot be expanded.
std::optional<Injection> MakeInjection(const Policy& policy, const Subject& subject, const Run& run,
                                       Proposal& proposal) {
  const kube::PodTemplate& pod = subject.manifest->pod;
  yaml::Value spec = *subject.spec;
  if (auto flaw = ExpandSpec(Variables(subject, run), spec)) {
    proposal.AddFinding(text::Severity::kError, "CL-A-TEMPLATE", std::move(flaw->message), {},
                        std::move(flaw->hint));
    return std::nullopt;
  }
  const std::string mode = TextAt(spec, "mode");
  std::vector<kube::Container> containers = kube::Containers(pod);
  Injection injection{.policy = policy,
                      .subject = subject,
                      .run = run,
                      .pod = pod,
                      .proposal = proposal,
                      .spec = std::move(spec),
                      .conflicts = Conflicts(*subject.spec),
                      .containers = std::move(containers)};
  injection.native = mode != "Container" && run.kube_version >= sidecar::kFirstNative;
  injection.marked = IsManagedBy(*subject.manifest, policy.name());
  return injection;
}

/// True if the workload itself says `inject.cloudlab.dev/<policy>: enabled`.
bool AsksForItself(const Injection& injection) {
  const MatchTarget target{injection.subject.manifest, injection.subject.environment};
  const auto found = FindAnnotation(target, *injection.run.index,
                                    std::string(kInjectPrefix) + injection.policy.name());
  return found && found->level != Level::kNamespace && found->value == "enabled";
}

/// Rule A4: pods that are left alone.
bool IsLeftAlone(const Injection& injection) {
  const std::string& ns = injection.subject.manifest->id.ns;
  const bool system = std::ranges::find(kSystemNamespaces, ns) != kSystemNamespaces.end();
  if (system && !AsksForItself(injection)) {
    injection.proposal.AddSkip("CL-A-SYSTEM-NAMESPACE",
                               "namespace " + ns +
                                   " is the cluster's own; a workload there can "
                                   "ask for it with inject.cloudlab.dev/" +
                                   injection.policy.name() + ": enabled");
    return true;
  }
  if (kube::UsesHostNetwork(injection.pod) && sidecar::CapturesTraffic(injection.spec)) {
    injection.proposal.AddSkip("CL-A-HOST-NETWORK",
                               "the pod uses the network of its node; a sidecar that redirects "
                               "traffic would redirect the node's");
    return true;
  }
  return false;
}

/// False, with an error, if the wished kind of sidecar cannot work in this workload.
bool CanRun(const Injection& injection) {
  if (injection.container() == nullptr) return true;
  const std::string& kind = injection.subject.manifest->id.kind;
  const std::string version = injection.run.kube_version.Print();
  if (TextAt(injection.spec, "mode") == "Native" && !injection.native) {
    injection.AddError("CL-A-NATIVE-VERSION",
                       "Kubernetes " + version + " has no native sidecars; they came with 1.29",
                       "say `mode: Auto` or `mode: Container`, or give another --kube-version");
    return false;
  }
  if (!injection.native && injection.IsJob()) {
    injection.AddError(
        "CL-A-JOB",
        "a sidecar in `containers` keeps the pods of a " + kind + " from ever completing",
        "use a native sidecar (`mode: Native`, Kubernetes 1.29), or exclude kinds "
        "Job and CronJob",
        injection.subject.manifest->root.Find("kind"));
    return false;
  }
  return true;
}

/// An autoscaler by utilisation fails while any container that it measures has no request. One that
/// a policy of this run made is not warned of: that policy chooses its metrics again.
void WarnIfScaledWithoutRequest(const Injection& injection) {
  const yaml::Value* container = injection.container();
  if (container == nullptr) return;
  const Run& run = injection.run;
  const auto scalers = run.index->FindScalers(injection.subject.manifest->id);
  const kube::Manifest* scaler = scalers.empty() ? nullptr : scalers.front();
  if (scaler == nullptr || scaler->id.kind == "Rollout") return;
  if (std::ranges::any_of(
          run.applying, [&](const std::string& policy) { return IsManagedBy(*scaler, policy); })) {
    return;
  }
  const yaml::Value* resources = container->Find("resources");
  const auto has = [&](const char* side, const std::string& resource) {
    const yaml::Value* list = resources == nullptr ? nullptr : resources->Find(side);
    return list != nullptr && list->Find(resource) != nullptr;
  };
  const std::string name = injection.container_name();
  for (const kube::ResourceMetric& metric : kube::ReadResourceMetrics(*scaler)) {
    const std::string& resource = metric.resource;
    if (!metric.utilization || (!metric.container.empty() && metric.container != name)) continue;
    if (has("requests", resource) || has("limits", resource)) continue;
    injection.proposal.AddFinding(
        text::Severity::kWarning, "CL-A-NO-REQUEST",
        "container " + name + " has no " + (resource == "cpu" ? "CPU" : resource) +
            " request, so " + scaler->id.Display() +
            (metric.container.empty() ? " cannot compute the pod's utilisation"
                                      : " cannot compute the container's utilisation"),
        {}, "give it spec.container.resources.requests." + resource);
  }
}

}  // namespace

void SidecarPolicy::Propose(const Subject& subject, const Run& run, Proposal& proposal) const {
  if (!subject.manifest->pod) return;  // Selection skips what has none.
  std::optional<Injection> injection = MakeInjection(*this, subject, run, proposal);
  if (!injection || IsLeftAlone(*injection) || !CanRun(*injection)) return;
  const sidecar::PodMetadata metadata = sidecar::WantedMetadata(*injection);
  sidecar::CheckCompletion(*injection, metadata);
  if (!sidecar::CheckClashes(*injection)) return;
  if (!sidecar::ProposeContainer(*injection)) return;
  sidecar::ProposeVolumes(*injection);
  sidecar::ProposeEnvironment(*injection);
  sidecar::ProposeMetadata(*injection, metadata);
  if (!proposal.edits().empty()) WarnIfImmutable(proposal);
  sidecar::ProposeObjects(*injection);
  WarnIfScaledWithoutRequest(*injection);
}

void SidecarPolicy::Withdraw(const Subject& subject, const Run& run, Proposal& proposal) const {
  if (!subject.manifest->pod || !IsManagedBy(*subject.manifest, name())) return;
  std::optional<Injection> injection = MakeInjection(*this, subject, run, proposal);
  if (!injection) return;
  proposal.Disown();
  sidecar::RemoveContainer(*injection);
  sidecar::RemoveVolumes(*injection);
  sidecar::RemoveEnvironment(*injection);
  sidecar::RemoveMetadata(*injection, sidecar::WantedMetadata(*injection));
  if (!proposal.edits().empty()) WarnIfImmutable(proposal);
}

}  // namespace cloudlab::policy
