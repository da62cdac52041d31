#include "kube/budget.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "test_stream.hpp"

namespace cloudlab::kube {
namespace {

TEST_CASE("numbers and shares of pods", "[kube][budget]") {
  CHECK(IntOrPercent::Parse("3") == IntOrPercent{3, false});
  CHECK(IntOrPercent::Parse("50%") == IntOrPercent{50, true});
  CHECK(IntOrPercent::Parse("0%") == IntOrPercent{0, true});
  for (const char* text :
       {"", "%", "-1", "+1", "1.5", "1.5%", " 3", "3 ", "101%", "50 %", "x", "99999999999"}) {
    INFO(text);
    CHECK_FALSE(IntOrPercent::Parse(text).has_value());
  }
  CHECK(IntOrPercent{50, true}.ScaledUp(7) == 4);
  CHECK(IntOrPercent{50, true}.ScaledUp(0) == 0);
  CHECK(IntOrPercent{9, false}.ScaledUp(7) == 9);
  CHECK(IntOrPercent{50, true}.Print() == "50%");
}

/// The budget of these fields, as "min/max", or "unreadable".
std::string Read(const std::string& fields) {
  const TestStream stream(
      "apiVersion: policy/v1\nkind: PodDisruptionBudget\n"
      "metadata: {name: p}\nspec: " +
      fields + "\n");
  const auto budget = ReadBudget(stream.only().root.Find("spec"));
  if (!budget) return "unreadable";
  const auto text = [](const std::optional<IntOrPercent>& field) {
    return field ? field->Print() : std::string("-");
  };
  return text(budget->min_available) + "/" + text(budget->max_unavailable);
}

TEST_CASE("what a budget says", "[kube][budget]") {
  CHECK(Read("{minAvailable: 1}") == "1/-");
  CHECK(Read("{maxUnavailable: 25%}") == "-/25%");
  CHECK(Read("{maxUnavailable: \"25%\", minAvailable: null}") == "-/25%");
  CHECK(Read("{}") == "-/-");
  CHECK(Read("{minAvailable: \"1\"}") == "unreadable");
  CHECK(Read("{minAvailable: 010}") == "unreadable");
  CHECK(Read("{minAvailable: [1]}") == "unreadable");
}

/// The least number of pods that is `percent` of `pods` or more: counted, not computed.
int Share(int percent, int pods) {
  int share = 0;
  while (100 * share < percent * pods) ++share;
  return share;
}

/// Evicts healthy pods one by one for as long as the controller's inequality lets it.
int Evict(int pods, bool is_max, bool percent, int value) {
  const int stated = percent ? Share(value, pods) : value;
  int healthy = pods;
  int away = 0;
  while (healthy > 0 && (is_max ? away + 1 <= stated : healthy - 1 >= stated)) {
    --healthy;
    ++away;
  }
  return away;
}

TEST_CASE("allowed disruptions agree with evicting pods one by one", "[kube][budget]") {
  int wrong = 0;
  for (int pods = 0; pods <= 50; ++pods) {
    for (const bool percent : {false, true}) {
      for (int value = 0; value <= (percent ? 100 : 60); ++value) {
        const IntOrPercent field{value, percent};
        const Budget most{.min_available = {}, .max_unavailable = field};
        const Budget least{.min_available = field, .max_unavailable = {}};
        if (AllowedDisruptions(most, pods) != Evict(pods, true, percent, value)) ++wrong;
        if (AllowedDisruptions(least, pods) != Evict(pods, false, percent, value)) ++wrong;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a quorum keeps its majority, and no pod fewer may be away", "[kube][budget]") {
  for (int voters = 1; voters <= 50; ++voters) {
    INFO(voters);
    const auto away = AllowedDisruptions(QuorumBudget(voters), voters);
    CHECK(2 * (voters - away) > voters);
    CHECK(2 * (voters - away - 1) <= voters);
  }
  CHECK(AllowedDisruptions(QuorumBudget(0), 0) == 0);
}

TEST_CASE("a budget that says nothing allows nothing", "[kube][budget]") {
  CHECK(AllowedDisruptions({}, 5) == 0);
}

}  // namespace
}  // namespace cloudlab::kube
