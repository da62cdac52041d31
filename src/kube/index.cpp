#include "kube/index.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <utility>

#include "base/parallel.hpp"

namespace cloudlab::kube {
namespace {

using GroupKind = std::pair<std::string_view, std::string_view>;

/// Kinds without a namespace: those of Kubernetes 1.34, and of widely used custom resources whose
/// definitions are installed by other releases.
constexpr std::array<GroupKind, 53> kClusterScoped{{
    {"", "ComponentStatus"},
    {"", "Namespace"},
    {"", "Node"},
    {"", "PersistentVolume"},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy"},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration"},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy"},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration"},
    {"apiextensions.k8s.io", "CustomResourceDefinition"},
    {"apiregistration.k8s.io", "APIService"},
    {"argoproj.io", "ClusterAnalysisTemplate"},
    {"argoproj.io", "ClusterWorkflowTemplate"},
    {"cert-manager.io", "ClusterIssuer"},
    {"certificates.k8s.io", "CertificateSigningRequest"},
    {"certificates.k8s.io", "ClusterTrustBundle"},
    {"cilium.io", "CiliumClusterwideNetworkPolicy"},
    {"external-secrets.io", "ClusterExternalSecret"},
    {"external-secrets.io", "ClusterPushSecret"},
    {"external-secrets.io", "ClusterSecretStore"},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema"},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"},
    {"gateway.networking.k8s.io", "GatewayClass"},
    {"internal.apiserver.k8s.io", "StorageVersion"},
    {"karpenter.sh", "NodeClaim"},
    {"karpenter.sh", "NodePool"},
    {"keda.sh", "ClusterTriggerAuthentication"},
    {"kyverno.io", "ClusterCleanupPolicy"},
    {"kyverno.io", "ClusterPolicy"},
    {"networking.k8s.io", "IPAddress"},
    {"networking.k8s.io", "IngressClass"},
    {"networking.k8s.io", "ServiceCIDR"},
    {"node.k8s.io", "RuntimeClass"},
    {"policy", "PodSecurityPolicy"},
    {"policy.networking.k8s.io", "AdminNetworkPolicy"},
    {"policy.networking.k8s.io", "BaselineAdminNetworkPolicy"},
    {"policy.networking.k8s.io", "ClusterNetworkPolicy"},
    {"rbac.authorization.k8s.io", "ClusterRole"},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding"},
    {"resource.k8s.io", "DeviceClass"},
    {"resource.k8s.io", "DeviceTaintRule"},
    {"resource.k8s.io", "ResourceSlice"},
    {"scheduling.k8s.io", "PriorityClass"},
    {"snapshot.storage.k8s.io", "VolumeSnapshotClass"},
    {"snapshot.storage.k8s.io", "VolumeSnapshotContent"},
    {"storage.k8s.io", "CSIDriver"},
    {"storage.k8s.io", "CSINode"},
    {"storage.k8s.io", "StorageClass"},
    {"storage.k8s.io", "VolumeAttachment"},
    {"storage.k8s.io", "VolumeAttributesClass"},
    {"storagemigration.k8s.io", "StorageVersionMigration"},
    {"templates.gatekeeper.sh", "ConstraintTemplate"},
}};
static_assert(std::ranges::is_sorted(kClusterScoped));

/// The parts of an identity in one string; none of them can hold a NUL.
std::string Key(std::string_view group, std::string_view kind, std::string_view ns,
                std::string_view name) {
  std::string key;
  key.reserve(group.size() + kind.size() + ns.size() + name.size() + 3);
  for (const std::string_view part : {group, kind, ns}) {
    key += part;
    key += '\0';
  }
  key += name;
  return key;
}

/// The hash of two parts of an identity; of group and kind first, then of namespace and name.
std::size_t Hash(std::string_view first, std::string_view second, std::size_t before = 0) {
  constexpr std::size_t kFactor = 1099511628211U;  // FNV's prime.
  constexpr std::hash<std::string_view> kHash;
  return ((before * kFactor ^ kHash(first)) * kFactor) ^ kHash(second);
}

}  // namespace

std::string ReferenceGroup(yaml::NodeView reference) {
  const auto [version, kind] = reference.FindEach<2>({"apiVersion", "kind"});
  if (version) return std::string(ObjectId{version.Text(), {}, {}, {}}.group());
  return kind.TextIs("ReplicationController") || kind.TextIs("Pod") ? "" : "apps";
}

Index::Index(std::vector<Manifest> manifests, const IndexOptions& options)
    : manifests_(std::move(manifests)) {
  ReadClusterScopedCrds();
  ChooseDefaultNamespace(options);
  places_.resize(manifests_.size());
  kinds_.resize(manifests_.size());
  ForEachChunk(manifests_.size(), [this](std::size_t, std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      ObjectId& id = manifests_[i].id;
      ResolveNamespace(id);
      kinds_[i] = Hash(id.group(), id.kind);
      places_[i] = {Hash(id.ns, id.name, kinds_[i]), static_cast<std::uint32_t>(i)};
    }
  });
  std::ranges::sort(places_);
  for (std::uint32_t number = 0; number < manifests_.size(); ++number) {
    const ObjectId& id = manifests_[number].id;
    if (id.kind == "Namespace" && id.group().empty()) namespaces_.try_emplace(id.name, number);
    AddScaler(manifests_[number], number);
  }
  // Manifests of one kind often stand together.
  kinds_.erase(std::ranges::unique(kinds_).begin(), kinds_.end());
  std::ranges::sort(kinds_);
  kinds_.erase(std::ranges::unique(kinds_).begin(), kinds_.end());
}

