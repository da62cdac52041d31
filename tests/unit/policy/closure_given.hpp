// Small documents for tests of the closing look: workloads, autoscalers and budgets that fit
// together as long as a test does not say otherwise.
#pragma once

#include <string>

namespace cloudlab::policy {

/// Documents in the shortest form: what is left out does not matter to the case.
inline std::string Object(const std::string& version, const std::string& kind,
                          const std::string& name, const std::string& spec) {
  return "apiVersion: " + version + "\nkind: " + kind + "\nmetadata: {name: " + name +
         "}\nspec: " + spec + "\n---\n";
}

inline constexpr const char* kBusy = "resources: {requests: {cpu: 100m, memory: 64Mi}}";

/// A Deployment whose pods have the label `app: <name>`.
inline std::string Deployment(const std::string& name, const std::string& spec = {},
                              const std::string& container = kBusy, const std::string& pod = {}) {
  return Object("apps/v1", "Deployment", name,
                "{" + spec + (spec.empty() ? "" : ", ") +
                    "template: {metadata: {labels: {app: " + name + ", tier: web}}, spec: {" + pod +
                    (pod.empty() ? "" : ", ") + "containers: [{name: app, " + container + "}]}}}");
}

inline std::string Target(const std::string& name, const std::string& kind = "Deployment",
                          const std::string& version = "apps/v1") {
  return "{apiVersion: " + version + ", kind: " + kind + ", name: " + name + "}";
}

inline constexpr const char* kCpu =
    "metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, "
    "averageUtilization: 80}}}]";

inline std::string Hpa(const std::string& name, const std::string& target,
                       const std::string& rest = "maxReplicas: 5",
                       const std::string& metrics = kCpu) {
  return Object("autoscaling/v2", "HorizontalPodAutoscaler", name,
                "{scaleTargetRef: " + target + ", " + rest + ", " + metrics + "}");
}

inline std::string Keda(const std::string& name, const std::string& rest) {
  return Object("keda.sh/v1alpha1", "ScaledObject", name, "{" + rest + "}");
}

inline std::string Vpa(const std::string& name, const std::string& target,
                       const std::string& rest = {}) {
  return Object("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", name,
                "{targetRef: " + target + (rest.empty() ? "" : ", ") + rest + "}");
}

inline std::string Pdb(const std::string& name, const std::string& rest,
                       const std::string& selector = "{matchLabels: {app: cart}}") {
  return Object("policy/v1", "PodDisruptionBudget", name,
                "{" + rest + ", selector: " + selector + "}");
}

}  // namespace cloudlab::policy
