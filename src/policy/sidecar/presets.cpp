#include "policy/sidecar/presets.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "kube/quantity.hpp"
#include "policy/suggest.hpp"
#include "policy/text_at.hpp"

namespace cloudlab::policy::sidecar {
namespace {

/// A field of a preset that becomes one annotation as it is. Lists become `a,b`.
struct PlainField {
  std::string_view field;
  std::string_view annotation;
};

/// The annotations for the resources of an injected container.
struct SizeKeys {
  std::string_view cpu_request;
  std::string_view memory_request;
  std::string_view cpu_limit;
  std::string_view memory_limit;
};

struct Preset {
  std::string_view name;
  std::string_view switch_annotation;  ///< Set to "true"; empty if a field says it.
  std::array<PlainField, 6> fields;
  SizeKeys size;
  std::string_view container;  ///< A chart that brings it by hand needs no injector.
};

constexpr std::array<Preset, 4> kPresets{{
    {.name = "istio-proxy",
     .switch_annotation = "",
     .fields = {{{"nativeSidecar", "sidecar.istio.io/nativeSidecar"},
                 {"logLevel", "sidecar.istio.io/logLevel"},
                 {"excludeInboundPorts", "traffic.sidecar.istio.io/excludeInboundPorts"},
                 {"excludeOutboundPorts", "traffic.sidecar.istio.io/excludeOutboundPorts"}}},
     .size = {"sidecar.istio.io/proxyCPU", "sidecar.istio.io/proxyMemory",
              "sidecar.istio.io/proxyCPULimit", "sidecar.istio.io/proxyMemoryLimit"},
     .container = ""},
    {.name = "linkerd-proxy",
     .switch_annotation = "",
     .fields = {{{"inject", "linkerd.io/inject"},
                 {"logLevel", "config.linkerd.io/proxy-log-level"},
                 {"skipInboundPorts", "config.linkerd.io/skip-inbound-ports"},
                 {"skipOutboundPorts", "config.linkerd.io/skip-outbound-ports"},
                 {"opaquePorts", "config.linkerd.io/opaque-ports"},
                 {"outboundConnectTimeout", "config.linkerd.io/proxy-outbound-connect-timeout"}}},
     .size = {"config.linkerd.io/proxy-cpu-request", "config.linkerd.io/proxy-memory-request",
              "config.linkerd.io/proxy-cpu-limit", "config.linkerd.io/proxy-memory-limit"},
     .container = "linkerd-proxy"},
    {.name = "dapr",
     .switch_annotation = "dapr.io/enabled",
     .fields = {{{"appId", "dapr.io/app-id"},
                 {"appPort", "dapr.io/app-port"},
                 {"appProtocol", "dapr.io/app-protocol"},
                 {"config", "dapr.io/config"},
                 {"logLevel", "dapr.io/log-level"}}},
     .size = {"dapr.io/sidecar-cpu-request", "dapr.io/sidecar-memory-request",
              "dapr.io/sidecar-cpu-limit", "dapr.io/sidecar-memory-limit"},
     .container = "daprd"},
    {.name = "vault-agent",
     .switch_annotation = "vault.hashicorp.com/agent-inject",
     .fields = {{{"role", "vault.hashicorp.com/role"},
                 {"namespace", "vault.hashicorp.com/namespace"},
                 {"prePopulateOnly", "vault.hashicorp.com/agent-pre-populate-only"},
                 {"initFirst", "vault.hashicorp.com/agent-init-first"}}},
     .size = {"vault.hashicorp.com/agent-requests-cpu", "vault.hashicorp.com/agent-requests-mem",
              "vault.hashicorp.com/agent-limits-cpu", "vault.hashicorp.com/agent-limits-mem"},
     .container = "vault-agent"},
}};

constexpr std::string_view kIstioInject = "sidecar.istio.io/inject";
constexpr std::string_view kIstioNative = "sidecar.istio.io/nativeSidecar";
constexpr std::string_view kVaultInject = "vault.hashicorp.com/agent-inject";
constexpr std::string_view kVaultFirst = "vault.hashicorp.com/agent-init-first";
constexpr std::string_view kInstrumentation = "instrumentation.opentelemetry.io/";

/// A scalar as it is, a list as `a,b`.
std::string Flat(const yaml::Value& value) {
  if (!value.IsSeq()) return value.text();
  std::string text;
  for (const yaml::Value& item : value.items()) text += (text.empty() ? "" : ",") + item.text();
  return text;
}

void Set(PodMetadata::Entries& entries, std::string_view key, std::string value) {
  entries.emplace_back(std::string(key), std::move(value));
}

/// The amounts of a preset: its own, or those of its tier.
struct Amounts {
  Quantities requests;
  Quantities limits;
};

std::optional<Amounts> ReadAmounts(const Injection& injection, const yaml::Value& preset) {
  Amounts amounts;
  if (const yaml::Value* resources = preset.Find("resources")) {
    const auto read = [&](std::string_view side, Quantities& list) {
      const yaml::Value* map = resources->Find(side);
      if (map == nullptr) return;
      for (const auto& [name, value] : map->entries()) list.emplace_back(name, value.text());
    };
    read("requests", amounts.requests);
    read("limits", amounts.limits);
    return amounts;
  }
  const std::string name = TextAt(preset, "tier");
  if (name.empty()) return amounts;
  const Profile* profile = injection.subject.profile;
  if (const Tier* tier = profile == nullptr ? nullptr : profile->FindTier(name)) {
    return Amounts{tier->requests, tier->limits};
  }
  std::vector<std::string> known;
  if (profile != nullptr) {
    for (const auto& [tier, unused] : profile->tiers) known.push_back(tier);
  }
  injection.AddError("CL-A-PRESET",
                     "preset " + TextAt(preset, "name") + " names tier `" + name + "`, which " +
                         (profile == nullptr ? std::string("needs an environment")
                                             : "environment " + profile->name + " does not have"),
                     known.empty() ? "give --environment and write an EnvironmentProfile"
                                   : Suggestion(name, known));
  return std::nullopt;
}

void AddAmounts(const Injection& injection, const yaml::Value& value, const SizeKeys& keys,
                PodMetadata& metadata) {
  const std::optional<Amounts> amounts = ReadAmounts(injection, value);
  if (!amounts) return;
  const auto add = [&](const Quantities& list, std::string_view resource, std::string_view key) {
    if (const std::string* text = FindQuantity(list, resource)) {
      Set(metadata.annotations, key, *text);
    }
  };
  add(amounts->requests, "cpu", keys.cpu_request);
  add(amounts->requests, "memory", keys.memory_request);
  add(amounts->limits, "cpu", keys.cpu_limit);
  add(amounts->limits, "memory", keys.memory_limit);
}

void AddVaultSecrets(const yaml::Value& preset, PodMetadata& metadata) {
  constexpr std::string_view kPrefix = "vault.hashicorp.com/agent-inject-";
  if (const yaml::Value* secrets = preset.Find("secrets")) {
    for (const yaml::Value& secret : secrets->items()) {
      const std::string name = TextAt(secret, "name");
      Set(metadata.annotations, std::string(kPrefix) + "secret-" + name, TextAt(secret, "path"));
      const std::string text = TextAt(secret, "template");
      if (!text.empty()) {
        Set(metadata.annotations, std::string(kPrefix) + "template-" + name, text);
      }
    }
  }
}

void AddOpenTelemetry(const yaml::Value& preset, PodMetadata& metadata) {
  const std::string prefix = std::string(kInstrumentation);
  const std::string language = TextAt(preset, "language");
  std::string instrumentation = TextAt(preset, "instrumentation");
  if (instrumentation.empty()) instrumentation = "true";
  Set(metadata.annotations, prefix + "inject-" + language, std::move(instrumentation));
  if (const yaml::Value* containers = preset.Find("containers")) {
    Set(metadata.annotations, prefix + language + "-container-names", Flat(*containers));
  }
}

/// The value of an annotation as it will be: the chart's, unless the policy replaces it.
std::string Final(const Injection& injection, const PodMetadata& metadata, std::string_view key) {
  std::string of_chart = injection.pod.Annotation(key);
  const std::string* of_policy = PodMetadata::Find(metadata.annotations, key);
  if (of_policy == nullptr) return of_chart;
  const ConflictPolicy policy = injection.conflicts.Of("podAnnotations." + std::string(key));
  const bool replaced = policy == ConflictPolicy::kReplace || policy == ConflictPolicy::kMerge;
  return of_chart.empty() || replaced ? *of_policy : of_chart;
}

/// A container that another program injects, and that may outlive the work of a Job.
struct Proxy {
  std::string_view name;
  std::string_view switched_by;             ///< A label or annotation of the pod.
  std::array<std::string_view, 2> ends_by;  ///< What makes it end with the Job, the newer first.
  bool native;  ///< It ends by being a native sidecar, which Kubernetes must know.
  std::string_view way_out;
};

constexpr std::array<Proxy, 4> kProxies{{
    {.name = "istio-proxy",
     .switched_by = kIstioInject,
     .ends_by = {kIstioNative},
     .native = true,
     .way_out = "say `nativeSidecar: true` in preset istio-proxy (the default of Istio 1.27)"},
    {.name = "linkerd-proxy",
     .switched_by = "linkerd.io/inject",
     .ends_by = {"config.beta.linkerd.io/proxy-enable-native-sidecar",
                 "config.alpha.linkerd.io/proxy-enable-native-sidecar"},
     .native = true,
     .way_out = "say `config.beta.linkerd.io/proxy-enable-native-sidecar: \"true\"` in "
                "podAnnotations"},
    {.name = "daprd",
     .switched_by = "dapr.io/enabled",
     .ends_by = {},
     .native = false,
     .way_out = "let the app call daprd's shutdown when it is done"},
    {.name = "vault-agent",
     .switched_by = kVaultInject,
     .ends_by = {"vault.hashicorp.com/agent-pre-populate-only"},
     .native = false,
     .way_out = "say `prePopulateOnly: true` in preset vault-agent"},
}};

bool IsOn(std::string_view value) {
  return value == "true" || value == "enabled" || value == "ingress";
}

/// True if this policy has the proxy injected.
bool IsInjected(const Injection& injection, const PodMetadata& metadata, const Proxy& proxy) {
  const std::string* label = PodMetadata::Find(metadata.labels, proxy.switched_by);
  if (label != nullptr && IsOn(*label)) return true;
  const bool annotated = PodMetadata::Find(metadata.annotations, proxy.switched_by) != nullptr;
  return annotated && IsOn(Final(injection, metadata, proxy.switched_by));
}

void CheckPair(const Injection& injection, const PodMetadata& metadata, std::string_view request,
               std::string_view limit) {
  const auto r = kube::Quantity::Parse(Final(injection, metadata, request));
  const auto l = kube::Quantity::Parse(Final(injection, metadata, limit));
  if (!r || !l || *r <= *l) return;
  injection.AddError(
      "CL-A-PROXY-RESOURCES",
      std::string(request) + " " + r->Print() + " exceeds " + std::string(limit) + " " + l->Print(),
      "change the preset's tier, or the annotations of the chart");
}

}  // namespace

void AddPreset(const Injection& injection, const yaml::Value& preset, PodMetadata& metadata) {
  const std::string name = TextAt(preset, "name");
  if (name == "opentelemetry") return AddOpenTelemetry(preset, metadata);
  const auto* known = std::ranges::find(kPresets, name, &Preset::name);
  if (known == kPresets.end()) return;  // The schema knows no other.
  const bool by_hand = std::ranges::any_of(injection.containers, [&](const auto& container) {
    return !known->container.empty() && container.name == known->container;
  });
  if (by_hand) {
    injection.proposal.AddSkip("CL-A-SIDECAR-EXISTS",
                               "the pod has a container " + std::string(known->container) +
                                   " already; preset " + name + " is not applied");
    return;
  }
  if (!known->switch_annotation.empty()) {
    Set(metadata.annotations, known->switch_annotation, "true");
  }
  if (name == "istio-proxy" && preset.Find("inject") != nullptr) {
    Set(metadata.labels, kIstioInject, TextAt(preset, "inject"));
  }
  for (const PlainField& field : known->fields) {
    const yaml::Value* value = field.field.empty() ? nullptr : preset.Find(field.field);
    if (value != nullptr) Set(metadata.annotations, field.annotation, Flat(*value));
  }
  if (name == "vault-agent") AddVaultSecrets(preset, metadata);
  AddAmounts(injection, preset, known->size, metadata);
}

void CheckProxyResources(const Injection& injection, const PodMetadata& metadata) {
  for (const Preset& preset : kPresets) {
    const std::array<std::string_view, 4> keys{preset.size.cpu_request, preset.size.memory_request,
                                               preset.size.cpu_limit, preset.size.memory_limit};
    const bool touched = std::ranges::any_of(keys, [&](std::string_view key) {
      return PodMetadata::Find(metadata.annotations, key) != nullptr;
    });
    if (!touched) continue;
    CheckPair(injection, metadata, preset.size.cpu_request, preset.size.cpu_limit);
    CheckPair(injection, metadata, preset.size.memory_request, preset.size.memory_limit);
    if (preset.name != "istio-proxy") continue;
    std::string missing;
    for (const std::string_view key : keys) {
      if (!Final(injection, metadata, key).empty()) continue;
      missing += (missing.empty() ? "" : ", ") + std::string(key);
    }
    if (missing.empty()) continue;
    injection.AddError("CL-A-PROXY-RESOURCES",
                       "Istio takes its four resource annotations together; missing: " + missing,
                       "name cpu and memory under requests and limits of the preset's tier, or "
                       "none of them");
  }
}

void OrderVaultAndIstio(const Injection& injection, PodMetadata& metadata) {
  if (PodMetadata::Find(metadata.annotations, kVaultInject) == nullptr ||
      PodMetadata::Find(metadata.annotations, kVaultFirst) != nullptr) {
    return;
  }
  const std::string* native = PodMetadata::Find(metadata.annotations, kIstioNative);
  if (native != nullptr ? *native == "true" : injection.pod.Annotation(kIstioNative) == "true") {
    return;  // Istio's proxy then runs before Vault's init container.
  }
  const std::string* label = PodMetadata::Find(metadata.labels, kIstioInject);
  if (label != nullptr && *label == "true") {
    Set(metadata.annotations, kVaultFirst, "true");
  } else if (injection.pod.Label(kIstioInject) == "true" &&
             injection.pod.Annotation(kVaultFirst).empty()) {
    // Who put the label there is not known; an edit that depended on it might not be repeated.
    injection.proposal.AddFinding(
        text::Severity::kWarning, "CL-A-INIT-ORDER",
        "the pod is in Istio's mesh: Vault's init container may start before the proxy does, and "
        "would have no network",
        injection.pod.metadata, "say initFirst in preset vault-agent, or nativeSidecar for Istio");
  }
}

void CheckCompletion(const Injection& injection, const PodMetadata& metadata) {
  if (!injection.IsJob()) return;
  const std::string& kind = injection.subject.manifest->id.kind;
  const yaml::NodeView place = injection.subject.manifest->root.Find("kind");
  for (const Proxy& proxy : kProxies) {
    if (!IsInjected(injection, metadata, proxy)) continue;
    std::string says;
    for (const std::string_view key : proxy.ends_by) {
      if (says.empty() && !key.empty()) says = Final(injection, metadata, key);
    }
    const bool old = injection.run.kube_version < kFirstNative;
    std::string reason;
    if (proxy.native && old) {
      reason = "Kubernetes " + injection.run.kube_version.Print() + " has no native sidecars";
    } else if (IsOn(says)) {
      continue;
    } else if (proxy.native && !says.empty()) {
      reason = "it shall be no native sidecar";
    }
    const std::string exclude = "exclude kinds Job and CronJob";
    const std::string name(proxy.name);
    if (reason.empty()) {
      injection.proposal.AddFinding(
          text::Severity::kWarning, "CL-A-JOB-PROXY",
          name + " may keep the pods of this " + kind + " from ever completing", place,
          std::string(proxy.way_out) + ", or " + exclude);
    } else {
      injection.AddError("CL-A-JOB",
                         name + " keeps the pods of a " + kind + " from ever completing: " + reason,
                         old ? exclude : std::string(proxy.way_out) + ", or " + exclude, place);
    }
  }
}

bool CapturesTraffic(const yaml::Value& spec) {
  const auto says = [&](const char* field, std::string_view key, std::string_view value) {
    const yaml::Value* map = spec.Find(field);
    return map != nullptr && TextAt(*map, key) == value;
  };
  for (const char* field : {"podAnnotations", "podLabels"}) {
    if (says(field, kIstioInject, "true") || says(field, "linkerd.io/inject", "enabled")) {
      return true;
    }
  }
  if (const yaml::Value* presets = spec.Find("presets")) {
    for (const yaml::Value& preset : presets->items()) {
      const std::string name = TextAt(preset, "name");
      if (name == "istio-proxy" && TextAt(preset, "inject") != "false") return true;
      if (name == "linkerd-proxy" && TextAt(preset, "inject") != "disabled") return true;
    }
  }
  const yaml::Value* value = spec.Find("container");
  for (const char* key : {"securityContext", "capabilities", "add"}) {
    value = value == nullptr ? nullptr : value->Find(key);
  }
  return value != nullptr && std::ranges::any_of(value->items(), [](const yaml::Value& item) {
           return item.text() == "NET_ADMIN";
         });
}

}  // namespace cloudlab::policy::sidecar
