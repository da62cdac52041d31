// Every wish is a change and a row; what already is so is neither.
#include "policy/proposal.hpp"

#include <catch2/catch.hpp>

#include "given.hpp"
#include "policy/enforcement.hpp"

namespace cloudlab::policy {
namespace {

using yaml::Value;

const std::string kStream = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, annotations: }
spec:
  replicas: 2
  template:
    spec:
      containers:
        - name: app
          env: [{name: DB_PASSWORD, value: hunter2}]
          resources:
            requests: {cpu: 500m}
      volumes: none
)";

struct Fixture {
  Fixture() : stream(kStream), proposal(stream.last(), "tiers", 0, changes) {
    pod = stream.last().root.Find({"spec", "template", "spec"});
    container = *pod.Find("containers").children().begin();
  }
  /// "op path old -> new".
  Strings Rows() const {
    Strings rows;
    for (const FieldEdit& row : proposal.edits()) {
      const char* op = row.op == FieldEdit::Op::kAdd       ? "add "
                       : row.op == FieldEdit::Op::kReplace ? "replace "
                                                           : "remove ";
      rows.push_back(op + row.path + " " + row.old_value + " -> " + row.new_value);
    }
    return rows;
  }

  GivenStream stream;
  yaml::ChangeSet changes;
  Proposal proposal;
  yaml::NodeView pod;
  yaml::NodeView container;
};

TEST_CASE("Put creates what is missing and replaces what differs", "[policy][proposal]") {
  Fixture f;
  f.proposal.Put(f.container, {"resources", "requests", "memory"}, Value::Literal("64Mi"));
  f.proposal.Put(f.container, {"resources", "requests", "cpu"}, Value::Literal("1"));
  f.proposal.Put(f.container, {"resources", "limits", "memory"}, Value::Literal("64Mi"));
  f.proposal.Put(f.stream.last().root, {"metadata", "annotations", "a.b/c"}, Value::String("x"));
  const std::string path = "spec.template.spec.containers[name=app].resources.";
  CHECK(f.Rows() == Strings{"add " + path + "requests.memory  -> 64Mi",
                            "replace " + path + "requests.cpu 500m -> 1",
                            "add " + path + "limits.memory  -> 64Mi",
                            "add metadata.annotations[\"a.b/c\"]  -> x"});
  CHECK(f.proposal.conflicts().empty());
}

TEST_CASE("what already is so makes no change and no row", "[policy][proposal]") {
  Fixture f;
  f.proposal.Put(f.container, {"resources", "requests", "cpu"}, Value::Literal("500m"));
  f.proposal.Put(f.container, {"resources", "requests", "cpu"}, Value::String("500m"));
  f.proposal.Put(f.container, {"resources"},
                 Value::Map({{"requests", Value::Map({{"cpu", Value::String("500m")}})}}));
  f.proposal.Replace(f.stream.last().root.Find({"spec", "replicas"}), Value::Int(2));
  CHECK(f.changes.empty());
  CHECK(f.Rows().empty());
  // A string is not the number that looks like it.
  Fixture g;
  g.proposal.Replace(g.stream.last().root.Find({"spec", "replicas"}), Value::String("2"));
  CHECK(g.Rows() == Strings{"replace spec.replicas 2 -> 2"});
}

TEST_CASE("items and removals", "[policy][proposal]") {
  Fixture f;
  f.proposal.Append(f.pod, {"containers"}, Value::Map({{"name", Value::String("agent")}}));
  f.proposal.Append(f.pod, {"imagePullSecrets"}, Value::Map({{"name", Value::String("hub")}}));
  f.proposal.Append(f.container, {"args"}, Value::String("-v"));
  f.proposal.Remove(f.stream.last().root.Find({"spec", "replicas"}));
  CHECK(f.Rows() == Strings{"add spec.template.spec.containers[name=agent]  -> {name: agent}",
                            "add spec.template.spec.imagePullSecrets[name=hub]  -> {name: hub}",
                            "add spec.template.spec.containers[name=app].args[-]  -> -v",
                            "remove spec.replicas 2 -> "});
}

TEST_CASE("a manifest of the wrong shape is an error, not an edit", "[policy][proposal]") {
  Fixture f;
  f.proposal.Append(f.pod, {"volumes"}, Value::Map({{"name", Value::String("x")}}));
  f.proposal.Put(f.container, {"name", "x"}, Value::Int(1));
  REQUIRE(f.proposal.findings().size() == 2);
  CHECK(f.proposal.findings()[0].diagnostic.message ==
        "spec.template.spec.volumes of the manifest is not a list; the policy tiers cannot add to "
        "it");
  CHECK(f.proposal.findings()[1].diagnostic.code == "CL-P-SHAPE");
  CHECK(f.changes.empty());
}

