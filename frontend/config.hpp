// Finds and reads the policies: the first of --config, CLOUDLAB_CONFIG, ./cloudlab.yaml and the
// embedded defaults is used alone. A function has its functionConfig instead of ./cloudlab.yaml. A
// folder stands for its *.yaml and *.yml files, by name.
#pragma once

#include <deque>
#include <string>

#include "app/settings.hpp"
#include "frontend/options.hpp"
#include "text/diagnostic.hpp"

namespace cloudlab::frontend {

/// The texts of the policy files; they stay where they are.
struct ConfigFiles {
  std::deque<std::string> texts;
  std::deque<text::Source> sources;
};

/// What the options say about a run. The texts of the policy files go to `files`, which must
/// outlive the settings; what cannot be read is reported.
app::Settings MakeSettings(const Options& options, ConfigFiles& files,
                           text::Diagnostics& diagnostics);

}  // namespace cloudlab::frontend
