// The VerticalPodAutoscaler (autoscaling.k8s.io/v1). It would manage every container of a pod that
// no policy names, sidecars too, and must not move a resource that a horizontal autoscaler measures
// (kubernetes/autoscaler, vertical-pod-autoscaler/docs/known-limitations.md).
#include <algorithm>
#include <utility>

#include "policy/autoscaling/parts.hpp"
#include "policy/sizing.hpp"

namespace cloudlab::policy::autoscaling {
namespace {

using yaml::Value;

/// The resources that it may move: what the policy names, without what `scaler` measures.
std::vector<std::string> Resources(const Value& vertical, const std::optional<Scaler>& scaler) {
  std::vector<std::string> resources = {"cpu", "memory"};
  if (const Value* stated = vertical.Find("controlledResources")) {
    resources.clear();
    for (const Value& item : stated->items()) resources.push_back(item.text());
  }
  if (!scaler) return resources;
  std::erase_if(resources, [&](const std::string& resource) {
    return std::ranges::find(scaler->resources, resource) != scaler->resources.end();
  });
  return resources;
}

Value ContainerPolicy(const Value& vertical, const std::string& container,
                      const std::vector<std::string>& resources) {
  Value policy = Value::Map({{"containerName", Value::String(container)}});
  Value names = Value::Seq();
  for (const std::string& resource : resources) names.Append(Value::String(resource));
  policy.Put("controlledResources", std::move(names));
  for (const char* field : {"controlledValues", "minAllowed", "maxAllowed"}) {
    if (const Value* value = vertical.Find(field)) policy.Put(field, *value);
  }
  return policy;
}

Value MakeVpa(const Target& target, const Value& vertical,
              const std::vector<std::string>& resources) {
  Value policies = Value::Seq();
  if (TextAt(vertical, "sidecars") == "Auto") {
    policies.Append(ContainerPolicy(vertical, "*", resources));
  } else {
    for (const std::string& container : target.app_containers()) {
      policies.Append(ContainerPolicy(vertical, container, resources));
    }
    // Also what a mesh puts into the pod later.
    policies.Append(
        Value::Map({{"containerName", Value::String("*")}, {"mode", Value::String("Off")}}));
  }
  Value spec;
  spec.Put("targetRef", target.Reference());
  spec.Put("updatePolicy",
           Value::Map({{"updateMode", Value::String(TextAt(vertical, "updateMode"))}}));
  spec.Put("resourcePolicy", Value::Map({{"containerPolicies", std::move(policies)}}));
  return target.NewObject("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", std::move(spec));
}

}  // namespace

void ProposeVertical(const Target& target, const std::optional<Scaler>& scaler) {
  const Value* vertical = target.spec().Find("vertical");
  if (vertical == nullptr) return;
  const kube::Manifest* existing = target.ExistingVerticalScaler();
  if (existing != nullptr && !target.IsOurs(*existing) && target.run().mending.existing) {
    const std::string who = existing->id.Display() + " of the chart is for this workload";
    if (target.conflicts() == ConflictPolicy::kKeep) {
      target.Skip("CL-C-SCALER-EXISTS", who + "; it stays as it is");
    } else {
      target.Tell(text::Severity::kError, "CL-C-SCALER-EXISTS", who + " already", {},
                  "remove it from the chart, or let it win with conflictPolicy: Keep");
    }
    return;
  }
  const std::vector<std::string> resources =
      Resources(*vertical, target.run().mending.resources ? scaler : std::nullopt);
  if (resources.empty()) {
    target.Skip("CL-C-HPA-VPA", scaler->name +
                                    " measures every resource that the VerticalPodAutoscaler would "
                                    "move: none is made");
    return;
  }
  target.Add(MakeVpa(target, *vertical, resources));
}

}  // namespace cloudlab::policy::autoscaling
