// The texts that the programs of a pod are configured with: variables, commands and arguments (also
// those of hooks and probes), and the files that ConfigMaps and Secrets of the stream put into its
// containers.
//
// Variables are replaced (variables.hpp); what the kubelet says of the pod is known as far as the
// stream tells it (its namespace). Files of YAML or JSON are read as such, scripts as commands
// (command_line.hpp), all others line by line (properties, ini, TOML, nginx); comments are no
// configuration. A ConfigMap that a program reads through the API server is not seen.
//
// Values of Secrets are read too: a host in a connection string is no secret. Only the host ever
// leaves this module's callers, and of what is a secret by its name not even that, unless it says
// by its form that it is one (graph.cpp).
//
// All of them are read in config_store.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.hpp"
#include "policy/network/source.hpp"

namespace cloudlab::policy::network {

struct ConfigText {
  std::string name;      ///< Of the variable, option or key; empty if it has none.
  std::string text;      ///< Its value, variables replaced.
  std::string evidence;  ///< "env REDIS_ADDR", "arg --redis", "file relay".
  /// Port numbers beside it that belong to it: REDIS_PORT beside REDIS_HOST, `port` beside `host`.
  std::vector<std::uint16_t> ports = {};
  Source source = Source::kEnv;
  bool secret = false;  ///< Has no name, and stands in a file whose name says that it is one.
};

/// The texts in a file called `name`.
std::vector<ConfigText> ReadFileTexts(std::string_view name, std::string_view content);

/// True if `name` says that its value is where something is reached: REDIS_ADDR, `--db-host`,
/// `bootstrapServers`; false for names of names, ports, paths and the like.
bool NamesAddress(std::string_view name);

/// True if the last word of `name` says so: `seedHosts`, but not `seedProvider`.
bool EndsAsAddress(std::string_view name);

/// False if `name` says that its addresses are not called: those that may call (ALLOWED_HOSTS,
/// CORS_ORIGINS, NO_PROXY), those that a browser is sent to (REDIRECT_URI), names in certificates.
bool NamesCalled(std::string_view name);

}  // namespace cloudlab::policy::network
