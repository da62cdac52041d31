#include "policy/sizing.hpp"

#include <algorithm>
#include <utility>

#include "kube/pod_resources.hpp"

namespace cloudlab::policy {
namespace {

/// What holds of two values. Equal values keep their text. Under Fail it is the policy's, until
/// it is known what rule B2 makes of it.
const Amount& Decide(ConflictPolicy policy, const Amount& chart, const Amount& wanted) {
  if (chart.value == wanted.value) return chart;
  switch (policy) {
    case ConflictPolicy::kKeep:
      return chart;
    case ConflictPolicy::kReplace:
    case ConflictPolicy::kMerge:
    case ConflictPolicy::kFail:
      return wanted;
    case ConflictPolicy::kMax:
      return chart.value < wanted.value ? wanted : chart;
    case ConflictPolicy::kMin:
      return chart.value < wanted.value ? chart : wanted;
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

bool Equal(const std::optional<Amount>& a, const std::optional<Amount>& b) {
  return a && b && a->value == b->value;
}

/// The request as it shall be; nothing if it is left to default to the limit, which shall be
/// `limit`.
std::optional<Amount> WantedRequest(const Sides& chart, const Sides& wanted, ConflictPolicy policy,
                                    const std::optional<Amount>& limit) {
  if (!wanted.request) return chart.request;
  if (!chart.request && !chart.limit) return wanted.request;
  const Amount& have = chart.request ? *chart.request : *chart.limit;
  const Amount& decided = Decide(policy, have, *wanted.request);
  if (chart.request || decided.value != have.value) return decided;
  // Where the limit grows, a request that defaults to it would grow with it: pin it.
  return limit->value > have.value ? std::optional(have) : std::nullopt;
}

/// Rule B2: no request above its limit.
void Enforce(OnInvalid on_invalid, Sides& sides, Sizing& sizing) {
  if (!sides.request || !sides.limit || sides.request->value <= sides.limit->value) return;
  switch (on_invalid) {
    case OnInvalid::kRaiseLimit:
      sides.limit = sides.request;
      sizing.note = Sizing::Note::kLimitRaised;
      return;
    case OnInvalid::kClampRequest:
      sides.request = sides.limit;
      sizing.note = Sizing::Note::kRequestClamped;
      return;
    case OnInvalid::kFail:
      sizing.error = "the request " + sides.request->text + " would exceed the limit " +
                     sides.limit->text + ", and onInvalid is Fail";
      return;
  }
}

/// What conflictPolicy Fail says of the values as they shall be; empty if nothing.
std::string Objection(const Sides& chart, const Sides& wanted, const SizingRules& rules,
                      const Sides& sides) {
  if (rules.limit == ConflictPolicy::kFail && wanted.limit && chart.limit &&
      !Equal(sides.limit, chart.limit)) {
    return Differ("the limit", *chart.limit, *wanted.limit);
  }
  const std::optional<Amount>& have = chart.request ? chart.request : chart.limit;
  if (rules.request == ConflictPolicy::kFail && wanted.request && have && sides.request &&
      !Equal(sides.request, have)) {
    return Differ("the request", *have, *wanted.request);
  }
  return {};
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
  Sides sides = chart;
  if (wanted.limit) {
    sides.limit = chart.limit ? Decide(rules.limit, *chart.limit, *wanted.limit) : wanted.limit;
  }
  sides.request = WantedRequest(chart, wanted, rules.request, sides.limit);
  Enforce(rules.on_invalid, sides, sizing);
  if (sizing.error.empty()) sizing.error = Objection(chart, wanted, rules, sides);
  if (!sizing.error.empty()) return sizing;

  if (!Equal(sides.request, chart.request)) sizing.write.request = sides.request;
  if (!Equal(sides.limit, chart.limit)) sizing.write.limit = sides.limit;
  const bool raised = sizing.note == Sizing::Note::kLimitRaised;
  const bool clamped = sizing.note == Sizing::Note::kRequestClamped;
  if ((raised && !sizing.write.limit) || (clamped && !sizing.write.request)) {
    sizing.note = Sizing::Note::kNone;
  }
  sizing.claims_request =
      wanted.request && rules.request != ConflictPolicy::kKeep && !sizing.write.request;
  sizing.claims_limit = wanted.limit && rules.limit != ConflictPolicy::kKeep && !sizing.write.limit;
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
