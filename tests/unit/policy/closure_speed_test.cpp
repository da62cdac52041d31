#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <string>

#include "closure_given.hpp"
#include "given.hpp"
#include "policy/closure.hpp"

namespace cloudlab::policy {
namespace {

/// What the budgets select: all workloads, one each by its first label, or one each by a label that
/// stands behind one of all (as charts write them).
enum class Shape : std::uint8_t { kWide, kOwn, kInstanceFirst };

std::string Workload(const std::string& name, Shape shape) {
  if (shape != Shape::kInstanceFirst) return Deployment(name, "replicas: 2");
  return Object("apps/v1", "Deployment", name,
                "{replicas: 2, template: {metadata: {labels: {app.kubernetes.io/instance: rel, "
                "app.kubernetes.io/name: " +
                    name + "}}, spec: {containers: [{name: app, " + kBusy + "}]}}}");
}

std::string SelectorOf(const std::string& name, Shape shape) {
  switch (shape) {
    case Shape::kWide:
      return "{matchLabels: {tier: web}}";
    case Shape::kOwn:
      return "{matchLabels: {app: " + name + ", tier: web}}";
    case Shape::kInstanceFirst:
      break;
  }
  return "{matchLabels: {app.kubernetes.io/instance: rel, app.kubernetes.io/name: " + name + "}}";
}

/// The least of `tries` times in seconds that the closing look takes at `count` workloads, a fifth
/// of them with a budget of its own.
double Seconds(int count, Shape shape, int tries) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string name = "w" + std::to_string(i);
    text += Workload(name, shape);
    if (i % 5 != 0) continue;
    text += Pdb(name, "maxUnavailable: 1", SelectorOf(name, shape));
  }
  const GivenStream given(text);
  double best = 1000;
  for (int i = 0; i < tries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    CHECK(CheckClosure(given.index()).size() == (shape == Shape::kWide ? 1 : 0));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

TEST_CASE("the closing look is linear", "[policy][closure]") {
  // Four times the stream, both larger than caches; a quadratic check would take sixteen times as
  // long.
  for (const Shape shape : {Shape::kOwn, Shape::kWide, Shape::kInstanceFirst}) {
    const double small = Seconds(10000, shape, 3);
    const double large = Seconds(40000, shape, 2);
    INFO("shape " << static_cast<int>(shape) << ": " << small << " s and " << large << " s");
    CHECK(large < 10 * small);
  }
}

}  // namespace
}  // namespace cloudlab::policy
