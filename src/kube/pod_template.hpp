// What stands in a pod template: its containers with the role that each plays, and label selectors.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/workload.hpp"
#include "yaml/value.hpp"
#include "yaml/view.hpp"

namespace cloudlab::kube {

enum class ContainerType : std::uint8_t {
  kApp,
  kInit,
  kSidecar,  ///< An init container with `restartPolicy: Always` (Kubernetes 1.29 and later).
  kEphemeral,
};

/// "App", "Init", "Sidecar", "Ephemeral": as policies write them.
std::string_view Name(ContainerType type);
std::optional<ContainerType> ParseContainerType(std::string_view name);

struct Container {
  yaml::NodeView node;
  std::string name;
  ContainerType type = ContainerType::kApp;

  std::string Image() const { return node.Find("image").Text(); }
};

/// The containers of a pod: init containers and native sidecars as they stand, then the main ones,
/// then ephemeral ones. Items that are no maps are left out.
std::vector<Container> Containers(const PodTemplate& pod);

/// The name of the container that people mean when they name none: the annotation
/// kubectl.kubernetes.io/default-container, else the first of `containers`; empty if there is none.
std::string MainContainer(const PodTemplate& pod);

/// True if the pod uses the network of its node.
bool UsesHostNetwork(const PodTemplate& pod);

/// A label selector: matchLabels and matchExpressions, all of which must hold. An empty selector
/// selects everything (apimachinery, LabelSelectorAsSelector).
class Selector {
 public:
  enum class Operator : std::uint8_t { kIn, kNotIn, kExists, kDoesNotExist };
  struct Requirement {
    std::string key;
    Operator op = Operator::kIn;
    std::vector<std::string> values;

    /// `label` is the value of the label `key`, or nothing where there is none.
    bool Holds(const std::optional<std::string>& label) const;
  };

  /// Nothing if `selector` is no map, an operator is unknown, or values are missing or superfluous.
  static std::optional<Selector> Parse(const yaml::Value& selector);
  /// The selector by which a workload finds its pods, `spec.selector`: a label selector or, in a
  /// ReplicationController, a plain map of labels. Nothing if there is none or it cannot be read.
  static std::optional<Selector> OfPods(const Manifest& workload);

  /// A plain map of labels, as a Service has it.
  static Selector OfLabels(yaml::NodeView labels);

  const std::vector<Requirement>& requirements() const { return requirements_; }
  /// `labels` is a map, or invalid for an object without labels.
  bool Matches(yaml::NodeView labels) const;

 private:
  std::vector<Requirement> requirements_;
};

}  // namespace cloudlab::kube
