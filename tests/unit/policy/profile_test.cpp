#include "policy/profile.hpp"

#include <catch2/catch.hpp>

#include "given.hpp"

namespace cloudlab::policy {
namespace {

std::string Profile(const std::string& name, const std::string& spec) {
  return "apiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: " + name +
         "}\nspec: " + spec + "\n";
}

struct Resolved {
  explicit Resolved(const std::string& text) : given(text) {
    profiles = Profiles::Resolve(given.documents(), given.diagnostics());
  }

  GivenPolicies given;
  Profiles profiles;
};

TEST_CASE("a child says only what differs", "[policy][profile]") {
  const Resolved resolved(
      Profile("development",
              "{tiers: {small: {requests: {cpu: 50m, memory: 64Mi}, replicas: 1}}, "
              "secretPath: \"dev/{{workload}}\"}") +
      "---\n" +
      Profile("staging", "{inherits: development, autoscaling: {minReplicas: 2, maxReplicas: 4}}") +
      "---\n" +
      Profile("production",
              "{inherits: staging, autoscaling: {maxReplicas: 12}, tiers: {small: "
              "{requests: {cpu: 100m}, limits: {memory: 64Mi}}, large: {replicas: 3}}}"));
  REQUIRE(resolved.given.findings() == Strings{});
  const class Profile* production = resolved.profiles.Find("production");
  REQUIRE(production != nullptr);
  CHECK(production->chain == Strings{"production", "staging", "development"});
  CHECK(production->TierNames() == "large, small");
  CHECK(production->autoscaling.Find("minReplicas")->text() == "2");
  CHECK(production->autoscaling.Find("maxReplicas")->text() == "12");

  const Tier* small = production->FindTier("small");
  REQUIRE(small != nullptr);
  CHECK(small->requests == Quantities{{"cpu", "100m"}, {"memory", "64Mi"}});
  CHECK(small->limits == Quantities{{"memory", "64Mi"}});
  CHECK(small->replicas == 1);
  CHECK(production->FindTier("huge") == nullptr);
}

TEST_CASE("a cycle is one error that names the chain", "[policy][profile]") {
  const Resolved resolved(Profile("production", "{inherits: staging}") + "---\n" +
                          Profile("staging", "{inherits: development}") + "---\n" +
                          Profile("development", "{inherits: staging}"));
  CHECK(resolved.given.findings() ==
        Strings{"9:18 CL-P-CYCLE profiles inherit in a circle: staging -> development -> staging "
                "(one of them must not inherit from the next)"});
  CHECK(resolved.profiles.Find("production") == nullptr);
  CHECK(
      Resolved(Profile("a", "{inherits: a}")).given.findings() ==
      Strings{"4:18 CL-P-CYCLE profiles inherit in a circle: a -> a (one of them must not inherit "
              "from the next)"});
}

TEST_CASE("a missing parent and a missing profile", "[policy][profile]") {
  const Resolved resolved(Profile("staging", "{}") + "---\n" +
                          Profile("production", "{inherits: stagin}"));
  CHECK(resolved.given.findings() ==
        Strings{"9:18 CL-P-PROFILE EnvironmentProfile/production inherits from \"stagin\", which "
                "does not exist (did you mean \"staging\"?)"});
  const text::Diagnostic unknown = resolved.profiles.Unknown("stagng", {});
  CHECK(unknown.message == "unknown environment \"stagng\"");
  CHECK(unknown.hint == "did you mean \"staging\"? known are: staging");
  CHECK(Profiles().Unknown("x", {}).hint == "no EnvironmentProfile was loaded");
}

TEST_CASE("what a profile says with its parent must make sense", "[policy][profile]") {
  const Resolved resolved(
      Profile("staging",
              "{tiers: {small: {limits: {memory: 64Mi}}}, autoscaling: {maxReplicas: 2}}") +
      "---\n" +
      Profile("production",
              "{inherits: staging, tiers: {small: {requests: {memory: 1Gi}}}, autoscaling: "
              "{minReplicas: 3}}"));
  CHECK(
      resolved.given.findings() ==
      Strings{"9:42 CL-P-TIER-LIMIT tier \"small\" of production requests 1Gi of memory but limits "
              "it to 64Mi (what a profile does not say comes from its parent)",
              "9:83 CL-P-REPLICAS autoscaling of production: minReplicas 3 exceeds maxReplicas 2 "
              "(what a profile does not say comes from its parent)"});
}

}  // namespace
}  // namespace cloudlab::policy
