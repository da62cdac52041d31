// Settings of language runtimes and servers that do not fit the limits of their container: what the
// kernel kills for memory although every manifest is valid.
//
// Heaps are compared with the memory limit, less what the process needs beside its heap: a JVM's
// -Xmx, MaxHeapSize and MaxRAMPercentage, Node's --max-old-space-size, Go's GOMEMLIMIT,
// PostgreSQL's shared_buffers; Go's GOMAXPROCS is compared with the cpu limit. They are read from
// environment variables and from command and args, shell lines included. Where a setting stands
// several times the runtime's own precedence decides.
//
// What cannot be judged is left alone: no limit, a value from elsewhere (valueFrom), a reference
// ($(VAR), $VAR), a number that the runtime itself would refuse.
//
// Sources: "The java Command" of OpenJDK (JAVA_TOOL_OPTIONS, JDK_JAVA_OPTIONS, MaxRAMPercentage),
// Go's runtime package (GOMEMLIMIT, GOMAXPROCS), Node.js "Command-line API", PostgreSQL "Resource
// Consumption" (shared_buffers) and "Setting Parameters" (units).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kube/pod_resources.hpp"
#include "kube/pod_template.hpp"
#include "kube/quantity.hpp"
#include "yaml/view.hpp"

namespace cloudlab::policy {

/// A text and the node that it stands at.
struct PlacedText {
  std::string text;
  yaml::NodeView node;
};

struct EnvironmentValue {
  std::string name;
  /// Nothing if the value comes from elsewhere (`valueFrom`).
  std::optional<std::string> value;
  yaml::NodeView node;
};

/// What a container tells its process.
struct RuntimeSettings {
  std::vector<EnvironmentValue> environment;
  std::vector<PlacedText> words;  ///< `command`, then `args`.
  std::optional<kube::Quantity> memory_limit;
  std::optional<kube::Quantity> cpu_limit;
};

/// Reads them from a container; `limits` are those that hold in the end, defaults of LimitRanges
/// included.
RuntimeSettings ReadRuntimeSettings(const kube::Container& container,
                                    const kube::ResourceList& limits);

/// A setting that does not fit; a warning.
struct RuntimeFinding {
  std::string message;  ///< Names the setting, where it stands, and the limit.
  std::string hint;     ///< A value that fits.
  yaml::NodeView node;  ///< Of the variable or the argument.
};

std::vector<RuntimeFinding> CheckRuntime(const RuntimeSettings& settings);

}  // namespace cloudlab::policy
