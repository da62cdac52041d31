#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>

#include "closure_given.hpp"
#include "given.hpp"
#include "policy/closure.hpp"

namespace cloudlab::policy {
namespace {

/// The least of `tries` times in seconds that the closing look takes at `count` workloads, a fifth
/// of them with a budget of its own; `wide` budgets select all of them.
double Seconds(int count, bool wide, int tries) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const std::string name = "w" + std::to_string(i);
    text += Deployment(name, "replicas: 2");
    if (i % 5 != 0) continue;
    text +=
        Pdb(name, "maxUnavailable: 1",
            wide ? "{matchLabels: {tier: web}}" : "{matchLabels: {tier: web, app: " + name + "}}");
  }
  const GivenStream given(text);
  double best = 1000;
  for (int i = 0; i < tries; ++i) {
    const auto start = std::chrono::steady_clock::now();
    CHECK(CheckClosure(given.index()).size() == (wide ? 1 : 0));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

TEST_CASE("the closing look is linear", "[policy][closure]") {
  // Four times the stream, both larger than caches; a quadratic check would take sixteen times as
  // long.
  for (const bool wide : {false, true}) {
    const double small = Seconds(10000, wide, 3);
    const double large = Seconds(40000, wide, 2);
    INFO((wide ? "wide: " : "own: ") << small << " s and " << large << " s");
    CHECK(large < 10 * small);
  }
}

}  // namespace
}  // namespace cloudlab::policy
