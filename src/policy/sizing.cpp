#include "policy/sizing.hpp"

#include <algorithm>
#include <utility>

#include "kube/pod_resources.hpp"

namespace cloudlab::policy {
namespace {

/// What holds of two values; nothing if they may not differ and do. Equal values keep their text.
std::optional<Amount> Decide(ConflictPolicy policy, const Amount& chart, const Amount& wanted) {
  if (chart.value == wanted.value) return chart;
  switch (policy) {
    case ConflictPolicy::kKeep:
      return chart;
    case ConflictPolicy::kReplace:
    case ConflictPolicy::kMerge:
      return wanted;
    case ConflictPolicy::kMax:
      return chart.value < wanted.value ? wanted : chart;
    case ConflictPolicy::kMin:
      return chart.value < wanted.value ? chart : wanted;
    case ConflictPolicy::kFail:
      return std::nullopt;
  }
  return chart;
}

std::string Differ(std::string_view field, const Amount& chart, const Amount& wanted) {
  return std::string(field) + " is " + chart.text + " in the chart and " + wanted.text +
         " in the policy, and conflictPolicy is Fail";
}

/// Extended resources and hugepages (rule B8): request equals limit, and a number of devices that
/// the chart asks for is never another one.
Sizing SizeDevices(std::string_view resource, const Sides& chart, const Sides& wanted) {
  Sizing sizing;
  if (wanted.request && wanted.limit && wanted.request->value != wanted.limit->value) {
    sizing.error = std::string(resource) +
                   " cannot be overcommitted: its request and limit must be equal in the policy";
    return sizing;
  }
  const Amount& want = wanted.limit ? *wanted.limit : *wanted.request;
  const std::optional<Amount>& have = chart.limit ? chart.limit : chart.request;
  if (!have) {
    sizing.write.limit = want;
    if (wanted.request) sizing.write.request = want;
    return sizing;
  }
  if (!chart.limit) sizing.write.limit = *chart.request;
  if (have->value != want.value) sizing.note = Sizing::Note::kNotScaled;
  return sizing;
}

/// The request that is to be written, if any. `limit` is the limit as it will be.
void SizeRequest(const Sides& chart, const Sides& wanted, const SizingRules& rules,
                 const std::optional<Amount>& limit, Sizing& sizing) {
  if (!wanted.request) return;
  if (!chart.request && !chart.limit) {
    sizing.write.request = wanted.request;
    return;
  }
  const Amount& have = chart.request ? *chart.request : *chart.limit;
  const std::optional<Amount> decided = Decide(rules.request, have, *wanted.request);
  if (!decided) {
    sizing.error = Differ("the request", have, *wanted.request);
    return;
  }
  if (decided->value != have.value) {
    sizing.write.request = decided;
  } else if (!chart.request && limit->value > have.value) {
    // The limit grows, and a request that defaults to it would grow with it: pin it.
    sizing.write.request = have;
  }
}

/// Rule B2: no request above its limit.
void Enforce(const Sides& chart, const SizingRules& rules, Sizing& sizing) {
  const std::optional<Amount>& request =
      sizing.write.request ? sizing.write.request : chart.request;
  const std::optional<Amount>& limit = sizing.write.limit ? sizing.write.limit : chart.limit;
  if (!request || !limit || request->value <= limit->value) return;
  switch (rules.on_invalid) {
    case OnInvalid::kRaiseLimit:
      sizing.write.limit = *request;
      sizing.note = Sizing::Note::kLimitRaised;
      return;
    case OnInvalid::kClampRequest:
      sizing.write.request = *limit;
      sizing.note = Sizing::Note::kRequestClamped;
      return;
    case OnInvalid::kFail:
      sizing.error = "the request " + request->text + " would exceed the limit " + limit->text +
                     ", and onInvalid is Fail";
      return;
  }
}

}  // namespace

std::optional<Amount> Amount::Parse(const std::string& text) {
  const auto value = kube::Quantity::Parse(text);
  if (!value) return std::nullopt;
  return Amount{*value, text};
}

Sizing Size(std::string_view resource, const Sides& chart, const Sides& wanted,
            const SizingRules& rules) {
  if (!wanted.request && !wanted.limit) return {};
  if (!kube::IsOvercommittable(resource)) return SizeDevices(resource, chart, wanted);
  Sizing sizing;
  if (wanted.limit) {
    const std::optional<Amount> decided =
        chart.limit ? Decide(rules.limit, *chart.limit, *wanted.limit) : wanted.limit;
    if (!decided) {
      sizing.error = Differ("the limit", *chart.limit, *wanted.limit);
      return sizing;
    }
    if (!chart.limit || decided->value != chart.limit->value) sizing.write.limit = decided;
  }
  SizeRequest(chart, wanted, rules, sizing.write.limit ? sizing.write.limit : chart.limit, sizing);
  if (sizing.error.empty()) Enforce(chart, rules, sizing);
  return sizing;
}

yaml::Value QuantityValue(const std::string& text) {
  // Only plain decimal numbers are the same in YAML 1.1, YAML 1.2 and Kubernetes: `010` is not.
  const bool number =
      std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  const bool ambiguous = text.empty() || text.starts_with('.') || text.ends_with('.') ||
                         (text.starts_with('0') && text.size() > 1 && text[1] != '.');
  return number && !ambiguous ? yaml::Value::Literal(text) : yaml::Value::String(text);
}

}  // namespace cloudlab::policy