TEST_CASE("rows show no secrets", "[policy][proposal]") {
  Fixture f;
  const yaml::NodeView variable = *f.container.Find("env").children().begin();
  f.proposal.Replace(variable.Find("value"), Value::String("$(OTHER)"));
  f.proposal.Append(
      f.container, {"env"},
      Value::Map({{"name", Value::String("API_TOKEN")}, {"value", Value::String("s")}}));
  const std::string path = "spec.template.spec.containers[name=app].env[name=";
  CHECK(f.Rows() == Strings{"replace " + path + "DB_PASSWORD].value *** -> $(OTHER)",
                            "add " + path + "API_TOKEN]  -> {name: API_TOKEN, value: \"***\"}"});
}

TEST_CASE("two policies that differ are named", "[policy][proposal]") {
  Fixture f;
  Proposal other(f.stream.last(), "sizes", 1, f.changes);
  const std::vector<std::string> memory = {"resources", "requests", "memory"};
  f.proposal.Put(f.container, memory, Value::Literal("64Mi"));
  other.Put(f.container, memory, Value::Literal("64Mi"));
  CHECK(other.conflicts().empty());
  other.Put(f.container, memory, Value::Literal("1Gi"));
  REQUIRE(other.conflicts().size() == 1);
  const Strings owners = {"tiers", "sizes"};
  const text::Diagnostic error = DescribeConflict(other.conflicts()[0], f.stream.last().id, owners);
  CHECK(error.message ==
        "the policies tiers and sizes want different values at "
        "spec.template.spec.containers[name=app].resources.requests.memory");
  CHECK(error.object == "Deployment/shop/cart");
}

TEST_CASE("two policies differ also if the chart agrees with one", "[policy][proposal]") {
  const std::vector<std::string> cpu = {"resources", "requests", "cpu"};
  const std::vector<std::string> memory = {"resources", "requests", "memory"};
  for (const bool chart_first : {true, false}) {
    Fixture f;
    Proposal other(f.stream.last(), "sizes", 1, f.changes);
    Proposal& first = chart_first ? f.proposal : other;
    Proposal& second = chart_first ? other : f.proposal;
    f.proposal.Claim(f.pod);
    CHECK(f.changes.empty());
    first.Put(f.container, cpu, Value::String(chart_first ? "500m" : "50m"));
    second.Put(f.container, cpu, Value::String(chart_first ? "50m" : "500m"));
    REQUIRE(second.conflicts().size() == 1);
    CHECK(second.conflicts()[0].path ==
          "spec.template.spec.containers[name=app].resources.requests.cpu");
  }
  Fixture f;
  Proposal other(f.stream.last(), "sizes", 1, f.changes);
  f.proposal.Claim(f.container, memory);  // That there is none.
  other.Claim(f.container, memory);
  CHECK(other.conflicts().empty());
  other.Put(f.container, memory, Value::String("1Gi"));
  REQUIRE(other.conflicts().size() == 1);
  CHECK(other.conflicts()[0].path ==
        "spec.template.spec.containers[name=app].resources.requests.memory");
  Fixture g;
  Proposal third(g.stream.last(), "sizes", 1, g.changes);
  g.proposal.Put(g.container, memory, Value::String("1Gi"));
  third.Claim(g.container, memory);
  CHECK(third.conflicts().size() == 1);
}

TEST_CASE("a claim holds inside what another policy replaces", "[policy][proposal]") {
  const std::vector<std::string> cpu = {"resources", "requests", "cpu"};
  Fixture f;
  Proposal other(f.stream.last(), "sizes", 1, f.changes);
  f.proposal.Claim(f.container, cpu);
  other.Replace(f.container.Find("resources"), Value::Map());
  other.Remove(f.container.Find({"resources", "requests"}));
  CHECK(other.conflicts().size() == 2);
  Fixture g;
  Proposal third(g.stream.last(), "sizes", 1, g.changes);
  g.proposal.Replace(g.container.Find("resources"), Value::Map());
  third.Claim(g.container, cpu);
  CHECK(third.conflicts().size() == 1);
}

TEST_CASE("enforcement other than Apply", "[policy][proposal]") {
  Fixture f;
  f.proposal.Put(f.container, {"resources", "limits", "memory"}, Value::Literal("64Mi"));
  f.proposal.AddObject(Value::Map(), {"v1", "ConfigMap", "shop", "cart"});
  CHECK(EnforcementFindings(Enforcement::kDryRun, f.proposal, "tiers", kube::Index()).empty());
  const auto warnings = EnforcementFindings(Enforcement::kWarn, f.proposal, "tiers", kube::Index());
  REQUIRE(warnings.size() == 1);
  CHECK(warnings[0].diagnostic.severity == text::Severity::kWarning);
  CHECK(warnings[0].diagnostic.message ==
        "the policy tiers is not met: "
        "spec.template.spec.containers[name=app].resources.limits.memory = 64Mi, add "
        "ConfigMap/shop/cart");
  const auto errors = EnforcementFindings(Enforcement::kFail, f.proposal, "tiers", kube::Index());
  REQUIRE(errors.size() == 1);
  CHECK(errors[0].diagnostic.severity == text::Severity::kError);
}

}  // namespace
}  // namespace cloudlab::policy
