// Who is selected, who is not and why, and which settings hold.
#include "policy/selection.hpp"

#include <catch2/catch.hpp>

#include "given.hpp"

namespace cloudlab::policy {
namespace {

const std::string kAll = "{match: {any: [{kinds: [Workload]}]}, tier: small}";
const std::string kLocked = "{match: {any: [{kinds: [Workload]}]}, tier: small, locked: true}";

std::string Namespace(const std::string& annotations) {
  return "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: " + annotations +
         "}\n---\n";
}

std::string Text(const std::string& policy, const std::string& stream,
                 const std::string& environment = "production") {
  return Decision(Tiers(policy), stream, environment).Text();
}

TEST_CASE("objects for tools are left alone, but for a locked policy", "[policy][selection]") {
  const std::string local = Cart("{config.kubernetes.io/local-config: \"true\"}");
  CHECK(Decision(Tiers("{match: {}, tier: small}"), local).Text() ==
        "CL-S-LOCAL-CONFIG annotation config.kubernetes.io/local-config says that it is for tools "
        "and not for a cluster");
  CHECK(Decision(Tiers("{match: {}, tier: small, locked: true}"), local)
            .Text()
            .starts_with("error CL-P-LOCKED annotation config.kubernetes.io/local-config"));
  CHECK(Decision(Tiers("{match: {}, tier: small}"),
                 Cart("{config.kubernetes.io/local-config: \"false\"}"))
            .Text() == "selected");
}

TEST_CASE("match and exclude", "[policy][selection]") {
  CHECK(Text(kAll, Cart()) == "selected");
  CHECK(Text("{match: {any: [{names: [basket]}]}}", Cart()) ==
        "CL-S-NO-MATCH name cart is not one of basket");
  CHECK(Text("{match: {any: [{kinds: [Job]}]}}", Cart()).empty());
  CHECK(Text("{match: {}, exclude: {any: [{names: [\"c*\"]}]}}", Cart()) ==
        "CL-S-EXCLUDED the policy excludes it");
  CHECK(Text("{match: {}, exclude: {}}", Cart()) == "selected");
  CHECK(Text("{match: {}}", "apiVersion: v1\nkind: Service\nmetadata: {name: cart}\n").empty());
}

TEST_CASE("a Rollout that borrows its pods is skipped with the reason", "[policy][selection]") {
  CHECK(Text(kAll,
             "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: cart}\n"
             "spec: {workloadRef: {apiVersion: apps/v1, kind: Deployment, name: cart}}\n") ==
        "CL-S-NO-POD it has no pod template of its own; the policy must select the object that has "
        "it");
}

TEST_CASE("opting out and in", "[policy][selection]") {
  struct Row {
    const char* of_namespace;
    const char* of_object;
    const char* of_pod;
    const char* text;
  };
  for (
      const Row& row : {
          Row{"{}", "{cloudlab.dev/skip: tier, cloudlab.dev/skip-reason: legacy}", "{}",
              "CL-S-OPTED-OUT annotation cloudlab.dev/skip says \"tier\": legacy"},
          Row{"{}", "{cloudlab.dev/skip: \"network, tiers\"}", "{}",
              "CL-S-OPTED-OUT annotation cloudlab.dev/skip says \"network, tiers\" (no "
              "cloudlab.dev/skip-reason is given)"},
          Row{"{}", "{cloudlab.dev/skip: network}", "{}", "selected"},
          Row{"{cloudlab.dev/skip: all, cloudlab.dev/skip-reason: r}", "{}", "{}",
              "CL-S-OPTED-OUT annotation cloudlab.dev/skip of the Namespace says \"all\": r"},
          Row{"{cloudlab.dev/skip: all}", "{cloudlab.dev/skip: network}", "{}", "selected"},
          Row{"{cloudlab.dev/skip: all}", "{inject.cloudlab.dev/tiers: enabled}", "{}", "selected"},
          Row{"{}", "{cloudlab.dev/skip: tier, inject.cloudlab.dev/tiers: enabled}", "{}",
              "selected"},
          Row{"{}", "{inject.cloudlab.dev/tiers: enabled}",
              "{cloudlab.dev/skip: \"*\", cloudlab.dev/skip-reason: r}",
              "CL-S-OPTED-OUT annotation cloudlab.dev/skip says \"*\": r"},
          Row{"{inject.cloudlab.dev/tiers: disabled}", "{}", "{}",
              "CL-S-OPTED-OUT annotation inject.cloudlab.dev/tiers of the Namespace says disabled"},
          Row{"{inject.cloudlab.dev/tiers: disabled}", "{inject.cloudlab.dev/tiers: enabled}", "{}",
              "selected"},
          Row{"{}", "{inject.cloudlab.dev/tiers: enabled}", "{inject.cloudlab.dev/tiers: disabled}",
              "CL-S-OPTED-OUT annotation inject.cloudlab.dev/tiers says disabled"},
          Row{"{}", "{inject.cloudlab.dev/tiers: \"yes\"}", "{}",
              "error CL-P-ANNOTATION annotation inject.cloudlab.dev/tiers is \"yes\""},
      }) {
    INFO(row.of_namespace << " " << row.of_object << " " << row.of_pod);
    CHECK(Text(kAll, Namespace(row.of_namespace) + Cart(row.of_object, row.of_pod)) == row.text);
  }
}

TEST_CASE("who asks for a policy gets it although it does not match", "[policy][selection]") {
  const std::string none = "{match: {any: [{names: [none]}]}, exclude: {any: [{names: [cart]}]}}";
  CHECK(Text(none, Cart("{inject.cloudlab.dev/tiers: enabled}")) == "selected");
  const std::string hook =
      "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: "
      "pre-install}}\nspec: {template: {spec: {containers: []}}}\n";
  CHECK(Text(kAll, Namespace("{inject.cloudlab.dev/tiers: enabled}") + hook) ==
        "CL-S-NO-MATCH it is a Helm hook");
}

TEST_CASE("the environment: run, then pod, object, Namespace", "[policy][selection]") {
  struct Row {
    const char* run;
    const char* of_namespace;
    const char* of_object;
    const char* of_pod;
    const char* environment;
  };
  for (const Row& row : {
           Row{"production", "staging", "staging", "staging", "production"},
           Row{"", "staging", "", "", "staging"},
           Row{"", "staging", "production", "", "production"},
           Row{"", "staging", "production", "staging", "staging"},
           Row{"", "", "", "", ""},
       }) {
    const auto annotation = [](const std::string& value) {
      return value.empty() ? std::string("{}") : "{cloudlab.dev/environment: " + value + "}";
    };
    INFO(row.run << "," << row.of_namespace << "," << row.of_object << "," << row.of_pod);
    const Decision decision(Tiers(kAll),
                            Namespace(annotation(row.of_namespace)) +
                                Cart(annotation(row.of_object), annotation(row.of_pod)),
                            row.run);
    CHECK(decision.subject().environment == row.environment);
    const Profile* profile = decision.subject().profile;
    CHECK((profile == nullptr ? "" : profile->name) == row.environment);
  }
}

TEST_CASE("a locked policy bears no annotation against it", "[policy][selection]") {
  const std::string locked = ", but the policy tiers is locked";
  struct Row {
    const char* annotations;
    const char* what;
  };
  for (const Row& row : {
           Row{"{cloudlab.dev/skip: all, cloudlab.dev/skip-reason: r}",
               "annotation cloudlab.dev/skip says \"all\": r"},
           Row{"{inject.cloudlab.dev/tiers: disabled}",
               "annotation inject.cloudlab.dev/tiers says disabled"},
           Row{"{cloudlab.dev/tier: large}",
               "annotation cloudlab.dev/tier would change this workload"},
           Row{"{tier.cloudlab.dev/app: large}",
               "annotation tier.cloudlab.dev/app would change this workload"},
           Row{"{override.cloudlab.dev/tiers: '{\"tier\": \"large\"}'}",
               "annotation override.cloudlab.dev/tiers would change this workload"},
       }) {
    INFO(row.annotations);
    const std::string error = "error CL-P-LOCKED " + std::string(row.what) + locked;
    CHECK(Text(kLocked, Cart(row.annotations)) == error);
    CHECK(Text(kLocked, Cart("{}", row.annotations)) == error);
    CHECK(Text(kAll, Cart(row.annotations)).find("locked") == std::string::npos);
  }
  CHECK(Text(kLocked, Cart("{inject.cloudlab.dev/tiers: enabled}")) == "selected");
}

TEST_CASE("a locked policy bears no tier that it would go by", "[policy][selection]") {
  const std::string cart = Cart("{cloudlab.dev/tier: large}");
  const auto text = [&](const std::string& spec, const std::string& bounds) {
    return Decision(
               "apiVersion: cloudlab.dev/v1alpha1\nkind: AutoscalingPolicy\nmetadata: {name: "
               "scaling}\nspec: {match: {}, locked: true, " +
                   spec +
                   "}\n---\napiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\n"
                   "metadata: {name: production}\nspec: {autoscaling: " +
                   bounds + "}\n",
               cart, "production")
        .Text();
  };
  CHECK(text("horizontal: {}", "{maxReplicas: 9}") ==
        "error CL-P-LOCKED annotation cloudlab.dev/tier would change this workload, but the policy "
        "scaling is locked");
  // These have their least number of pods from elsewhere, or need none.
  CHECK(text("horizontal: {}", "{minReplicas: 2, maxReplicas: 9}") == "selected");
  CHECK(text("horizontal: {minReplicas: 2}", "{maxReplicas: 9}") == "selected");
  CHECK(text("disruptionBudget: {}", "{maxReplicas: 9}") == "selected");
}

TEST_CASE("nobody leaves a locked policy by moving to another environment", "[policy][selection]") {
  const std::string policy =
      "{match: {any: [{environments: [production]}]}, tier: small, locked: true}";
  const std::string stream = Namespace("{cloudlab.dev/environment: production}") +
                             Cart("{cloudlab.dev/environment: staging}");
  CHECK(Text(policy, stream, "") ==
        "error CL-P-LOCKED annotation cloudlab.dev/environment would move this workload out of "
        "production, but the policy tiers is locked");
}

TEST_CASE("overrides are merged from far to near", "[policy][selection]") {
  const Decision decision(
      Tiers("{match: {}, tier: small, conflictPolicy: Max, conflicts: {replicas: Max}}"),
      Namespace(
          "{override.cloudlab.dev/tiers: '{\"tier\": \"medium\", \"onInvalid\": \"Fail\"}'}") +
          Cart("{override.cloudlab.dev/tiers: '{\"tier\": \"large\", \"conflictPolicy\": null}'}",
               "{override.cloudlab.dev/tiers: '{\"conflicts\": {\"requests.cpu\": \"Min\"}}'}"),
      "production");
  const yaml::Value& spec = *decision.subject().spec;
  CHECK(spec.Find("tier")->text() == "large");
  CHECK(spec.Find("onInvalid")->text() == "Fail");
  CHECK(spec.Find("conflictPolicy")->text() == "Keep");  // Removed: the default holds again.
  CHECK(spec.Find("conflicts")->Find("replicas")->text() == "Max");
  CHECK(spec.Find("conflicts")->Find("requests.cpu")->text() == "Min");
  CHECK(decision.subject().override == "override.cloudlab.dev/tiers");
}

TEST_CASE("an override must be a patch of the spec that the schema accepts",
          "[policy][selection]") {
  struct Row {
    const char* patch;
    const char* what;
  };
  for (const Row& row : {
           Row{"[1]", "is not a map"},
           Row{"", "is not a map"},
           Row{"{\"locked\": false}", "may not change \"locked\""},
           Row{"{\"match\": {}}", "may not change \"match\""},
           Row{"{\"tire\": \"x\"}", "gives a wrong spec: unknown field \"tire\" in spec"},
           Row{"{\"onInvalid\": \"Ignore\"}",
               "gives a wrong spec: spec.onInvalid: unknown value \"Ignore\""},
           Row{"{\"tier\": 5}", "gives a wrong spec: spec.tier is a number, not a string"},
       }) {
    INFO(row.patch);
    CHECK(Text(kAll, Cart("{override.cloudlab.dev/tiers: '" + std::string(row.patch) + "'}")) ==
          "error CL-P-OVERRIDE annotation override.cloudlab.dev/tiers " + std::string(row.what));
  }
  CHECK(
      Text(kAll, Cart("{override.cloudlab.dev/tiers: '{\"a\": '}"))
          .starts_with("error CL-P-OVERRIDE annotation override.cloudlab.dev/tiers is not JSON: "));
}

std::string Exception(const std::string& fields) {
  return "---\napiVersion: cloudlab.dev/v1alpha1\nkind: PolicyException\nmetadata: {name: legacy}\n"
         "spec: {match: {any: [{names: [cart]}]}, reason: \"ticket 42\", owner: team-data, " +
         fields + "}\n";
}

TEST_CASE("an exception takes its objects out until its last day", "[policy][selection]") {
  const std::string policies =
      Tiers(kAll) + Exception("policies: [tiers], expires: \"2026-11-21\"");
  CHECK(Decision(policies, Cart(), "production").Text() ==
        "CL-S-EXCEPTION PolicyException/legacy: ticket 42 (owner team-data, until 2026-11-21)");
  CHECK(Decision(policies, Cart("{inject.cloudlab.dev/tiers: enabled}"), "production")
            .Text()
            .starts_with("CL-S-EXCEPTION"));
}

TEST_CASE("an expired exception and an unknown policy are errors", "[policy][selection]") {
  GivenPolicies given(Tiers(kAll) + Exception("policies: [tires], expires: \"2026-11-20\""));
  Exceptions::Read(given.documents(), "2026-11-21", given.diagnostics());
  CHECK(
      given.findings() ==
      Strings{"19:108 CL-P-EXPIRED PolicyException/legacy expired on 2026-11-20; it is 2026-11-21 "
              "(remove the exception, or let team-data renew it)",
              "19:91 CL-P-POLICY no policy is called \"tires\" (did you mean \"tiers\"?)"});
}

TEST_CASE("annotations that nobody would read", "[policy][selection]") {
  const auto unread = [](const std::string& annotations, const std::string& environment) {
    return Decision(Tiers(kAll), Cart(annotations), environment).Unread();
  };
  CHECK(unread("{cloudlab.dev/tier: x, cloudlab.dev/skip: \"tier, all, network, tiers\", "
               "inject.cloudlab.dev/tiers: enabled, tier.cloudlab.dev/app: y, other.dev/z: 1}",
               "production") == Strings{});
  CHECK(unread("{cloudlab.dev/teir: x}", "production") ==
        Strings{"CL-P-UNREAD unknown annotation cloudlab.dev/teir (did you mean "
                "\"cloudlab.dev/tier\"?)"});
  CHECK(unread("{inject.cloudlab.dev/tires: enabled}", "production") ==
        Strings{"CL-P-UNREAD annotation inject.cloudlab.dev/tires names no policy of this run (did "
                "you mean \"tiers\"?)"});
  CHECK(unread("{cloudlab.dev/skip: teir}", "production") ==
        Strings{"CL-P-UNREAD annotation cloudlab.dev/skip names \"teir\", which is no policy of "
                "this run (did you mean \"tier\"?)"});
  CHECK(unread("{cloudlab.dev/environment: staging}", "production") ==
        Strings{"CL-P-UNREAD annotation cloudlab.dev/environment says staging, but the run is for "
                "production (leave --environment and the Pipeline's environment out, and the "
                "annotation holds)"});
  CHECK(unread("{cloudlab.dev/environment: stagin}", "") ==
        Strings{"CL-P-ENVIRONMENT unknown environment \"stagin\" (did you mean \"staging\"? known "
                "are: production, staging)"});
}

}  // namespace
}  // namespace cloudlab::policy
