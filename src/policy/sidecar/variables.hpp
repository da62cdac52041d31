// Template variables: `{{workload}}` in a policy's text becomes what it is for the workload at
// hand.
//
//   {{workload}}     metadata.name of the workload
//   {{namespace}}    its effective namespace
//   {{kind}}         its kind
//   {{environment}}  its effective environment
//   {{release}}      Helm's release, else the label app.kubernetes.io/instance
//   {{label:KEY}}    a label of the pod template, else of the workload
//   {{{{             two opening braces
//
// Refused: any other name, a variable that has no value here, and braces that are not closed. So a
// text for another template engine is never half expanded.
#pragma once

#include <string>
#include <string_view>

#include "policy/policy.hpp"

namespace cloudlab::policy::sidecar {

class Variables {
 public:
  Variables(const Subject& subject, const Run& run, const kube::PodTemplate& pod);

  /// Expands every text in `value`, in place. What is wrong with the first one that cannot be
  /// expanded; empty if all is well.
  std::string Expand(yaml::Value& value) const;
  /// Expands one text in place.
  std::string Expand(std::string& text) const;

 private:
  struct Answer {
    std::string value;
    std::string error;
  };
  Answer Find(std::string_view name) const;

  const Subject& subject_;
  const Run& run_;
  const kube::PodTemplate& pod_;
};

/// True if `text` mentions the workload: what is made from it belongs to that workload alone.
bool NamesWorkload(std::string_view text);

}  // namespace cloudlab::policy::sidecar
