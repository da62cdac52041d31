#include "kube/budget.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace cloudlab::kube {

std::optional<IntOrPercent> IntOrPercent::Parse(std::string_view text) {
  IntOrPercent result;
  if (text.ends_with('%')) {
    result.percent = true;
    text.remove_suffix(1);
  }
  const bool digits =
      !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result.value);
  const std::int64_t most = result.percent ? 100 : std::numeric_limits<std::int32_t>::max();
  if (error != std::errc() || end != text.data() + text.size() || result.value > most) {
    return std::nullopt;
  }
  return result;
}

std::int64_t IntOrPercent::ScaledUp(std::int64_t pods) const {
  return percent ? (value * pods + 99) / 100 : value;
}

std::string IntOrPercent::Print() const { return std::to_string(value) + (percent ? "%" : ""); }

std::optional<IntOrPercent> ReadIntOrPercent(yaml::NodeView node) {
  const yaml::NodeView value = node.Resolved();
  if (!value.IsScalar()) return std::nullopt;
  const std::string text = value.Text();
  const auto parsed = IntOrPercent::Parse(text);
  if (!parsed || parsed->percent) return parsed;
  // `"3"` is a string, and `010` is eight to readers of YAML 1.1.
  const bool plain = value.node().style == yaml::Style::kPlain;
  const bool octal = text.size() > 1 && text.front() == '0';
  return plain && !octal ? parsed : std::nullopt;
}

std::optional<Budget> ReadBudget(yaml::NodeView spec) {
  Budget budget;
  const auto read = [&spec](std::string_view key, std::optional<IntOrPercent>& field) {
    const yaml::NodeView node = spec.Find(key);
    if (!node || node.IsNull()) return true;
    field = ReadIntOrPercent(node);
    return field.has_value();
  };
  if (!read("minAvailable", budget.min_available)) return std::nullopt;
  if (!read("maxUnavailable", budget.max_unavailable)) return std::nullopt;
  return budget;
}

std::int64_t AllowedDisruptions(const Budget& budget, std::int64_t pods) {
  if (pods <= 0) return 0;
  std::int64_t wanted = pods;  // Pods that must stay healthy.
  if (budget.max_unavailable) {
    wanted = std::max<std::int64_t>(0, pods - budget.max_unavailable->ScaledUp(pods));
  } else if (budget.min_available) {
    wanted = budget.min_available->ScaledUp(pods);
  }
  return std::max<std::int64_t>(0, pods - wanted);
}

Budget QuorumBudget(std::int64_t voters) {
  return {.min_available = {},
          .max_unavailable =
              IntOrPercent{.value = std::max<std::int64_t>(0, voters - 1) / 2, .percent = false}};
}

}  // namespace cloudlab::kube
