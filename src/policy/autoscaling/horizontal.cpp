#include "policy/autoscaling/horizontal.hpp"

#include <algorithm>
#include <utility>

#include "policy/autoscaling/metrics.hpp"

namespace cloudlab::policy::autoscaling {
namespace {

using yaml::Value;

constexpr std::string_view kScaledObject = "ScaledObject";
constexpr std::int64_t kKedaMost = 100;  // maxReplicaCount, where a ScaledObject says nothing.

void AddOnce(std::vector<std::string>& words, std::string word) {
  if (!word.empty() && std::ranges::find(words, word) == words.end()) {
    words.push_back(std::move(word));
  }
}

/// What an autoscaler does; `name` is for messages.
Scaler Read(std::string name, std::string_view kind, const Value& spec) {
  Scaler scaler{std::move(name), {}, {}};
  const auto number = [&](std::string_view key, std::int64_t otherwise) {
    return IntAt(spec, key).value_or(otherwise);
  };
  const auto items = [&](std::string_view key) {
    const Value* list = spec.Find(key);
    return list == nullptr ? std::vector<Value>() : list->items();
  };
  if (kind == kScaledObject) {
    scaler.bounds = {number("minReplicaCount", 0), number("maxReplicaCount", kKedaMost)};
    for (const Value& trigger : items("triggers")) {
      const std::string type = TextAt(trigger, "type");
      if (type == "cpu" || type == "memory") AddOnce(scaler.resources, type);
    }
    return scaler;
  }
  scaler.bounds.least = number("minReplicas", 1);
  scaler.bounds.most = number("maxReplicas", scaler.bounds.least);
  const std::vector<Value> metrics = items("metrics");
  if (metrics.empty()) scaler.resources = {"cpu"};  // The API server's default.
  for (const Value& metric : metrics) {
    for (const char* source : {"resource", "containerResource"}) {
      if (const Value* resource = metric.Find(source)) {
        AddOnce(scaler.resources, TextAt(*resource, "name"));
      }
    }
  }
  return scaler;
}

Scaler Read(const kube::Manifest& object) {
  return Read(object.id.Display(), object.id.kind, Value::From(object.root.Find("spec")));
}

/// The autoscaler that another policy of this run makes for the workload.
std::optional<Scaler> ReadOfAnother(const Target& target) {
  const Value* object = target.ScalerOfAnother();
  if (object == nullptr) return std::nullopt;
  const std::string kind = TextAt(*object, "kind");
  return Read(kind + " " + TextAt(*object->Find("metadata"), "name"), kind, *object->Find("spec"));
}

Value MakeHpa(const Target& target, const Bounds& bounds, const std::vector<Value>& metrics) {
  Value spec;
  spec.Put("scaleTargetRef", target.Reference());
  spec.Put("minReplicas", Value::Int(bounds.least));
  spec.Put("maxReplicas", Value::Int(bounds.most));
  Value list = Value::Seq();
  for (const Value& metric : metrics) list.Append(AsHpaMetric(metric));
  spec.Put("metrics", std::move(list));
  const Value* horizontal = target.spec().Find("horizontal");
  if (const Value* behavior = horizontal->Find("behavior")) spec.Put("behavior", *behavior);
  return target.NewObject("autoscaling/v2", "HorizontalPodAutoscaler", std::move(spec));
}

Value MakeScaledObject(const Target& target, const Bounds& bounds,
                       const std::vector<Value>& metrics) {
  const Value* horizontal = target.spec().Find("horizontal");
  Value spec;
  spec.Put("scaleTargetRef", target.Reference());
  for (const char* field : {"pollingInterval", "cooldownPeriod"}) {
    if (const Value* seconds = horizontal->Find(field)) spec.Put(field, *seconds);
  }
  spec.Put("minReplicaCount", Value::Int(bounds.least));
  spec.Put("maxReplicaCount", Value::Int(bounds.most));
  if (const Value* behavior = horizontal->Find("behavior")) {
    spec.Put(
        "advanced",
        Value::Map({{"horizontalPodAutoscalerConfig", Value::Map({{"behavior", *behavior}})}}));
  }
  Value triggers = Value::Seq();
  for (const Value& metric : metrics) {
    if (auto trigger = AsKedaTrigger(metric)) triggers.Append(*std::move(trigger));
  }
  if (const Value* own = horizontal->Find("triggers")) {
    for (const Value& trigger : own->items()) triggers.Append(trigger);
  }
  spec.Put("triggers", std::move(triggers));
  return target.NewObject("keda.sh/v1alpha1", std::string(kScaledObject), std::move(spec));
}

/// True if the policy may write where the chart's own autoscaler stands.
bool MayReplace(const Target& target, const kube::Manifest& existing, std::string_view kind) {
  if (target.conflicts() == ConflictPolicy::kReplace && existing.id.kind == kind) return true;
  if (target.conflicts() == ConflictPolicy::kKeep) {
    target.Skip("CL-C-SCALER-EXISTS",
                existing.id.Display() + " of the chart sets the number of pods; it stays as it is");
  } else {
    target.Tell(text::Severity::kError, "CL-C-SCALER-EXISTS",
                existing.id.Display() + " of the chart sets the number of pods already", {},
                "remove it from the chart, or let it win with conflictPolicy: Keep");
  }
  return false;
}

}  // namespace

std::optional<Scaler> ProposeHorizontal(const Target& target) {
  const kube::Manifest* existing = target.ExistingScaler();
  const Value* horizontal = target.spec().Find("horizontal");
  const bool foreign =
      existing != nullptr && !target.IsOurs(*existing) && target.run().mending.existing;
  if (horizontal == nullptr || target.is_borrowed()) {
    if (horizontal != nullptr) {
      target.Skip("CL-C-SCALER-EXISTS", target.controller().id.Display() +
                                            " runs the pods of this workload; scaling them is left "
                                            "to the Rollout");
    }
    // What another policy makes may replace the chart's. An object of ours that the policy does not
    // ask for any more is taken out after the stage.
    if (auto made = ReadOfAnother(target)) return made;
    return foreign ? std::optional(Read(*existing)) : std::nullopt;
  }
  const std::string kind = TextAt(*horizontal, "emit");
  if (foreign && !MayReplace(target, *existing, kind)) return Read(*existing);
  const std::optional<Bounds> bounds = target.ReadBounds();
  if (!bounds) return std::nullopt;
  const auto metrics = ReadMetrics(target);
  if (!metrics) return std::nullopt;

  Value object = kind == kScaledObject ? MakeScaledObject(target, *bounds, *metrics)
                                       : MakeHpa(target, *bounds, *metrics);
  // The one that is replaced, or that an earlier run replaced, goes on under its own name.
  const bool takes_over = foreign || (existing != nullptr && target.IsOurs(*existing));
  if (takes_over && existing->id.kind == kind) {
    object.Find("metadata")->Put("name", Value::String(existing->id.name));
  }
  Scaler scaler{kind + " " + TextAt(*object.Find("metadata"), "name"), *bounds, {}};
  for (const Value& metric : *metrics) {
    const std::string type = TextAt(metric, "type");
    if (type == "Resource" || type == "ContainerResource") {
      AddOnce(scaler.resources, TextAt(metric, "name"));
    }
  }
  const kube::Manifest* vertical =
      target.run().mending.resources ? target.VerticalScalerOf(scaler.resources) : nullptr;
  if (vertical != nullptr) {
    const std::string message =
        vertical->id.Display() + " of the chart moves a request that the autoscaler would measure";
    if (target.conflicts() == ConflictPolicy::kKeep) {
      target.Skip("CL-C-HPA-VPA", message + "; it stays, and no autoscaler is made");
    } else {
      target.Tell(
          text::Severity::kError, "CL-C-HPA-VPA", message, {},
          "measure another metric, or set the updateMode of the VerticalPodAutoscaler to Off");
    }
    return std::nullopt;
  }
  target.Add(std::move(object));
  return scaler;
}

}  // namespace cloudlab::policy::autoscaling
