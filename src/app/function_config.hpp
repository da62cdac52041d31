// The functionConfig of a KRM function: one of our policy documents, a ConfigMap that holds some or
// says with which settings to run, or nothing.
//
// A ConfigMap is what kpt makes of `configMap:` and of `-- key=value`. Its data may hold
//   environment, namespace, release, kubeVersion, onRefusal   as the flags of these names
//   mode              Apply or Validate, as in a Pipeline
//   policies, *.yaml, *.yml   policy documents, one or several
// Unknown keys are errors. A flag wins over the key of its name.
#pragma once

#include <deque>
#include <string>

#include "app/settings.hpp"

namespace cloudlab::app {

/// The texts of policies that stand in a ConfigMap; they stay where they are.
struct FunctionTexts {
  std::deque<std::string> texts;
  std::deque<text::Source> sources;
};

/// Puts what `config` says into `settings`. Where it brings policies it is their only source; an
/// error if there is another one.
void ReadFunctionConfig(const PolicyNode& config, Settings& settings, FunctionTexts& texts,
                        text::Diagnostics& diagnostics);

}  // namespace cloudlab::app
