#include "policy/autoscaling/metrics.hpp"

#include <algorithm>
#include <utility>

#include "policy/variables.hpp"

namespace cloudlab::policy::autoscaling {
namespace {

using yaml::Value;

constexpr std::string_view kDefaultUtilization = "80";

/// A request that a share can be taken of; the API server takes the limit where there is none.
bool HasRequest(const kube::ContainerResources& container, std::string_view resource) {
  const auto request = container.requests.find(resource);
  if (request != container.requests.end()) return !request->second.IsZero();
  const auto limit = container.limits.find(resource);
  return limit != container.limits.end() && !limit->second.IsZero();
}

bool IsCounted(const kube::ContainerResources& container) {
  return container.type == kube::ContainerType::kApp ||
         container.type == kube::ContainerType::kSidecar;
}

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

class Chooser {
 public:
  explicit Chooser(const Target& target)
      : target_(target), resources_(kube::ReadPodResources(target.pod())) {
    const auto& ranges = target.run().limit_ranges;
    const auto found = ranges.find(target.id().ns);
    if (found != ranges.end()) kube::ApplyLimitRanges(found->second, resources_);
  }

  /// Makes `metric` one that can be computed; false after a finding.
  bool Settle(Value& metric, bool stated) const {
    const std::string type = TextAt(metric, "type");
    if (type == "ContainerResource") return SettleContainer(metric);
    const bool share = metric.Find("averageUtilization") != nullptr;
    return type != "Resource" || !share || SettlePod(metric, stated);
  }

 private:
  /// The containers without the request that a share of the whole pod needs; a pod that speaks for
  /// itself (`spec.resources`) needs none.
  std::vector<std::string> Missing(std::string_view resource) const {
    std::vector<std::string> names;
    if (resources_.HasPodLevel() &&
        kube::EffectiveRequest(resources_).contains(std::string(resource))) {
      return names;
    }
    for (const auto& container : resources_.containers) {
      if (IsCounted(container) && !HasRequest(container, resource)) names.push_back(container.name);
    }
    return names;
  }

  bool SettlePod(Value& metric, bool stated) const {
    const std::string resource = TextAt(metric, "name");
    const std::vector<std::string> missing = Missing(resource);
    const auto counted = std::ranges::count_if(resources_.containers, IsCounted);
    const bool prefers_container = target_.joins_mesh() || (!stated && counted > 1);
    // Without a request of its own the main container cannot be measured alone; the pod can.
    if (missing.empty() && (!prefers_container || !HasRequestOfMain(resource))) return true;
    if (!HasRequestOfMain(resource)) return Refuse(resource, missing);
    if (stated) {
      const std::string why = missing.empty()
                                  ? "a proxy that is added to the pod later may have no request"
                                  : "no " + resource + " request: " + Join(missing);
      target_.Tell(text::Severity::kInfo, "CL-C-CONTAINER-RESOURCE",
                   resource + " is measured at container " + target_.main_container() +
                       " and not at the whole pod: " + why,
                   target_.pod().spec);
    }
    Value settled;
    settled.Put("type", Value::String("ContainerResource"));
    settled.Put("container", Value::String(target_.main_container()));
    for (const auto& [key, value] : metric.entries()) {
      if (key != "type") settled.Put(key, value);
    }
    metric = std::move(settled);
    return true;
  }

  bool SettleContainer(const Value& metric) const {
    const std::string name = TextAt(metric, "container");
    const std::string resource = TextAt(metric, "name");
    const auto found =
        std::ranges::find(resources_.containers, name, &kube::ContainerResources::name);
    const bool known = found != resources_.containers.end();
    if (!known || !IsCounted(*found)) {
      target_.Tell(text::Severity::kError, "CL-C-NO-CONTAINER",
                   "the policy measures container " + name +
                       (known ? ", which is an init container: it ends before the pod works"
                              : ", which this pod does not have"),
                   target_.pod().spec, "write {{mainContainer}}, or exclude this workload");
      return false;
    }
    const bool share = metric.Find("averageUtilization") != nullptr;
    return !share || HasRequest(*found, resource) || Refuse(resource, {name});
  }

