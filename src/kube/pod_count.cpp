#include "kube/pod_count.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "kube/budget.hpp"

namespace cloudlab::kube {
namespace {

constexpr IntOrPercent kDefaultSurge{.value = 25, .percent = true};

std::int64_t SurgeOf(yaml::NodeView strategy, IntOrPercent fallback, std::int64_t pods) {
  return ReadIntOrPercent(strategy.Find("maxSurge")).value_or(fallback).ScaledUp(pods);
}

std::int64_t PodsOfJob(yaml::NodeView spec) {
  const std::int64_t parallelism = ReadCount(spec.Find("parallelism")).value_or(1);
  // Without completions any success ends the Job, but all its pods run until then.
  return std::min(parallelism, ReadCount(spec.Find("completions")).value_or(parallelism));
}

}  // namespace

std::optional<std::int64_t> ReadCount(yaml::NodeView node) {
  const yaml::NodeView value = node.Resolved();
  if (!value.IsScalar() || value.node().style != yaml::Style::kPlain) return std::nullopt;
  const std::string text = value.Text();
  const std::size_t digits = text.starts_with('-') ? 1 : 0;
  if (text.size() > digits + 1 && text[digits] == '0') return std::nullopt;  // Octal to some.
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::int64_t StatedPods(const Manifest& workload) {
  const yaml::NodeView spec = workload.root.Find("spec");
  std::int64_t pods = 1;
  if (workload.id.kind == "Job") {
    pods = PodsOfJob(spec);
  } else if (workload.id.kind == "CronJob") {
    pods = PodsOfJob(spec.Find({"jobTemplate", "spec"}));
  } else if (workload.id.kind != "Pod" && workload.id.kind != "DaemonSet") {
    pods = ReadCount(spec.Find("replicas")).value_or(1);
  }
  return std::max<std::int64_t>(0, pods);
}

std::int64_t RollingSurge(const Manifest& workload, std::int64_t pods) {
  const yaml::NodeView spec = workload.root.Find("spec");
  const std::string_view kind = workload.id.kind;
  const std::string_view group = workload.id.group();
  if (kind == "Deployment" && group == "apps") {
    const yaml::NodeView strategy = spec.Find("strategy");
    if (strategy.Find("type").TextIs("Recreate")) return 0;
    return SurgeOf(strategy.Find("rollingUpdate"), kDefaultSurge, pods);
  }
  if (kind == "Rollout" && group == "argoproj.io") {
    const yaml::NodeView strategy = spec.Find("strategy");
    if (strategy.Find("blueGreen")) return pods;
    return SurgeOf(strategy.Find("canary"), kDefaultSurge, pods);
  }
  if (kind == "DaemonSet" && group == "apps") {
    const yaml::NodeView strategy = spec.Find("updateStrategy");
    if (strategy.Find("type").TextIs("OnDelete")) return 0;
    return SurgeOf(strategy.Find("rollingUpdate"), {}, pods);
  }
  return 0;
}

}  // namespace cloudlab::kube
