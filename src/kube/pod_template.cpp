#include "kube/pod_template.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cloudlab::kube {
namespace {

constexpr std::array<std::pair<ContainerType, std::string_view>, 4> kTypeNames{
    {{ContainerType::kApp, "App"},
     {ContainerType::kInit, "Init"},
     {ContainerType::kSidecar, "Sidecar"},
     {ContainerType::kEphemeral, "Ephemeral"}}};

void AddContainers(yaml::NodeView list, ContainerType type, std::vector<Container>& result) {
  for (const yaml::NodeView item : list.children()) {
    const yaml::NodeView node = item.Resolved();
    if (!node.IsMap()) continue;
    const auto [name, restart_policy] = node.FindEach<2>({"name", "restartPolicy"});
    Container container{node, name.Text(), type};
    if (type == ContainerType::kInit && restart_policy.TextIs("Always")) {
      container.type = ContainerType::kSidecar;
    }
    result.push_back(std::move(container));
  }
}

std::optional<Selector::Operator> ParseOperator(std::string_view text) {
  if (text == "In") return Selector::Operator::kIn;
  if (text == "NotIn") return Selector::Operator::kNotIn;
  if (text == "Exists") return Selector::Operator::kExists;
  if (text == "DoesNotExist") return Selector::Operator::kDoesNotExist;
  return std::nullopt;
}

/// One entry of matchExpressions.
std::optional<Selector::Requirement> ParseExpression(const yaml::Value& expression) {
  const yaml::Value* key = expression.Find("key");
  const yaml::Value* op = expression.Find("operator");
  if (key == nullptr || op == nullptr || !key->IsScalar() || !op->IsScalar()) return std::nullopt;
  const auto parsed = ParseOperator(op->text());
  if (!parsed) return std::nullopt;
  Selector::Requirement requirement{key->text(), *parsed, {}};
  if (const yaml::Value* values = expression.Find("values")) {
    for (const yaml::Value& value : values->items()) requirement.values.push_back(value.text());
  }
  const bool set = *parsed == Selector::Operator::kIn || *parsed == Selector::Operator::kNotIn;
  if (set == requirement.values.empty()) return std::nullopt;
  return requirement;
}

}  // namespace

std::string_view Name(ContainerType type) {
  for (const auto& [known, name] : kTypeNames) {
    if (known == type) return name;
  }
  return {};
}

std::optional<ContainerType> ParseContainerType(std::string_view name) {
  for (const auto& [type, known] : kTypeNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

std::vector<Container> Containers(const PodTemplate& pod) {
  std::vector<Container> result;
  const auto [init, main, ephemeral] =
      pod.spec.FindEach<3>({"initContainers", "containers", "ephemeralContainers"});
  AddContainers(init, ContainerType::kInit, result);
  AddContainers(main, ContainerType::kApp, result);
  AddContainers(ephemeral, ContainerType::kEphemeral, result);
  return result;
}

std::string MainContainer(const PodTemplate& pod) {
  std::string chosen = pod.Annotation("kubectl.kubernetes.io/default-container");
  std::string first;
  for (const Container& container : Containers(pod)) {
    if (container.type != ContainerType::kApp) continue;
    if (container.name == chosen) return chosen;
    if (first.empty()) first = container.name;
  }
  return first;
}

bool UsesHostNetwork(const PodTemplate& pod) { return IsTrue(pod.spec.Find("hostNetwork")); }

std::optional<Selector> Selector::Parse(const yaml::Value& selector) {
  if (!selector.IsMap()) return std::nullopt;
  Selector result;
  if (const yaml::Value* labels = selector.Find("matchLabels")) {
    for (const auto& [key, value] : labels->entries()) {
      result.requirements_.push_back({key, Operator::kIn, {value.text()}});
    }
  }
  if (const yaml::Value* expressions = selector.Find("matchExpressions")) {
    for (const yaml::Value& expression : expressions->items()) {
      auto requirement = ParseExpression(expression);
      if (!requirement) return std::nullopt;
      result.requirements_.push_back(*std::move(requirement));
    }
  }
  return result;
}

std::optional<Selector> Selector::OfPods(const Manifest& workload) {
  const yaml::NodeView selector = workload.root.Find({"spec", "selector"});
  if (!selector.Resolved().IsMap()) return std::nullopt;
  if (selector.Find("matchLabels") || selector.Find("matchExpressions")) {
    return Parse(yaml::Value::From(selector));
  }
  return OfLabels(selector);
}

Selector Selector::OfLabels(yaml::NodeView labels) {
  Selector result;
  for (const yaml::NodeView label : labels.children()) {
    result.requirements_.push_back({label.Key(), Operator::kIn, {label.Text()}});
  }
  return result;
}

bool Selector::Requirement::Holds(const std::optional<std::string>& label) const {
  const bool contained = label && std::ranges::find(values, *label) != values.end();
  switch (op) {
    case Operator::kIn:
      return contained;
    case Operator::kNotIn:
      return !contained;  // An absent label is not in any set.
    case Operator::kExists:
      return label.has_value();
    case Operator::kDoesNotExist:
      return !label;
  }
  return false;
}

bool Selector::Matches(yaml::NodeView labels) const {
  return std::ranges::all_of(requirements_, [&](const Requirement& requirement) {
    const yaml::NodeView label = labels.Find(requirement.key);
    return requirement.Holds(label ? std::optional(label.Text()) : std::nullopt);
  });
}

}  // namespace cloudlab::kube