  bool HasRequestOfMain(std::string_view resource) const {
    return std::ranges::any_of(resources_.containers, [&](const auto& container) {
      return container.name == target_.main_container() && HasRequest(container, resource);
    });
  }

  bool Refuse(const std::string& resource, const std::vector<std::string>& missing) const {
    target_.Tell(text::Severity::kError, "CL-C-NO-REQUEST",
                 "a share of the " + resource + " request cannot be computed, for there is none: " +
                     (missing.empty() ? target_.main_container() : Join(missing)),
                 target_.pod().spec,
                 "give the container a request in the chart or by a ResourceTierPolicy, or measure "
                 "an averageValue");
    return false;
  }

  const Target& target_;
  kube::PodResources resources_;
};

Value DefaultMetric() {
  return Value::Map({{"type", Value::String("Resource")},
                     {"name", Value::String("cpu")},
                     {"averageUtilization", Value::Literal(std::string(kDefaultUtilization))}});
}

/// MetricTarget of autoscaling/v2.
Value HpaTarget(const Value& metric) {
  Value target;
  for (const auto& [key, type] :
       {std::pair("averageUtilization", "Utilization"), std::pair("averageValue", "AverageValue"),
        std::pair("value", "Value")}) {
    const Value* amount = metric.Find(key);
    if (amount == nullptr) continue;
    target.Put("type", Value::String(type));
    target.Put(key, *amount);
  }
  return target;
}

/// MetricIdentifier of autoscaling/v2.
Value Identifier(const Value& metric) {
  Value identifier = Value::Map({{"name", *metric.Find("name")}});
  if (const Value* selector = metric.Find("selector")) identifier.Put("selector", *selector);
  return identifier;
}

}  // namespace

std::optional<std::vector<Value>> ReadMetrics(const Target& target) {
  const Value* horizontal = target.spec().Find("horizontal");
  const Value* stated = horizontal->Find("metrics");
  std::vector<Value> metrics;
  if (stated != nullptr) metrics = stated->items();
  const bool only_triggers = horizontal->Find("triggers") != nullptr;
  if (metrics.empty() && !only_triggers) metrics.push_back(DefaultMetric());
  const Variables variables(target.subject(), target.run());
  const Chooser chooser(target);
  for (Value& metric : metrics) {
    if (const auto flaw = variables.Expand(metric)) {
      target.Tell(text::Severity::kError, "CL-C-VARIABLE", flaw->message, {}, flaw->hint);
      return std::nullopt;
    }
    const bool mends = target.run().mending.metrics;
    if (mends && !chooser.Settle(metric, stated != nullptr)) return std::nullopt;
  }
  return metrics;
}

Value AsHpaMetric(const Value& metric) {
  const std::string type = TextAt(metric, "type");
  Value source;
  std::string field;
  if (type == "Resource" || type == "ContainerResource") {
    field = type == "Resource" ? "resource" : "containerResource";
    source.Put("name", *metric.Find("name"));
    if (const Value* container = metric.Find("container")) source.Put("container", *container);
  } else {
    field = type == "Pods" ? "pods" : "external";
    source.Put("metric", Identifier(metric));
  }
  source.Put("target", HpaTarget(metric));
  return Value::Map({{"type", Value::String(type)}, {field, std::move(source)}});
}

std::optional<Value> AsKedaTrigger(const Value& metric) {
  const std::string type = TextAt(metric, "type");
  if (type != "Resource" && type != "ContainerResource") return std::nullopt;
  const bool share = metric.Find("averageUtilization") != nullptr;
  // A map of strings in the definition of KEDA.
  Value metadata = Value::Map(
      {{"value", Value::String(TextAt(metric, share ? "averageUtilization" : "averageValue"))}});
  if (const Value* container = metric.Find("container")) metadata.Put("containerName", *container);
  return Value::Map({{"type", *metric.Find("name")},
                     {"metricType", Value::String(share ? "Utilization" : "AverageValue")},
                     {"metadata", std::move(metadata)}});
}

}  // namespace cloudlab::policy::autoscaling
