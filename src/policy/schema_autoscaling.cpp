// The schema of AutoscalingPolicy. Metrics and behaviour have the field names of autoscaling/v2,
// but flat, so that a metric fits on one line.
//
// Sources: the Kubernetes API reference (autoscaling/v2, policy/v1), the definitions of
// VerticalPodAutoscaler (autoscaling.k8s.io/v1) and of KEDA's ScaledObject (keda.sh/v1alpha1). The
// update mode Auto of a VerticalPodAutoscaler is deprecated (kubernetes/autoscaler#8424) and
// missing.
#include <utility>

#include "kube/quantity.hpp"
#include "policy/schema_parts.hpp"

namespace cloudlab::policy {
namespace {

bool ExactlyOne(const yaml::Value& object, std::string_view a, std::string_view b) {
  return (object.Find(a) == nullptr) != (object.Find(b) == nullptr);
}

Field Utilization() {
  return Optional("averageUtilization", Int(1), "Percent of the request, over all pods.");
}

Field AverageValue() {
  return Optional("averageValue", Of(Form::kQuantity), "The amount for each pod.");
}

Field Selector() {
  return Optional("selector", Of(Form::kAny), "A label selector of the metric, as in Kubernetes.");
}

ObjectPtr Metric(const std::string& type, const std::string& description, std::vector<Field> fields,
                 std::vector<Invariant> invariants) {
  fields.insert(fields.begin(), Required("type", Enum({type}), description));
  return Shared("", description, std::move(fields), false, std::move(invariants));
}

std::vector<Invariant> OneTarget(std::string_view which) {
  if (which == "share") {
    return {{[](const yaml::Value& metric) {
               return ExactlyOne(metric, "averageUtilization", "averageValue");
             },
             "give averageUtilization or averageValue"}};
  }
  return {{[](const yaml::Value& metric) { return ExactlyOne(metric, "value", "averageValue"); },
           "give value or averageValue"}};
}

Type MetricType() {
  const auto resource = [] { return Required("name", Enum({"cpu", "memory"}), "The resource."); };
  const auto metric = [] { return Required("name", Text(), "The metric's name."); };
  return OneOf(
      {Metric("Resource",
              "A resource of the whole pod; measured at the main container instead where a request "
              "is missing or a mesh adds a container.",
              {resource(), Utilization(), AverageValue()}, OneTarget("share")),
       Metric("ContainerResource", "A resource of one container.",
              {resource(),
               Optional("container", Text(), "The container; template variables are expanded.",
                        "{{mainContainer}}"),
               Utilization(), AverageValue()},
              OneTarget("share")),
       Metric("Pods", "A metric that every pod has (custom.metrics.k8s.io).",
              {metric(), Selector(),
               Required("averageValue", Of(Form::kQuantity), "The amount for each pod.")},
              {}),
       Metric("External", "A metric from outside the cluster (external.metrics.k8s.io).",
              {metric(), Selector(), Optional("value", Of(Form::kQuantity), "The amount in all."),
               AverageValue()},
              OneTarget("amount"))});
}

ObjectPtr ScalingRules() {
  static const ObjectPtr object = Shared(
      "ScalingRules", "How fast the number of pods may change in one direction.",
      {Optional("stabilizationWindowSeconds", Int(0, 3600),
                "For how long the safest of the recommendations holds."),
       Optional("selectPolicy", Enum({"Max", "Min", "Disabled"}), "Which of the policies holds."),
       Optional("tolerance", Of(Form::kQuantity),
                "How far a metric may be off before anything happens (Kubernetes 1.33, alpha)."),
       Optional("policies",
                List(Inline("A limit for one period.",
                            {Required("type", Enum({"Pods", "Percent"}), "What `value` counts."),
                             Required("value", Int(1), "The greatest change in the period."),
                             Required("periodSeconds", Int(1, 1800), "The period.")}),
                     1),
                "Limits of the change.")});
  return object;
}

bool TriggersNeedKeda(const yaml::Value& horizontal) {
  const yaml::Value* emit = horizontal.Find("emit");
  const bool keda = emit != nullptr && emit->text() == "ScaledObject";
  if (keda) return true;
  return horizontal.Find("triggers") == nullptr && horizontal.Find("pollingInterval") == nullptr &&
         horizontal.Find("cooldownPeriod") == nullptr;
}

bool KedaKnowsMetrics(const yaml::Value& horizontal) {
  const yaml::Value* emit = horizontal.Find("emit");
  const yaml::Value* metrics = horizontal.Find("metrics");
  if (metrics == nullptr || emit == nullptr || emit->text() != "ScaledObject") return true;
  for (const yaml::Value& metric : metrics->items()) {
    const yaml::Value* type = metric.Find("type");
    if (type != nullptr && (type->text() == "Pods" || type->text() == "External")) return false;
  }
  return true;
}

Type Horizontal() {
  ObjectPtr behavior = Shared("", "How fast the number of pods may change, as in autoscaling/v2.",
                              {Optional("scaleUp", ObjectOf(ScalingRules()), "Upwards."),
                               Optional("scaleDown", ObjectOf(ScalingRules()), "Downwards.")});
  ObjectPtr trigger =
      Shared("Trigger", "A trigger of a ScaledObject.",
             {Required("type", Text(), "The scaler, `kafka`."),
              Required("metadata", Map(Of(Form::kString)), "What the scaler needs to know.")},
             true);
  return ObjectOf(Shared(
      "", "What sets the number of pods.",
      {Optional("emit", Enum({"HorizontalPodAutoscaler", "ScaledObject"}),
                "The kind of object that is made.", "HorizontalPodAutoscaler"),
       Optional("minReplicas", Int(1),
                "The least number of pods; left out: of the EnvironmentProfile, else the replicas "
                "of the workload's tier, else 1."),
       Optional("maxReplicas", Int(1),
                "The greatest number of pods; left out: of the EnvironmentProfile."),
       Optional("metrics", List(MetricType(), 1),
                "What is measured; left out: 80 percent of the cpu request."),
       Optional("behavior", ObjectOf(behavior), behavior->description),
       Optional("triggers", List(ObjectOf(trigger), 1), "Triggers of a ScaledObject, as in KEDA."),
       Optional("pollingInterval", Int(1), "Of a ScaledObject, in seconds."),
       Optional("cooldownPeriod", Int(0), "Of a ScaledObject, in seconds.")},
      false,
      {{TriggersNeedKeda, "triggers, pollingInterval and cooldownPeriod need emit: ScaledObject"},
       {KedaKnowsMetrics,
        "a ScaledObject has no metrics of type Pods or External; write them as triggers"}}));
}

/// True unless a least recommendation is above the greatest.
bool BoundsAreOrdered(const yaml::Value& vertical) {
  const yaml::Value* least = vertical.Find("minAllowed");
  const yaml::Value* most = vertical.Find("maxAllowed");
  if (least == nullptr || most == nullptr) return true;
  for (const auto& [resource, amount] : least->entries()) {
    const yaml::Value* other = most->Find(resource);
    if (other == nullptr) continue;
    const auto low = kube::Quantity::Parse(amount.text());
    const auto high = kube::Quantity::Parse(other->text());
    if (low && high && *low > *high) return false;  // Others are told as no quantities.
  }
  return true;
}

Type Vertical() {
  Type bounds = Map(Of(Form::kQuantity), {"cpu", "memory"});
  return ObjectOf(Shared(
      "", "A recommender of requests.",
      {Optional("updateMode", Enum({"Off", "Initial", "Recreate", "InPlaceOrRecreate"}),
                "When recommendations become requests; InPlaceOrRecreate needs the "
                "VerticalPodAutoscaler 1.4.",
                "Off"),
       Optional("controlledResources", List(Enum({"cpu", "memory"}), 1),
                "What it may move; what the horizontal autoscaler measures is left out."),
       Optional("controlledValues", Enum({"RequestsAndLimits", "RequestsOnly"}),
                "Whether limits move with the requests."),
       Optional("minAllowed", bounds, "The least recommendation for a container."),
       Optional("maxAllowed", bounds, "The greatest recommendation for a container."),
       Optional("sidecars", Enum({"Off", "Auto"}),
                "Off: only the containers of the application; Auto: every container of the pod.",
                "Off")},
      false, {{BoundsAreOrdered, "minAllowed is above maxAllowed"}}));
}

Type DisruptionBudget() {
  return ObjectOf(Shared(
      "", "How many pods people may evict at a time.",
      {Optional("maxUnavailable", Of(Form::kIntOrPercent),
                "The greatest number of pods away, 1 or \"25%\"; left out: 1."),
       Optional("minAvailable", Of(Form::kIntOrPercent), "The least number of pods left."),
       Optional("quorum", Of(Form::kBool),
                "Whether a majority of the pods must be left; the number follows from that.",
                "false"),
       Optional("skipBelow", Int(2), "Workloads of fewer pods get no budget.", "2"),
       Optional("unhealthyPodEvictionPolicy", Enum({"AlwaysAllow", "IfHealthyBudget"}),
                "Whether pods that are not ready may always be evicted.", "AlwaysAllow")},
      false,
      {{[](const yaml::Value& budget) { return NotBoth(budget, "maxUnavailable", "minAvailable"); },
        "give maxUnavailable or minAvailable, not both"},
       {[](const yaml::Value& budget) {
          const yaml::Value* quorum = budget.Find("quorum");
          if (quorum == nullptr || quorum->text() != "true") return true;
          return budget.Find("minAvailable") == nullptr && budget.Find("maxUnavailable") == nullptr;
        },
        "a quorum says itself how many may be missing; leave maxUnavailable and minAvailable "
        "out"}}));
}

Type TopologySpread() {
  return List(
      ObjectOf(
          Shared("TopologySpread", "A topologySpreadConstraint of the pod.",
                 {Required("topologyKey", Text(), "The node label, `topology.kubernetes.io/zone`."),
                  Optional("maxSkew", Int(1), "The greatest difference between two domains.", "1"),
                  Optional("whenUnsatisfiable", Enum({"ScheduleAnyway", "DoNotSchedule"}),
                           "What happens to a pod that fits nowhere.", "ScheduleAnyway"),
                  Optional("labelSelector", Of(Form::kAny),
                           "The pods that are counted; left out: the workload's own."),
                  Optional("minDomains", Int(1), "As in Kubernetes."),
                  Optional("nodeAffinityPolicy", Enum({"Honor", "Ignore"}), "As in Kubernetes."),
                  Optional("nodeTaintsPolicy", Enum({"Honor", "Ignore"}), "As in Kubernetes.")},
                 false,
                 {{[](const yaml::Value& constraint) {
                     const yaml::Value* when = constraint.Find("whenUnsatisfiable");
                     return constraint.Find("minDomains") == nullptr ||
                            (when != nullptr && when->text() == "DoNotSchedule");
                   },
                   "minDomains needs whenUnsatisfiable: DoNotSchedule"}})),
      1);
}

bool AsksForSomething(const yaml::Value& spec) {
  for (const char* field : {"horizontal", "vertical", "disruptionBudget", "topologySpread"}) {
    if (spec.Find(field) != nullptr) return true;
  }
  return false;
}

}  // namespace

ObjectPtr AutoscalingPolicySpec() {
  return Shared(
      "", "Sets the number of pods and protects them, without contradictions.",
      WithCommonFields(
          {Optional("tier", Of(Form::kName),
                    "The tier whose replicas are the least number of pods; the annotation "
                    "cloudlab.dev/tier wins."),
           Optional("horizontal", Horizontal(), "What sets the number of pods."),
           Optional("replicasPolicy", Enum({"Remove", "Keep", "SetToMin"}),
                    "What becomes of spec.replicas under an autoscaler.", "Remove"),
           Optional("vertical", Vertical(), "A recommender of requests."),
           Optional("disruptionBudget", DisruptionBudget(),
                    "How many pods people may evict at a time."),
           Optional("topologySpread", TopologySpread(), "Where the pods go."),
           Optional(
               "conflictPolicy", Enum({"Keep", "Replace", "Fail"}),
               "Keep: an autoscaler or budget of the chart wins; Replace: a horizontal autoscaler "
               "of the same kind is overwritten; Fail: that there is one is an error.",
               "Keep")}),
      false,
      {{AsksForSomething,
        "it asks for nothing; give horizontal, vertical, disruptionBudget or "
        "topologySpread"}});
}

}  // namespace cloudlab::policy
