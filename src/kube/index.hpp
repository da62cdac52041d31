// Everything that is known about the objects of the input, gathered once: effective namespaces,
// objects by name, the defaults that a Namespace gives, and who scales whom.
//
// The outlines behind the manifests must outlive the index.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/manifest.hpp"
#include "kube/version.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::kube {

struct IndexOptions {
  std::string option_namespace = {};    ///< `--namespace`, or empty.
  std::string pipeline_namespace = {};  ///< `spec.namespace` of the Pipeline, or empty.
  bool guess_namespace = true;          ///< Take the only one that the stream names (rule G1).
};

/// The group of the object that `reference` (apiVersion, kind, name) names; where it has no
/// apiVersion, the group that its kind is in.
std::string ReferenceGroup(yaml::NodeView reference);

class Index {
 public:
  Index() = default;
  /// Takes the manifests of the whole stream and gives each its effective namespace.
  explicit Index(std::vector<Manifest> manifests, const IndexOptions& options = {});

  /// In the order of the stream.
  const std::vector<Manifest>& manifests() const { return manifests_; }
  /// What people should know about the namespaces that were assumed.
  const text::Diagnostics& findings() const { return findings_; }
  /// The namespace of objects that name none (rule G1); may be empty.
  const std::string& default_namespace() const { return default_namespace_; }

  /// Gives a manifest that was read later (after a rescan) its effective namespace.
  void ResolveNamespace(ObjectId& id) const;
  /// True if objects of this kind belong to no namespace: a well-known kind, or one that a
  /// CustomResourceDefinition of the stream defines so.
  bool IsClusterScoped(std::string_view group, std::string_view kind) const;

  /// The first object of this group, kind, namespace and name, or null. Versions are not compared:
  /// the API server serves one object under all of them.
  const Manifest* Find(const ObjectId& id) const;
  const Manifest* Find(std::string_view group, std::string_view kind, std::string_view ns,
                       std::string_view name) const;

  /// The Namespace object `ns` of the stream, or null.
  const Manifest* FindNamespace(std::string_view ns) const;
  /// Its annotation `key`, or empty.
  std::string NamespaceAnnotation(std::string_view ns, std::string_view key) const;
  /// The HorizontalPodAutoscalers, ScaledObjects and (by workloadRef) Rollouts of the stream that
  /// set the number of pods of `workload`, in its order.
  std::vector<const Manifest*> FindScalers(const ObjectId& workload) const;
  /// The VerticalPodAutoscalers of the stream for `workload`, in its order.
  std::vector<const Manifest*> FindVerticalScalers(const ObjectId& workload) const;

 private:
  void ReadClusterScopedCrds();
  void ChooseDefaultNamespace(const IndexOptions& options);
  void AddScaler(const Manifest& manifest, std::uint32_t number);

  std::vector<Manifest> manifests_;
  std::vector<std::pair<std::string, std::string>> cluster_crds_;  // Group and kind.
  std::string default_namespace_;
  text::Diagnostics findings_;
  /// Where a manifest stands, found by the hash of its identity.
  struct Place {
    std::size_t hash = 0;
    std::uint32_t number = 0;
    auto operator<=>(const Place&) const = default;
  };
  std::vector<Place> places_;       // Sorted.
  std::vector<std::size_t> kinds_;  // Hashes of the kinds that there are, sorted.
  // The workload that is scaled, as Key() writes it -> places in manifests_.
  using Scalers = std::unordered_map<std::string, std::vector<std::uint32_t>>;
  std::vector<const Manifest*> Find(const Scalers& scalers, const ObjectId& workload) const;
  Scalers scalers_;
  Scalers vertical_scalers_;
  // The same for Namespaces alone, by name: they are asked for often, and there are few.
  std::map<std::string, std::uint32_t, std::less<>> namespaces_;
};

}  // namespace cloudlab::kube