void Index::ReadClusterScopedCrds() {
  for (const Manifest& manifest : manifests_) {
    if (manifest.id.kind != "CustomResourceDefinition") continue;
    const yaml::NodeView spec = manifest.root.Find("spec");
    if (!spec.Find("scope").TextIs("Cluster")) continue;
    cluster_crds_.emplace_back(spec.Find("group").Text(), spec.Find({"names", "kind"}).Text());
  }
}

void Index::ChooseDefaultNamespace(const IndexOptions& options) {
  default_namespace_ =
      options.option_namespace.empty() ? options.pipeline_namespace : options.option_namespace;
  if (!default_namespace_.empty() || !options.guess_namespace) return;
  std::set<std::string_view> named;
  std::size_t without = 0;
  for (const Manifest& manifest : manifests_) {
    if (IsClusterScoped(manifest.id.group(), manifest.id.kind)) continue;
    if (manifest.id.ns.empty()) {
      ++without;
    } else {
      named.insert(manifest.id.ns);
    }
  }
  if (without == 0 || named.size() != 1) return;
  default_namespace_ = *named.begin();
  text::Diagnostic warning;
  warning.severity = text::Severity::kWarning;
  warning.code = "CL-G-NAMESPACE";
  warning.message = std::to_string(without) + " objects name no namespace; taken to be in `" +
                    default_namespace_ + "`, the only one that the stream names";
  warning.hint = "say it with --namespace or with spec.namespace of a Pipeline";
  findings_.Add(std::move(warning));
}

void Index::ResolveNamespace(ObjectId& id) const {
  if (IsClusterScoped(id.group(), id.kind)) {
    id.ns.clear();
  } else if (id.ns.empty()) {
    id.ns = default_namespace_;
  }
}

bool Index::IsClusterScoped(std::string_view group, std::string_view kind) const {
  const GroupKind wanted{group, kind};
  return std::ranges::binary_search(kClusterScoped, wanted) ||
         std::ranges::any_of(cluster_crds_,
                             [&](const auto& crd) { return GroupKind(crd) == wanted; });
}

void Index::AddScaler(const Manifest& manifest, std::uint32_t number) {
  const std::string_view group = manifest.id.group();
  const std::string_view kind = manifest.id.kind;
  yaml::NodeView target;
  const bool vertical = group == "autoscaling.k8s.io" && kind == "VerticalPodAutoscaler";
  if ((group == "autoscaling" && kind == "HorizontalPodAutoscaler") ||
      (group == "keda.sh" && kind == "ScaledObject")) {
    target = manifest.root.Find({"spec", "scaleTargetRef"});
  } else if (group == "argoproj.io" && kind == "Rollout") {
    target = manifest.root.Find({"spec", "workloadRef"});
  } else if (vertical) {
    target = manifest.root.Find({"spec", "targetRef"});
  }
  if (!target) return;
  // KEDA's reference defaults to a Deployment; the others require a kind.
  const std::string target_kind = target.Find("kind") ? target.Find("kind").Text() : "Deployment";
  auto& scalers = vertical ? vertical_scalers_ : scalers_;
  scalers[Key(ReferenceGroup(target), target_kind, manifest.id.ns, target.Find("name").Text())]
      .push_back(number);
}

const Manifest* Index::Find(std::string_view group, std::string_view kind, std::string_view ns,
                            std::string_view name) const {
  // Most that is asked for is of a kind that the stream does not have.
  const std::size_t of_kind = Hash(group, kind);
  if (!std::ranges::binary_search(kinds_, of_kind)) return nullptr;
  const std::size_t hash = Hash(ns, name, of_kind);
  for (auto at = std::ranges::lower_bound(places_, Place{hash, 0});
       at != places_.end() && at->hash == hash; ++at) {
    const ObjectId& id = manifests_[at->number].id;
    if (id.name == name && id.ns == ns && id.kind == kind && id.group() == group) {
      return &manifests_[at->number];
    }
  }
  return nullptr;
}

const Manifest* Index::Find(const ObjectId& id) const {
  return Find(id.group(), id.kind, id.ns, id.name);
}

const Manifest* Index::FindNamespace(std::string_view ns) const {
  const auto found = namespaces_.find(ns);
  return found == namespaces_.end() ? nullptr : &manifests_[found->second];
}

std::string Index::NamespaceAnnotation(std::string_view ns, std::string_view key) const {
  const Manifest* found = FindNamespace(ns);
  return found == nullptr ? std::string() : found->Annotation(key);
}

std::vector<const Manifest*> Index::Find(const Scalers& scalers, const ObjectId& workload) const {
  std::vector<const Manifest*> found;
  if (scalers.empty()) return found;
  const auto at = scalers.find(Key(workload.group(), workload.kind, workload.ns, workload.name));
  if (at == scalers.end()) return found;
  for (const std::uint32_t number : at->second) found.push_back(&manifests_[number]);
  return found;
}

std::vector<const Manifest*> Index::FindScalers(const ObjectId& workload) const {
  return Find(scalers_, workload);
}

std::vector<const Manifest*> Index::FindVerticalScalers(const ObjectId& workload) const {
  return Find(vertical_scalers_, workload);
}

}  // namespace cloudlab::kube
