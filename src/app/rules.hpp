// The policies of a run: every document that was found, read and resolved, ready to be asked.
#pragma once

#include <memory>
#include <vector>

#include "app/settings.hpp"
#include "app/stream.hpp"
#include "kube/index.hpp"
#include "policy/document.hpp"
#include "policy/exception.hpp"
#include "policy/policy.hpp"
#include "policy/profile.hpp"
#include "policy/registry.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::app {

struct Rules {
  std::string source;  ///< Where the policies came from, for people.
  policy::DocumentSet documents;
  policy::PipelineSettings pipeline;
  policy::Profiles profiles;
  policy::Exceptions exceptions;
  std::vector<std::unique_ptr<policy::Policy>> policies;  ///< In the order of the run.
  std::string environment;                                ///< Of the run; may be empty.
  kube::Version kube_version;
  std::vector<kube::ObjectId>
      taken_out;  ///< Policy documents of the stream, whether they count or not.
};

/// Reads the config, takes policy documents out of the stream (marking them there), and resolves
/// profiles, exceptions and policies. Problems go to `diagnostics`; with errors there, the rules
/// are not to be used.
std::unique_ptr<Rules> ReadRules(const text::Source& input, Documents& stream,
                                 const Settings& settings, text::Diagnostics& diagnostics);

}  // namespace cloudlab::app
