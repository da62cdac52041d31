#include "policy/registry.hpp"

#include <catch2/catch.hpp>

#include "given.hpp"
#include "policy/defaults.hpp"

namespace cloudlab::policy {
namespace {

const std::string kHead = "apiVersion: cloudlab.dev/v1alpha1\n";

std::string Doc(const std::string& kind, const std::string& name, const std::string& spec) {
  return "---\n" + kHead + "kind: " + kind + "\nmetadata: {name: " + name + "}\nspec: " + spec +
         "\n";
}

const std::string kPolicies = Doc("ResourceTierPolicy", "b-tiers", "{match: {}}") +
                              Doc("ResourceTierPolicy", "a-tiers", "{match: {}}") +
                              Doc("SidecarPolicy", "z-agent", "{match: {}, podAnnotations: {}}");

Strings Names(const std::string& text, Strings expected_findings = {}) {
  GivenPolicies given(text);
  const PipelineSettings pipeline = ReadPipeline(given.documents(), given.diagnostics());
  Strings names;
  for (const auto& policy : MakePolicies(given.documents(), pipeline, given.diagnostics())) {
    names.push_back(policy->name());
  }
  CHECK(given.findings() == expected_findings);
  return names;
}

TEST_CASE("policies run by stage, then by name", "[policy][registry]") {
  CHECK(Names(kPolicies) == Strings{"z-agent", "a-tiers", "b-tiers"});
  CHECK(Names(kPolicies + Doc("Pipeline", "p", "{policies: [b-tiers, z-agent]}")) ==
        Strings{"z-agent", "b-tiers"});
  CHECK(Names(kPolicies + Doc("Pipeline", "p", "{policies: []}")).empty());
}

TEST_CASE("a Pipeline that lists an unknown policy", "[policy][registry]") {
  Names(kPolicies + Doc("Pipeline", "p", "{policies: [z-agnt]}"),
        {"20:19 CL-P-POLICY no policy is called \"z-agnt\" (did you mean \"z-agent\"?)"});
}

TEST_CASE("a run has one Pipeline", "[policy][registry]") {
  Names(Doc("Pipeline", "p", "{}") + Doc("Pipeline", "q", "{}"),
        {"9:18 CL-P-PIPELINES a second Pipeline; the first one is p in policy.yaml (a run has one "
         "Pipeline)"});
}

TEST_CASE("what a Pipeline says", "[policy][registry]") {
  GivenPolicies given(
      Doc("Pipeline", "p",
          "{environment: production, namespace: shop, kubeVersion: \"1.34\", "
          "podTemplatePaths: [{group: example.org, kind: Worker, path: spec.pod}]}"));
  const PipelineSettings pipeline = ReadPipeline(given.documents(), given.diagnostics());
  CHECK(given.findings() == Strings{});
  CHECK(pipeline.environment == "production");
  CHECK(pipeline.ns == "shop");
  REQUIRE(pipeline.kube_version.has_value());
  CHECK(pipeline.kube_version->Print() == "1.34");
  REQUIRE(pipeline.pod_template_paths.size() == 1);
  CHECK(pipeline.pod_template_paths[0].path == "spec.pod");
  CHECK_FALSE(pipeline.allow_stream_policies);
  CHECK(pipeline.PlaceOf("environment").span.begin ==
        pipeline.document->source->text.find("production"));
}

TEST_CASE("a tier that no profile has", "[policy][registry]") {
  GivenPolicies given(Doc("EnvironmentProfile", "e", "{tiers: {small: {}, medium: {}}}") +
                      Doc("ResourceTierPolicy", "t",
                          "{match: {}, tier: smal, containers: [{match: {}, tier: medium}]}") +
                      Doc("SidecarPolicy", "s", "{match: {}, presets: [{name: dapr, tier: x}]}"));
  const Profiles profiles = Profiles::Resolve(given.documents(), given.diagnostics());
  CheckTierNames(given.documents(), profiles, given.diagnostics());
  CHECK(
      given.findings() ==
      Strings{"10:25 CL-P-TIER no EnvironmentProfile has a tier \"smal\" (did you mean \"small\"?)",
              "15:48 CL-P-TIER no EnvironmentProfile has a tier \"x\" (known are: medium, small)"});
}

TEST_CASE("the embedded defaults are documents like any other", "[policy][defaults]") {
  DocumentSet documents;
  text::Diagnostics diagnostics;
  AddDefaults(documents, diagnostics);
  const Profiles profiles = Profiles::Resolve(documents, diagnostics);
  CheckTierNames(documents, profiles, diagnostics);
  const PipelineSettings pipeline = ReadPipeline(documents, diagnostics);
  CHECK(Lines(diagnostics) == Strings{});
  CHECK(MakePolicies(documents, pipeline, diagnostics).size() == 1);
  const Profile* profile = profiles.Find(pipeline.environment);
  REQUIRE(profile != nullptr);
  CHECK(profile->FindTier("small")->limits.empty());
}

TEST_CASE("the embedded defaults step aside for profiles of the stream", "[policy][defaults]") {
  const std::string text = Doc("EnvironmentProfile", "production", "{}");
  const text::Source stream = {"<stdin>", text};
  DocumentSet documents;
  text::Diagnostics diagnostics;
  for (const yaml::Slice& slice : yaml::Split(text)) {
    documents.ReadFromStream(stream, slice, diagnostics);
  }
  AddDefaults(documents, diagnostics);
  CHECK(documents.documents().size() == 1);
}

}  // namespace
}  // namespace cloudlab::policy
