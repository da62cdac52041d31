#include "policy/runtime_flags.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "given.hpp"

namespace cloudlab::policy {
namespace {

/// What is found in a container with these fields and limits: messages, each with its hint.
Strings Found(const std::string& fields, const std::string& limits) {
  const GivenStream stream(
      "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: a, " + fields +
      "}]}\n");
  const kube::Manifest& pod = stream.at(0);
  const kube::Container container = kube::Containers(pod.pod).front();
  const GivenStream quantities("kind: X\nlimits: " + limits + "\n");
  const auto settings =
      ReadRuntimeSettings(container, kube::ReadResourceList(quantities.at(0).root.Find("limits")));
  Strings lines;
  for (const RuntimeFinding& finding : CheckRuntime(settings)) {
    CHECK(finding.node);
    lines.push_back(finding.message + " (" + finding.hint + ")");
  }
  return lines;
}

std::string Env(const std::string& name, const std::string& value) {
  return "env: [{name: " + name + ", value: \"" + value + "\"}]";
}
std::string Java(const std::string& value) { return Env("JAVA_TOOL_OPTIONS", value); }

TEST_CASE("settings that do not fit their limits", "[policy][runtime]") {
  struct Row {
    std::string fields;
    std::string limits;
    std::string found;  // How the only message begins; empty: none.
  };
  const std::string gi = "{memory: 1Gi}";
  const std::vector<Row> rows = {
      // JVM.
      {Java("-Xmx1g"), gi, "-Xmx1g in JAVA_TOOL_OPTIONS takes 100 % of limits.memory 1Gi"},
      {Java("-Xmx2g"), gi, "-Xmx2g in JAVA_TOOL_OPTIONS is above limits.memory 1Gi"},
      {Java("-Xmx870m"), gi, ""},
      {Java("-Xmx871m"), gi, "-Xmx871m in JAVA_TOOL_OPTIONS takes 85 %"},
      {Java("-Xmx900M"), gi, "-Xmx900M in JAVA_TOOL_OPTIONS takes 88 %"},
      {Java("-Xmx943718400"), gi, "-Xmx943718400 in"},
      {Java("-Xmx921600K"), gi, "-Xmx921600K in"},
      {Java("-Xmx1T"), gi, "-Xmx1T in JAVA_TOOL_OPTIONS is above"},
      {Java("-server -XX:MaxHeapSize=1g -verbose"), gi, "-XX:MaxHeapSize=1g in"},
      {Java("-Xmx1g"), "{}", ""},
      {Java("-Xmx1g"), "{cpu: 1}", ""},
      {Java("-Xmx1gb"), gi, ""},
      {Java("-Xmx"), gi, ""},
      {Java("-Xmx99999999999999999999g"), gi, ""},
      {Java("-Xmx9223372036854775807g"), gi, ""},
      {Java("-Xmx$(HEAP)"), gi, ""},
      {Java("-Xmx2g $(MORE)"), gi, ""},
      {Java("$(MORE) -Xmx2g"), gi, "-Xmx2g in"},
      {Java("-Xmx2g -Xmx512m"), gi, ""},
      {Java("-Xmx512m -Xmx2g"), gi, "-Xmx2g in"},
      {Java("-XX:MaxRAMPercentage=90"), gi, "-XX:MaxRAMPercentage=90 in JAVA_TOOL_OPTIONS gives"},
      {Java("-XX:MaxRAMPercentage=85.0"), gi, ""},
      {Java("-XX:MaxRAMPercentage=85.5"), gi, "-XX:MaxRAMPercentage=85.5 in"},
      {Java("-XX:MaxRAMPercentage=90 -Xmx512m"), gi, ""},
      {Java("-XX:MaxRAMPercentage=x"), gi, ""},
      {Java("-XX:MaxRAMPercentage=90"), "{memory: 200Mi}", ""},
      {Env("JDK_JAVA_OPTIONS", "-Xmx2g"), gi, "-Xmx2g in JDK_JAVA_OPTIONS"},
      {Env("JAVA_OPTS", "-Xms1g -Xmx2g"), gi, "-Xmx2g in JAVA_OPTS"},
      {Env("_JAVA_OPTIONS", "-Xmx2g"), gi, "-Xmx2g in _JAVA_OPTIONS"},
      {Env("KAFKA_HEAP_OPTS", "-Xmx2g"), gi, "-Xmx2g in KAFKA_HEAP_OPTS"},
      {Env("OTHER", "-Xmx2g"), gi, ""},
      {"env: [{name: JAVA_OPTS, valueFrom: {configMapKeyRef: {name: c, key: k}}}]", gi, ""},
      {"env: [{name: JAVA_TOOL_OPTIONS, value: -Xmx2g}, "
       "{name: _JAVA_OPTIONS, valueFrom: {configMapKeyRef: {name: c, key: k}}}]",
       gi, ""},
      {"env: [{name: JAVA_TOOL_OPTIONS, value: -Xmx2g}, {name: _JAVA_OPTIONS, value: -Xmx1m}]", gi,
       ""},
      {"env: [{name: _JAVA_OPTIONS, value: -Xmx2g}], args: [-Xmx1m]", gi, "-Xmx2g in"},
      {"env: [{name: JAVA_OPTS, value: -Xmx2g}], args: [-Xmx1m]", gi, ""},
      {"command: [java, -Xmx2g, -jar, app.jar]", gi, "-Xmx2g in command"},
      {"args: [-jar, -Xmx2g]", gi, "-Xmx2g in args"},
      {"command: [sh, -c], args: [\"exec java '-Xmx2g' -jar app.jar\"]", gi, "-Xmx2g in args"},
      {"command: [sh, -c, \"java -Xmx2g $EXTRA -jar app.jar\"]", gi, ""},
      {"command: [sh, -c, \"java $JAVA_OPTS -jar a.jar\"], env: [{name: JAVA_OPTS, value: -Xmx2g}]",
       gi, "-Xmx2g in JAVA_OPTS"},
      // Go.
      {Env("GOMEMLIMIT", "1GiB"), gi, "GOMEMLIMIT=1GiB in env takes 100 %"},
      {Env("GOMEMLIMIT", "2GiB"), gi, "GOMEMLIMIT=2GiB in env is above limits.memory 1Gi"},
      {Env("GOMEMLIMIT", "972MiB"), gi, ""},
      {Env("GOMEMLIMIT", "973MiB"), gi, "GOMEMLIMIT=973MiB in env takes 95 %"},
      {Env("GOMEMLIMIT", "1073741824"), gi, "GOMEMLIMIT=1073741824 in env takes 100 %"},
      {Env("GOMEMLIMIT", "1073741824B"), gi, "GOMEMLIMIT=1073741824B in"},
      {Env("GOMEMLIMIT", "off"), gi, ""},
      {Env("GOMEMLIMIT", "2GB"), gi, ""},
      {Env("GOMEMLIMIT", "2GiB"), "{}", ""},
      {"env: [{name: GOMEMLIMIT, valueFrom: {resourceFieldRef: {resource: limits.memory}}}]", gi,
       ""},
      {Env("GOMAXPROCS", "4"), "{cpu: 1500m}", "GOMAXPROCS=4 in env is more than limits.cpu 1500m"},
      {Env("GOMAXPROCS", "2"), "{cpu: 1500m}", ""},
      {Env("GOMAXPROCS", "4"), gi, ""},
      {Env("GOMAXPROCS", "x"), "{cpu: 1}", ""},
      // Node.js.
      {Env("NODE_OPTIONS", "--max-old-space-size=1024"), gi,
       "--max-old-space-size=1024 in NODE_OPTIONS takes 100 %"},
      {Env("NODE_OPTIONS", "--max_old_space_size=4096"), gi,
       "--max_old_space_size=4096 in NODE_OPTIONS is above"},
      {Env("NODE_OPTIONS", "--max-old-space-size=870"), gi, ""},
      {"command: [node, --max-old-space-size, 2048, app.js]", gi,
       "--max-old-space-size 2048 in command is above"},
      {"args: [--max-old-space-size=512], " + Env("NODE_OPTIONS", "--max-old-space-size=4096"), gi,
       ""},
      {Env("NODE_OPTIONS", "--max-old-space-size=$(MB)"), gi, ""},
      // PostgreSQL.
      {"args: [-c, shared_buffers=512MB]", gi, "shared_buffers=512MB in args takes 50 %"},
      {"args: [-cshared_buffers=512MB]", gi, "-cshared_buffers=512MB in args takes 50 %"},
      {"args: [--shared-buffers=512MB]", gi, "--shared-buffers=512MB in args takes 50 %"},
      {"args: [--shared_buffers=2GB]", gi, "--shared_buffers=2GB in args is above"},
      {"args: [-c, shared_buffers=400MB]", gi, ""},
      {"args: [-c, shared_buffers=65536]", gi, "shared_buffers=65536 in args takes 50 %"},
      {"args: [-c, shared_buffers=524288kB]", gi, "shared_buffers=524288kB in args takes 50 %"},
      {"args: [-c, shared_buffers=512mb]", gi, ""},
      {"args: [-c, shared_buffers=2GB]", "{}", ""},
      {"args: [-c, max_connections=900]", gi, ""},
  };
  for (const Row& row : rows) {
    INFO(row.fields << " under " << row.limits);
    const Strings found = Found(row.fields, row.limits);
    REQUIRE(found.size() == (row.found.empty() ? 0 : 1));
    if (!found.empty()) CHECK(found.front().substr(0, row.found.size()) == row.found);
  }
}

TEST_CASE("messages name both values, hints one that fits", "[policy][runtime]") {
  CHECK(Found(Java("-Xmx900m"), "{memory: 1Gi}") ==
        Strings{"-Xmx900m in JAVA_TOOL_OPTIONS takes 88 % of limits.memory 1Gi; metaspace, threads "
                "and buffers come on top (write -Xmx768m, or raise limits.memory to 1200Mi)"});
  CHECK(Found(Env("GOMEMLIMIT", "2GiB"), "{memory: 1Gi}") ==
        Strings{"GOMEMLIMIT=2GiB in env is above limits.memory 1Gi (write 921MiB, or raise "
                "limits.memory to 2276Mi)"});
  CHECK(Found(Env("GOMAXPROCS", "8"), "{cpu: 500m}") ==
        Strings{"GOMAXPROCS=8 in env is more than limits.cpu 500m lets run at once; the threads "
                "throttle one another (write 1, or remove it: Go 1.25 and later reads the limit)"});
  CHECK(Found("args: [-c, shared_buffers=1GB]", "{memory: 2Gi}") ==
        Strings{"shared_buffers=1GB in args takes 50 % of limits.memory 2Gi; each connection and "
                "sort takes more (write 512MB, or raise limits.memory to 4096Mi)"});
}

/// A value that a hint proposes is not found again.
TEST_CASE("a hint is accepted", "[policy][runtime]") {
  for (const char* limits : {"{memory: 1Gi}", "{memory: 333M}", "{memory: 64Mi}"}) {
    INFO(limits);
    const std::string hint = Found(Java("-Xmx9g"), limits).front();
    const std::size_t at = hint.find("write ") + 6;
    CHECK(Found(Java(hint.substr(at, hint.find(',', at) - at)), limits).empty());
  }
}

}  // namespace
}  // namespace cloudlab::policy
