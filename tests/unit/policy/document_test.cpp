// Each error that a policy file can hold, with the place where it is shown.
#include "policy/document.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "given.hpp"

namespace cloudlab::policy {
namespace {

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

const std::string kTier =
    "apiVersion: cloudlab.dev/v1alpha1\n"
    "kind: ResourceTierPolicy\n"
    "metadata: {name: tiers}\n";

const std::string kSidecar =
    "apiVersion: cloudlab.dev/v1alpha1\n"
    "kind: SidecarPolicy\n"
    "metadata: {name: agent}\n";

TEST_CASE("every document of the vocabulary is accepted as written", "[policy][document]") {
  const GivenPolicies given(ReadFile(std::filesystem::path(__FILE__).parent_path() /
                                     "../../schema/valid/vocabulary.yaml"));
  CHECK(given.findings() == Strings{});
  REQUIRE(given.documents().documents().size() == 7);
  CHECK(given.at(0).Display() == "Pipeline/platform");
  CHECK(given.at(2).spec.Find("container")->Find("image")->text() == "acme/otel-agent:1.4.2");
  CHECK(given.at(4).spec.Find("external")->Find("mode")->text() == "FQDN");
  CHECK(given.at(6).spec.Find("expires")->text() == "2027-03-31");
}

TEST_CASE("defaults are filled in where a document says nothing", "[policy][document]") {
  const GivenPolicies given(
      kTier + "spec: {match: {}}\n---\n" + kSidecar +
      "spec:\n  match: {}\n  presets: [{name: opentelemetry, language: java}]\n");
  CHECK(given.findings() == Strings{});
  const yaml::Value& tiers = given.at(0).spec;
  CHECK(tiers.Find("conflictPolicy")->text() == "Keep");
  CHECK(tiers.Find("onInvalid")->text() == "RaiseLimit");
  CHECK(tiers.Find("enforcement")->text() == "Apply");
  CHECK_FALSE(given.at(0).locked());
  CHECK(tiers.Find("qosClass") == nullptr);
  const yaml::Value& agent = given.at(1).spec;
  CHECK(agent.Find("mode")->text() == "Auto");
  CHECK(agent.Find("order")->Find("position")->text() == "Last");
  CHECK(agent.Find("presets")->items().at(0).Find("instrumentation")->text() == "true");
}

TEST_CASE("an unknown field is shown with the nearest one", "[policy][document]") {
  CHECK(GivenPolicies(kTier + "spec:\n  match: {}\n  conflictPolcy: Keep\n").findings() ==
        Strings{"6:3 CL-P-FIELD unknown field \"conflictPolcy\" in spec "
                "(did you mean \"conflictPolicy\"?)"});
  CHECK(GivenPolicies(kTier + "spec: {match: {any: [{kinds: [Pod], nmes: [x]}]}}\n").findings() ==
        Strings{"4:37 CL-P-FIELD unknown field \"nmes\" in spec.match.any[0] "
                "(did you mean \"names\"?)"});
  CHECK(GivenPolicies(kTier + "spec: {match: {}, conflicts: {request.cpu: Max}}\n").findings() ==
        Strings{"4:31 CL-P-FIELD unknown field \"request.cpu\" in spec.conflicts "
                "(did you mean \"requests.cpu\"?)"});
}

TEST_CASE("Kubernetes content may hold more, but not what looks misspelt", "[policy][document]") {
  const std::string spec = "spec:\n  match: {}\n  container: {name: a, image: b, ";
  CHECK(GivenPolicies(kSidecar + spec + "someFieldOf2030: x}\n").findings() == Strings{});
  CHECK(GivenPolicies(kSidecar + spec + "volumeMount: []}\n").findings() ==
        Strings{"6:34 CL-P-FIELD unknown field \"volumeMount\" in spec.container "
                "(did you mean \"volumeMounts\"?)"});
}

TEST_CASE("a value of the wrong type is shown with the right one", "[policy][document]") {
  struct Row {
    const char* spec;
    const char* finding;
  };
  for (const Row& row : {
           Row{"{match: {}, tier: 3}",
               "4:25 CL-P-TYPE spec.tier is a number, not a string (quote it: \"3\")"},
           Row{"{match: {}, tier: [small]}", "4:25 CL-P-TYPE spec.tier is a list, not a string"},
           Row{"{match: []}", "4:15 CL-P-TYPE spec.match is a list, not a map"},
           Row{"{match: {}, locked: \"true\"}",
               "4:27 CL-P-TYPE spec.locked is a string, not a boolean (write true or false, "
               "without "
               "quotes)"},
           Row{"{match: {any: {kinds: [Pod]}}}",
               "4:21 CL-P-TYPE spec.match.any is a map, not a list"},
           Row{"\n  match: {}\n  tier:\n", "6:3 CL-P-TYPE spec.tier is empty, not a string"},
           Row{"\n  match: {}\n  tier: !!str\n",
               "6:3 CL-P-TYPE spec.tier is empty, not a string (quote it: \"\")"},
       }) {
    INFO(row.spec);
    CHECK(GivenPolicies(kTier + "spec: " + row.spec + "\n").findings() == Strings{row.finding});
  }
}

TEST_CASE("texts with rules of their own", "[policy][document]") {
  struct Row {
    const char* match;
    const char* finding;
  };
  for (const Row& row : {
           Row{"{kinds: [deployment]}",
               "4:31 CL-P-FORMAT spec.match.any[0].kinds[0]: \"deployment\" is not a kind as "
               "Kubernetes spells it: Deployment, argoproj.io/Rollout or Workload"},
           Row{"{names: [\"a[b\"]}",
               "4:31 CL-P-FORMAT spec.match.any[0].names[0]: \"a[b\" is not a glob; every `[` "
               "needs "
               "its `]`"},
           Row{"{hooks: include}",
               "4:30 CL-P-ENUM spec.match.any[0].hooks: unknown value \"include\" (did you mean "
               "\"Include\"?)"},
           Row{"{names: []}",
               "4:30 CL-P-RANGE spec.match.any[0].names is an empty list (name something, or leave "
               "the field out)"},
           Row{"{selector: {matchExpressions: [{key: a, operator: In}]}}",
               "4:23 CL-P-INVALID spec.match.any[0].selector: In and NotIn need values, Exists and "
               "DoesNotExist have none"},
       }) {
    INFO(row.match);
    CHECK(GivenPolicies(kTier + "spec: {match: {any: [" + row.match + "]}}\n").findings() ==
          Strings{row.finding});
  }
}

TEST_CASE("a bad quantity", "[policy][document]") {
  const std::string profile =
      "apiVersion: cloudlab.dev/v1alpha1\nkind: EnvironmentProfile\nmetadata: {name: production}\n";
  const std::string way_out = " (quantities are like 250m, 1, 512Mi or 2Gi, and not negative)";
  CHECK(GivenPolicies(profile + "spec:\n  tiers:\n    small:\n      requests: {cpu: 500mm}\n")
            .findings() ==
        Strings{"7:23 CL-P-QUANTITY spec.tiers.small.requests.cpu: \"500mm\" is not a quantity of "
                "Kubernetes" +
                way_out});
  CHECK(GivenPolicies(profile + "spec: {tiers: {small: {limits: {memory: -1Gi}}}}\n").findings() ==
        Strings{"4:41 CL-P-QUANTITY spec.tiers.small.limits.memory: \"-1Gi\" is not a quantity of "
                "Kubernetes" +
                way_out});
  CHECK(GivenPolicies(profile + "spec: {tiers: {small: {requests: {cpu: 0.5, memory: \"1e9\"}}}}\n")
            .findings() == Strings{});
}

TEST_CASE("a missing field", "[policy][document]") {
  CHECK(
      GivenPolicies(kTier + "spec:\n  tier: small\n").findings() ==
      Strings{"4:1 CL-P-REQUIRED field \"match\" is missing in spec (The objects that this policy "
              "is for.)"});
  CHECK(GivenPolicies("apiVersion: cloudlab.dev/v1alpha1\nkind: Pipeline\nspec: {}\n").findings() ==
        Strings{"1:1 CL-P-REQUIRED field \"metadata\" is missing (The name of this document, and "
                "what other tools write on it.)"});
}

TEST_CASE("all flaws of a file are reported together", "[policy][document]") {
  const GivenPolicies given(
      kTier + "spec:\n  match: {}\n  onInvalid: Clamp\n  teir: small\n---\n" + kSidecar +
      "spec:\n  match: {}\n  mode: auto\n  podAnnotations: {}\n---\nkind: x\n");
  CHECK(given.findings() ==
        Strings{"6:14 CL-P-ENUM spec.onInvalid: unknown value \"Clamp\" (known are: ClampRequest, "
                "RaiseLimit, Fail)",
                "7:3 CL-P-FIELD unknown field \"teir\" in spec (did you mean \"tier\"?)",
                "14:9 CL-P-ENUM spec.mode: unknown value \"auto\" (did you mean \"Auto\"?)",
                "17:1 CL-P-FOREIGN this is no policy document: its apiVersion is not of "
                "cloudlab.dev (write apiVersion: cloudlab.dev/v1alpha1)"});
  CHECK(given.documents().empty());
}

TEST_CASE("kinds and versions that do not exist", "[policy][document]") {
  const std::string kinds =
      "kinds are: Pipeline, EnvironmentProfile, ResourceTierPolicy, SidecarPolicy, "
      "AutoscalingPolicy, NetworkAccessPolicy, SecretReferencePolicy, PolicyException";
  CHECK(GivenPolicies("apiVersion: cloudlab.dev/v1alpha1\nkind: SidecarPolice\n").findings() ==
        Strings{"2:7 CL-P-KIND unknown kind \"SidecarPolice\" (did you mean \"SidecarPolicy\"? " +
                kinds + ")"});
  CHECK(GivenPolicies("apiVersion: cloudlab.dev/v1alpha1\nkind: PolicyTest\n").findings() ==
        Strings{"2:7 CL-P-KIND unknown kind \"PolicyTest\" (" + kinds + ")"});
  CHECK(GivenPolicies("apiVersion: cloudlab.dev/v1\nkind: Pipeline\n").findings() ==
        Strings{"1:13 CL-P-VERSION unknown version \"cloudlab.dev/v1\" (the version that exists is "
                "cloudlab.dev/v1alpha1)"});
  CHECK(GivenPolicies("apiVersion: v1\nkind: ConfigMap\n").findings() ==
        Strings{"1:13 CL-P-FOREIGN this is no policy document: its apiVersion is not of "
                "cloudlab.dev (write apiVersion: cloudlab.dev/v1alpha1)"});
}

TEST_CASE("a field or a document that stands twice", "[policy][document]") {
  CHECK(GivenPolicies(kTier + "spec:\n  match: {}\n  tier: a\n  tier: b\n").findings() ==
        Strings{"7:3 CL-P-FIELD-TWICE field \"tier\" stands twice in spec"});
  CHECK(GivenPolicies(kTier + "spec: {match: {}}\n---\n" + kTier + "spec: {match: {}}\n")
            .findings() ==
        Strings{"8:18 CL-P-DUPLICATE ResourceTierPolicy/tiers stands twice; the first one is in "
                "policy.yaml:3"});
}

TEST_CASE("annotations name policies without their kind", "[policy][document]") {
  const auto with = [](const std::string& kind, const std::string& spec) {
    return GivenPolicies(
               "apiVersion: cloudlab.dev/v1alpha1\nkind: ResourceTierPolicy\nmetadata: {name: a}\n"
               "spec: {match: {}, tier: small}\n---\napiVersion: cloudlab.dev/v1alpha1\nkind: " +
               kind + "\nmetadata: {name: a}\nspec: " + spec + "\n")
        .findings();
  };
  CHECK(with("SidecarPolicy", "{match: {}, podLabels: {a: b}}") ==
        Strings{"8:18 CL-P-DUPLICATE SidecarPolicy/a has the name of ResourceTierPolicy/a in "
                "policy.yaml:3 (rename one: annotations name policies without their kind, and "
                "would mean both)"});
  CHECK(with("EnvironmentProfile", "{}") == Strings{});
  CHECK(with("Pipeline", "{}") == Strings{});
}

TEST_CASE("broken YAML is shown where it breaks", "[policy][document]") {
  const GivenPolicies given("apiVersion: cloudlab.dev/v1alpha1\n---\nkind: {a: [b}\n");
  REQUIRE(given.findings().size() == 2);
  CHECK(given.findings().at(1).starts_with("3:"));
}

TEST_CASE("presets are checked by their name", "[policy][document]") {
  const std::string spec = "spec: {match: {}, presets: [";
  struct Row {
    const char* preset;
    const char* finding;
  };
  for (const Row& row : {
           Row{"{name: istio, tier: small}",
               "4:36 CL-P-ENUM spec.presets[0].name: unknown value \"istio\" (known are: "
               "istio-proxy, linkerd-proxy, dapr, vault-agent, opentelemetry)"},
           Row{"{name: opentelemetry, language: rust}",
               "4:61 CL-P-ENUM spec.presets[0].language: unknown value \"rust\" (known are: java, "
               "python, nodejs, dotnet, go)"},
           Row{"{name: dapr, appPort: 70000}",
               "4:51 CL-P-RANGE spec.presets[0].appPort is 70000; it must be at least 1 and at "
               "most "
               "65535"},
           Row{"{name: linkerd-proxy, opaquePorts: [\"9-1\"]}",
               "4:65 CL-P-FORMAT spec.presets[0].opaquePorts[0]: \"9-1\" is not a port or a range "
               "of ports, 4317 or \"6222-6230\""},
           Row{"{name: istio-proxy, tier: small, resources: {}}",
               "4:29 CL-P-INVALID spec.presets[0]: give a tier or resources, not both"},
       }) {
    INFO(row.preset);
    CHECK(GivenPolicies(kSidecar + spec + row.preset + "]}\n").findings() == Strings{row.finding});
  }
}

TEST_CASE("bounds of a recommender are held against each other", "[policy][document]") {
  const auto findings = [](const std::string& bounds) {
    return GivenPolicies(
               "apiVersion: cloudlab.dev/v1alpha1\nkind: AutoscalingPolicy\nmetadata: {name: "
               "scaling}\nspec:\n  match: {}\n  vertical: {" +
               bounds + "}\n")
        .findings();
  };
  CHECK(findings("minAllowed: {cpu: 2}, maxAllowed: {cpu: 1}") ==
        Strings{"6:3 CL-P-INVALID spec.vertical: minAllowed is above maxAllowed"});
  CHECK(findings("minAllowed: {cpu: 1, memory: 1Gi}, maxAllowed: {memory: 900Mi}").size() == 1);
  CHECK(findings("minAllowed: {cpu: 1000m, memory: 1Gi}, maxAllowed: {cpu: 1}") == Strings{});
}

TEST_CASE("documents of the stream may not lift policies", "[policy][document]") {
  const std::string text =
      "apiVersion: cloudlab.dev/v1alpha1\nkind: PolicyException\nmetadata: {name: x}\n"
      "spec: {policies: [tiers], match: {}, reason: r, owner: o, expires: \"2027-01-01\"}\n";
  const text::Source stream = {"<stdin>", text};
  DocumentSet documents;
  text::Diagnostics diagnostics;
  documents.ReadFromStream(stream, yaml::Split(text).front(), diagnostics);
  CHECK(Lines(diagnostics) ==
        Strings{"2:7 CL-P-STREAM a PolicyException in the stream: what is deployed may not lift "
                "policies (put it into the config)"});
}

}  // namespace
}  // namespace cloudlab::policy
